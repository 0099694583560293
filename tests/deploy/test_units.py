"""systemd takes the units of deploy/ without a word, and they keep to what the guide says."""

import shutil
import subprocess
from pathlib import Path

import pytest

from meigen_site.env import BASE_DIR

UNITS = sorted((BASE_DIR / "deploy" / "systemd").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_finds_nothing_to_say(tmp_path: Path) -> None:
    for unit in UNITS:
        (tmp_path / unit.name).write_text(unit.read_text().replace("/opt/studio", str(BASE_DIR)))
    command = ["systemd-analyze", "verify", "--man=no", *sorted(map(str, tmp_path.iterdir()))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_service_is_held_alike() -> None:
    for service in SERVICES:
        lines = service.read_text().splitlines()
        for line in ["User=studio", "NoNewPrivileges=yes", "ProtectSystem=strict", "SystemCallFilter=@system-service"]:
            assert line in lines, service
        assert any(line.startswith("MemoryMax=") for line in lines), service
