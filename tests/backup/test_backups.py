"""What a directory of backups holds, and what is taken for a backup."""

import json
import shutil
import stat
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError
from pytest_django import Settings

from accounts.models import User
from generations.backup import making, place
from generations.models import Result
from meigen_api.secret import Secret
from tests.backup.elsewhere import empty_place, run
from tests.helpers import make_generation, make_result, make_token, picture

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def kept(folder: Path) -> set[str]:
    """The hashes of the files in the directory."""
    return {file.name[: place.HASH] for file in (folder / "media").rglob("*") if file.is_file()}


def backups(folder: Path) -> list[str]:
    return [backup.folder.name for backup in place.Place(folder).backups()]


def test_a_file_is_copied_once_and_goes_with_the_last_backup_that_has_it(user: User, folder: Path) -> None:
    old = make_result(make_generation(user, status="done"))
    assert "1 files, 1 of them new" in run("backup", folder)
    new = make_result(make_generation(user, status="done"), picture("PNG", (9, 9)))
    old.delete()
    assert "1 files, 1 of them new" in run("backup", folder, "--keep", 2)
    assert kept(folder) == {old.sha256, new.sha256}
    said = run("backup", folder, "--keep", 2)
    assert "1 files, 0 of them new. 1 old backups deleted." in said
    assert len(backups(folder)) == 2
    assert kept(folder) == {new.sha256}
    assert len(list((folder / "media").rglob("*.webp"))) == 2
    with pytest.raises(CommandError, match="at least 1"):
        run("backup", folder, "--keep", 0)


def test_only_the_owner_reads_it_and_no_key_is_in_it(user: User, folder: Path) -> None:
    make_token(user, "meigen_sk_very_secret")
    make_result(make_generation(user, status="done"))
    assert "does not hold TOKEN_KEYS (test)" in run("backup", folder)
    for path in [folder, *folder.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    text = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for secret in [configured.TOKEN_KEYS[0][1].reveal(), configured.SECRET_KEY, "very_secret"]:
        assert secret.encode() not in text


def test_what_was_cut_off_is_no_backup(user: User, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("backup", folder)
    shutil.move(folder / backups(folder)[0], folder / "2026-01-01.part")  # as a killed process leaves it
    with pytest.raises(CommandError, match="only a backup that was cut off"):
        run("restore", folder)
    monkeypatch.setattr(making, "_copy", lambda *_: 1 / 0)
    make_result(make_generation(user, status="done"))
    with pytest.raises(ZeroDivisionError):
        run("backup", folder)
    assert list(folder.iterdir()) == []
    with place.Place(folder).alone(), pytest.raises(CommandError, match="Another backup"):
        run("backup", folder)


def test_a_file_that_is_lost_or_damaged_does_not_keep_the_others_from_being_saved(user: User, folder: Path) -> None:
    for number in range(3):
        make_result(make_generation(user, status="done"), picture("PNG", (9, 9 + number)))
    lost, damaged, good = Result.objects.order_by("pk")
    default_storage.delete(lost.file.name or "")
    (Path(configured.MEDIA_ROOT) / (damaged.file.name or "")).write_bytes(b"something else")
    with pytest.raises(CommandError, match="complete but for 2 files"):
        run("backup", folder)
    assert good.sha256 in kept(folder)
    assert damaged.sha256 not in {file.name for file in (folder / "media").rglob("*")}
    assert len(backups(folder)) == 1


class TestRestore:
    def test_refuses_what_would_not_work(self, user: User, folder: Path, tmp_path: Path, settings: Settings) -> None:
        make_token(user)
        with pytest.raises(CommandError, match="has no backup"):
            run("restore", folder)
        run("backup", folder)
        with pytest.raises(CommandError, match="database is not empty"):
            run("restore", folder)
        about = folder / backups(folder)[0] / place.ABOUT
        true = json.loads(about.read_text())
        with empty_place(settings, tmp_path):
            for change, words in [
                ({"database": "oracle"}, "is of oracle"),
                ({"format": 99}, "newer release"),
                ({"migrations": ["generations.9999_later"]}, "newer release"),
                ({"sha256": "0" * 64}, "copy of the database is damaged"),
                ({"keys": ["old"]}, "missing old"),
                ({"marks": {"test": "another key of that name"}}, "missing test"),
            ]:
                about.write_text(json.dumps(true | change))
                with pytest.raises(CommandError, match=words):
                    run("restore", folder)
            about.write_text(json.dumps(true))
            settings.TOKEN_KEYS = [("new", Secret("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDA="))]
            default_storage.save("results/ab/left.png", ContentFile(b"left"))
            with pytest.raises(CommandError, match="media store is not empty"):
                run("restore", folder, "--without-keys")
            run("restore", folder, "--without-keys", "--keep-media")
            assert User.objects.get() == user

    def test_says_which_files_are_damaged_and_restores_all_others(
        self, user: User, folder: Path, tmp_path: Path, settings: Settings
    ) -> None:
        for number in range(2):
            make_result(make_generation(user, status="done"), picture("PNG", (9, 9 + number)))
        run("backup", folder)
        assert "is whole" in run("restore", folder, "--check")
        damaged, good = Result.objects.order_by("pk")
        (folder / "media" / place.place_of(damaged.sha256)).write_bytes(b"something else")
        with pytest.raises(CommandError, match="1 files of backup"):
            run("restore", folder, "--check")
        with empty_place(settings, tmp_path):
            with pytest.raises(CommandError, match="1 files are not restored"):
                run("restore", folder)
            assert not default_storage.exists(damaged.file.name or "")
            for file in [good.file, good.thumbnail, good.preview]:
                assert default_storage.exists(file.name or "")
            assert Result.objects.count() == 2
