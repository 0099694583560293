"""Alerts, dashboard and guide name metrics that there are, and everything that there is."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from generations.dispatch import wake
from generations.models import Lease
from meigen_api.secret import Secret
from meigen_site.env import BASE_DIR
from tests.watching import METRICS_TOKEN, metrics

pytestmark = pytest.mark.django_db

RULES = BASE_DIR / "deploy/prometheus/studio.rules.yml"
BOARD = BASE_DIR / "deploy/grafana/studio.json"
GUIDE = (BASE_DIR / "docs/monitoring.md").read_text()
PROMTOOL = shutil.which("promtool")


@pytest.fixture
def there(settings: Settings) -> set[str]:
    """The names of all metrics, in a studio with a worker that has swept."""
    settings.METRICS_TOKEN = Secret(METRICS_TOKEN)
    wake.beat_of_host()
    Lease.objects.create(name=wake.lease_of(0), expires_at=timezone.now())
    return {name.partition("[")[0] for name in metrics()}


def expressions() -> list[str]:
    """What the dashboard asks."""
    return [target["expr"] for panel in json.loads(BOARD.read_text())["panels"] for target in panel["targets"]]


def test_every_metric_that_is_named_is_there_and_every_one_is_explained(there: set[str]) -> None:
    for text in [RULES.read_text(), " ".join(expressions()), GUIDE]:
        assert set(re.findall(r"\bstudio_[a-z_]+", text)) - there == set()
    assert there - set(re.findall(r"`(studio_[a-z_]+)`", GUIDE)) == set()
    assert there - set(re.findall(r"\bstudio_[a-z_]+", " ".join(expressions()))) == {"studio_disk_total_bytes"}


def test_every_alert_says_what_to_do() -> None:
    alerts = re.findall(r"- alert: (\w+)", RULES.read_text())
    assert alerts == re.findall(r"(?m)^\| `(Studio\w+)` \|", GUIDE)


@pytest.mark.skipif(not PROMTOOL, reason="promtool is not installed")
def test_prometheus_understands_every_expression(tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": each} for number, each in enumerate(expressions())]
    (tmp_path / "board.yml").write_text(json.dumps({"groups": [{"name": "board", "rules": rules}]}))
    command = [str(PROMTOOL), "check", "rules", str(RULES), str(tmp_path / "board.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
