"""`manage.py verify_media --rebuild`: a media store that was lost or is older than the database is filled again."""

import io
import shutil
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError

from accounts.models import User
from generations.media import attachments, download, fetch, verify
from generations.models import Result
from generations.models.sentences import Sentence
from tests.backup.elsewhere import run as command
from tests.helpers import make_generation, make_result, picture
from tests.media.verifying import age, run

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_lost_store_is_filled_from_the_backup_and_from_meigen(
    user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backed_up = [
        make_result(make_generation(user, status="done"), picture("PNG", (9, 9 + n))) for n in range(verify.ENOUGH)
    ]
    reference = attachments.add_file(user, "a.png", io.BytesIO(picture()), None)
    given_up = backed_up[0]
    command("backup", tmp_path / "backups")
    at_meigen, gone = (make_result(make_generation(user, status="done"), source_url=f"https://{n}") for n in "ab")
    Result.objects.filter(pk=given_up.pk).update(kept_at=None, gone_at=given_up.kept_at)
    shutil.rmtree(configured.MEDIA_ROOT)

    def fetched(url: str, **options: object) -> io.BytesIO:
        if url == gone.source_url:
            raise download.Refused(Sentence.FILE_GONE, status=404)
        return io.BytesIO(picture())

    monkeypatch.setattr(fetch, "download", fetched)
    with pytest.raises(CommandError) as lost:
        run("--rebuild", "--from", str(tmp_path / "backups"))
    said = str(lost.value)
    assert said.count("restored from the backup") == len(backed_up) + 1
    assert f"{at_meigen.file.name} is missing; fetched again" in said
    assert f"{gone.file.name} is missing, and could not be fetched again: Meigen no longer has the file" in said
    assert "1 wrong, 7 repaired" in said
    for row in [*backed_up, at_meigen]:
        row.refresh_from_db()
        assert row.kept_at
        assert not row.gone_at
        assert default_storage.exists(row.preview.name or "")
    gone.refresh_from_db()
    assert not gone.kept_at
    with default_storage.open(reference.file.name or "") as file:
        assert file.read()
    gone.delete()
    assert run("--hashes") == "0 wrong, 0 repaired.\n"


def test_nothing_that_the_database_does_not_know_is_deleted(user: User) -> None:
    default_storage.save(name := f"results/ab/{'ab' * 16}.png", ContentFile(b"from somewhere"))
    age(name)
    make_result(make_generation(user, status="done"))
    assert run("--rebuild") == "0 wrong, 0 repaired.\n"
    assert default_storage.exists(name)
    with pytest.raises(CommandError, match="needs --rebuild"):
        command("verify_media", "--from", "/nowhere")
