"""Copying and restoring the database itself, on whichever it is."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from generations.backup import database
from generations.models import Pause
from tests.backup.elsewhere import empty_place, run

pytestmark = pytest.mark.django_db(transaction=True)


def test_half_a_copy_leaves_the_place_empty(user: User, tmp_path: Path, settings: Settings) -> None:
    copy, half = tmp_path / "copy", tmp_path / "half"
    with database.copied(copy):
        pass
    half.write_bytes(copy.read_bytes()[: copy.stat().st_size * 3 // 4])
    with empty_place(settings, tmp_path):
        with pytest.raises(database.CannotCopy):
            database.restore(half, timezone.now())
        assert database.is_empty()
        database.restore(copy, timezone.now())
        assert User.objects.get() == user


def test_a_studio_that_is_still_paused_stays_so_for_what_it_was_restored_from(
    user: User, tmp_path: Path, settings: Settings
) -> None:
    first = timezone.now() - timedelta(days=3)
    Pause.objects.create(backup_at=first)
    run("backup", tmp_path / "backups")
    with empty_place(settings, tmp_path):
        run("restore", tmp_path / "backups")
        assert Pause.objects.get().backup_at == first


def test_a_missing_program_is_named(user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite needs no program")
    monkeypatch.setattr("generations.backup.database.shutil.which", lambda name, path: None)
    with pytest.raises(
        CommandError, match=r"pg_dump of PostgreSQL \d+ is needed.*apt-get install postgresql-client-\d+"
    ):
        run("backup", tmp_path / "backups")
    assert list((tmp_path / "backups").iterdir()) == []
