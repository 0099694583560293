"""Files at rest are readable by their owner alone, whatever the umask, and by the group of a proxy that sends them."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from pytest_django import Settings

from meigen_site import devserver, private

WRITES = """
import django
django.setup()
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
default_storage.save("results/ab/a.png", ContentFile(b"x"))
connection.cursor().execute("CREATE TABLE kept (id integer)")
print("written", flush=True)
input()  # with the database still open, so that all of its files are there
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def written(folder: Path, **environment: str) -> dict[str, int]:
    """The mode of everything that a studio with a fresh folder writes, while it runs."""
    started = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "meigen_site.settings",
        "DATABASE_URL": f"sqlite:///{folder}/var/studio.sqlite3",
        "MEDIA_ROOT": f"{folder}/var/media",
        **environment,
    }
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", WRITES], env=started, stdin=pipe, stdout=pipe, umask=0o022) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        modes = {str(path.relative_to(folder)): mode(path) for path in sorted(folder.rglob("*"))}
        process.communicate(b"\n")
    return modes


DATABASE = {f"var/studio.sqlite3{end}": 0o600 for end in ("", "-shm", "-wal")}


@pytest.mark.slow
def test_only_the_owner_reads_what_a_studio_writes(tmp_path: Path) -> None:
    assert written(tmp_path) == DATABASE | {
        "var": 0o700,
        "var/media": 0o700,
        "var/media/results": 0o700,
        "var/media/results/ab": 0o700,
        "var/media/results/ab/a.png": 0o600,
    }


@pytest.mark.slow
def test_the_group_of_a_proxy_reads_the_results_and_never_the_database(tmp_path: Path) -> None:
    assert written(tmp_path, MEDIA_ACCEL="/kept/") == DATABASE | {
        "var": 0o750,
        "var/media": 0o750,
        "var/media/results": 0o750,
        "var/media/results/ab": 0o750,
        "var/media/results/ab/a.png": 0o640,
    }


def test_a_database_that_an_older_release_left_open_is_closed(tmp_path: Path) -> None:
    files = [tmp_path / f"studio.sqlite3{end}" for end in ("", "-wal", "-shm")]
    for file in files:
        file.write_bytes(b"kept")
        file.chmod(0o644)
    private.keep_database(files[0], private.FOLDER)
    assert [mode(file) for file in files] == [0o600] * 3
    assert files[0].read_bytes() == b"kept"


@pytest.mark.parametrize(("proxy", "expected"), [(False, 0o700), (True, 0o750)])
def test_make_run_closes_its_folder(tmp_path: Path, proxy: bool, expected: int) -> None:
    folder = tmp_path / "var"
    folder.mkdir(mode=0o755)
    devserver._close_to_others(folder, proxy=proxy)
    assert mode(folder) == expected


def test_a_umask_takes_nothing_from_the_proxy(settings: Settings) -> None:
    options = {"file_permissions_mode": 0o640, "directory_permissions_mode": 0o750}
    storage = storages.create_storage({**settings.STORAGES["default"], "OPTIONS": options})
    before = os.umask(0o077)
    try:
        name = storage.save("results/cd/a.png", ContentFile(b"x"))
    finally:
        os.umask(before)
    path = Path(storage.path(name))
    assert (mode(path), mode(path.parent)) == (0o640, 0o750)
