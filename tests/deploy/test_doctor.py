"""`manage.py doctor` names what is wrong with an installation, and what to do."""

import shutil
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from io import StringIO
from pathlib import Path

import httpx
import pytest
from cryptography.fernet import Fernet
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from generations import doctor
from generations.dispatch import wake
from generations.doctor import files, outside, rows
from generations.doctor.finding import Finding
from generations.models import Lease
from meigen_api.secret import Secret
from meigen_site import mail
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import make_generation, make_result, make_token

Usage = namedtuple("Usage", ["total", "used", "free"])


@pytest.fixture(autouse=True)
def _a_well_studio(db: None, sandbox: FastSandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(files, "BASE_DIR", tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(100 * 10**9, 50 * 10**9, 50 * 10**9))
    monkeypatch.setattr(rows, "CLOCK_NOTE", 3600.0)  # whatever this machine does meanwhile
    wake.beat()
    wake.beat_of_host()


def said(subject: str) -> Finding:
    (finding,) = [finding for about, finding in doctor.findings() if about == subject]
    return finding


def test_of_a_well_studio_it_finds_nothing_wrong(user: User) -> None:
    make_token(user)
    report = StringIO()
    call_command("doctor", stdout=report)
    assert "wrong" not in report.getvalue()
    assert "1 tokens can be decrypted" in report.getvalue()
    assert default_storage.listdir("")[1] == []  # what it wrote is gone


def test_something_wrong_is_told_with_what_to_do_and_ends_with_1(user: User, settings: Settings) -> None:
    make_token(user)
    settings.TOKEN_KEYS = [("new", Secret(Fernet.generate_key().decode()))]
    report = StringIO()
    with pytest.raises(CommandError, match="2 things are wrong"):  # the system check of the keys says it, too
        call_command("doctor", stdout=report)
    assert "wrong keys       1 tokens cannot be decrypted" in report.getvalue()
    assert "-> Put the old key back" in report.getvalue()


def test_a_check_that_cannot_be_made_is_wrong_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> Iterator[Finding]:
        raise DatabaseError("gone fishing")

    monkeypatch.setitem(doctor.CHECKS, "database", away)
    assert said("database").words == "It could not be checked: gone fishing"
    assert {about for about, _ in doctor.findings()} == {*doctor.CHECKS}


def test_a_pending_migration_is_named() -> None:
    MigrationRecorder.Migration.objects.filter(app="generations", name="0001_initial").delete()
    assert said("migrations").verdict == "wrong"
    assert "generations.0001_initial" in said("migrations").words


def test_a_host_that_was_lost_is_a_note_and_no_worker_at_all_is_wrong() -> None:
    late = timezone.now() - timedelta(minutes=5)
    Lease.objects.create(name="worker@other", owner="other|boot|1|2", expires_at=late)
    lost, alive = sorted(rows.workers())
    assert (lost.verdict, alive.verdict) == ("note", "ok")
    assert lost.words.startswith("other is silent since")
    Lease.objects.update(expires_at=late)
    assert [finding.verdict for finding in rows.workers()] == ["note", "note", "wrong"]
    Lease.objects.update(expires_at=late - wake.REMEMBERED)
    wake.forget_hosts()
    assert [finding.words for finding in rows.workers()] == ["No worker does anything."]


def test_workers_that_were_stopped_in_good_order_are_not_taken_for_alive() -> None:
    Lease.objects.filter(name__startswith=wake.HOST).delete()
    assert said("workers").words == "No worker has said yet that it is alive."
    late = timezone.now() - timedelta(minutes=5)
    Lease.objects.create(name="worker@other", owner="other|boot|1|2", expires_at=late)
    assert [finding.verdict for finding in rows.workers()] == ["note", "note"]
    wake.beat_of_host()
    assert sorted(finding.verdict for finding in rows.workers()) == ["note", "ok"]


def test_a_clock_that_is_ahead_is_wrong() -> None:
    ahead = timezone.now() + timedelta(seconds=wake.HEARTBEAT_SECONDS + 90)
    Lease.objects.filter(name__startswith=wake.HOST).update(expires_at=ahead)
    assert "is ahead" in said("workers").words


def test_a_store_that_cannot_be_written_or_is_another_is_wrong(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        default_storage.delete(make_result(make_generation(user, status="done")).file.name or "")
    assert said("media").words.startswith("None of the latest results is in MEDIA_ROOT")

    def full(*_: object) -> str:
        raise OSError("No space left on device")

    monkeypatch.setattr(default_storage, "save", full)
    assert said("media").words.endswith("No space left on device")


@each(("free", "verdict"), [(0, "wrong"), (5 * 10**9, "note"), (50 * 10**9, "ok")])
def test_little_room_is_told(monkeypatch: pytest.MonkeyPatch, free: int, verdict: str) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(100 * 10**9, 0, free))
    assert {finding.verdict for finding in files.space()} == {verdict}


def test_keys_that_others_may_read_are_wrong(tmp_path: Path) -> None:
    (tmp_path / ".env").touch(0o644)
    assert said("secrets").to_do == f"chmod 600 {tmp_path / '.env'}"
    (tmp_path / ".env").chmod(0o600)
    assert said("secrets").verdict == "ok"


def test_meigen_away_is_wrong(settings: Settings) -> None:
    settings.MEIGEN_BASE_URL = "http://127.0.0.1:9"
    assert said("Meigen").verdict == "wrong"


ADDRESS = "https://studio.example.org/accounts/login/"


@each(
    ("answer", "verdict", "words"),
    [
        (httpx.Response(200, headers={"Strict-Transport-Security": "max-age=1"}), "ok", "through the proxy"),
        (httpx.Response(200), "wrong", "do not ask for https"),
        (httpx.Response(301, headers={"Location": ADDRESS}), "wrong", "leads to itself"),
        (httpx.Response(502), "wrong", "answers 502"),
        (httpx.ConnectError("no route"), "note", "no route"),
    ],
)
def test_the_proxy_is_asked_as_by_a_visitor(
    monkeypatch: pytest.MonkeyPatch, answer: httpx.Response | Exception, verdict: str, words: str, settings: Settings
) -> None:
    def get(address: str, **_: object) -> httpx.Response:
        assert address == ADDRESS
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(httpx, "get", get)
    settings.ENV = replace(settings.ENV, allowed_hosts=["localhost", "studio.example.org"])
    (found,) = outside.proxy()
    assert (found.verdict, words in found.words) == (verdict, True)


def test_a_mail_server_that_refuses_is_wrong(settings: Settings) -> None:
    for name, value in mail.parsed("smtp://127.0.0.1:9", "studio@example.org").settings.items():
        setattr(settings, name, value)
    settings.HAS_MAIL = True
    assert said("mail").verdict == "wrong"
