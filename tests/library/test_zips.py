"""Many files at once: one zip, streamed, whole whatever one file does."""

import io
import json
import os
import zipfile
from collections.abc import Iterator

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from accounts.models import User
from generations.library import curation
from generations.media import zips
from generations.models import Generation
from tests.helpers import make_generation, make_result, make_user, picture
from tests.library.deeds import do, unzipped

pytestmark = pytest.mark.django_db


def test_a_zip_holds_the_files_as_they_are_and_what_was_asked_for(
    browser: Client, user: User, done: Generation
) -> None:
    make_result(done, data=picture("JPEG"), number=1)
    response = do(browser, "download", done, make_generation(user, status="running"))
    assert response["Content-Type"] == "application/zip"
    archive = unzipped(response)
    assert archive.testzip() is None
    assert archive.namelist() == ["001-a-canary-fox.png", "002-a-canary-fox.png", "metadata.json"]
    assert archive.read("001-a-canary-fox.png") == picture()
    told = json.loads(archive.read("metadata.json"))
    assert told[0]["prompt"] == "a CANARY fox"
    assert told[0]["credits"] == 2
    assert "idempotencyKey" not in archive.read("metadata.json").decode()


def test_a_zip_holds_only_what_the_person_may_see(colleague: Client, done: Generation) -> None:
    shown = make_generation(make_user(), status="done", prompt="for all", team_at=done.created_at)
    make_result(shown)
    assert unzipped(do(colleague, "download", done, shown)).namelist() == ["001-for-all.png", "metadata.json"]


def test_what_is_taken_back_while_a_zip_is_sent_is_not_in_it(colleague: Client) -> None:
    maker = make_user()
    rows = [make_generation(maker, status="done", team_at=timezone.now()) for _ in range(2)]
    for row in rows:
        make_result(row, picture() + os.urandom(zips.CHUNK * 2))
    pieces = iter(do(colleague, "download", *rows).streaming_content)
    first = next(pieces)
    curation.show_to_team(maker, [row.pk for row in rows], shown=False)
    names = zipfile.ZipFile(io.BytesIO(first + b"".join(pieces))).namelist()
    assert [name[:3] for name in names] == ["001", "met"]


def test_a_file_that_is_missing_leaves_the_rest_of_the_zip_whole(browser: Client, user: User, done: Generation) -> None:
    lost = make_generation(user, status="done", prompt="lost")
    make_result(lost, file="results/nowhere.png")
    archive = unzipped(do(browser, "download", done, lost))
    assert archive.testzip() is None
    assert len(archive.namelist()) == 2
    assert "missing" in archive.read("metadata.json").decode()


def test_a_file_that_breaks_off_leaves_the_rest_of_the_zip_whole(
    browser: Client, user: User, done: Generation, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = make_generation(user, status="done", prompt="broken")
    result = make_result(broken)

    class Broken(ContentFile):  # type: ignore[type-arg]
        def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
            yield b"half"
            raise OSError(5, "Input/output error")

    opened = default_storage.open
    monkeypatch.setattr(default_storage, "open", lambda name: Broken(b"") if name == result.file.name else opened(name))
    archive = unzipped(do(browser, "download", done, broken))
    assert archive.testzip() is None
    names = archive.namelist()
    assert len(names) == 3
    assert sum(len(archive.read(name)) == 4 for name in names) == 1
    assert archive.read("metadata.json").decode().count("is incomplete") == 1
