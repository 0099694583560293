"""`manage.py verify_media`: rows and files are compared, and what can be repaired is repaired."""

import errno
import io
import uuid
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone
from PIL import Image

from accounts.models import User
from generations.media import download, fetch, poster, verify
from generations.models import Generation, Reference, Result
from generations.models.sentences import Sentence
from sandbox import pictures
from tests.cases import each
from tests.helpers import make_generation, make_result, picture
from tests.media.verifying import age, left, run

pytestmark = pytest.mark.django_db


def test_all_is_well(result: Result, reference: Reference) -> None:
    for file in [result.file, result.thumbnail, result.preview, reference.file]:
        age(file.name or "")
    assert run("--hashes") == "0 wrong, 0 repaired.\n"


@each(
    ("content", "options", "wrong"),
    [
        (None, [], "is missing"),
        (b"short", [], "has 5 bytes"),
        ("flipped", ["--hashes"], "has different content"),
    ],
)
def test_a_damaged_file_is_found_and_fetched_again(
    result: Result, monkeypatch: pytest.MonkeyPatch, content: bytes | str | None, options: list[str], wrong: str
) -> None:
    name, data = result.file.name or "", picture("PNG", (900, 600))
    default_storage.delete(name)
    if content is not None:
        flipped = data[:-30] + bytes(30)
        default_storage.save(name, ContentFile(flipped if isinstance(content, str) else content))
    with pytest.raises(CommandError, match=f"{name} {wrong}"):
        run(*options)
    assert f"{name} {wrong}" in run("--repair", *options)
    monkeypatch.setattr(fetch, "download", lambda *args, **kwargs: io.BytesIO(data))
    fetch.run()
    assert run("--hashes") == "0 wrong, 0 repaired.\n"
    with default_storage.open(name) as file:
        assert file.read() == data


def test_without_hashes_files_are_not_read(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(default_storage, "open", None)
    assert run() == "0 wrong, 0 repaired.\n"


def lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Meigen has the file no more."""

    def gone(*args: object, **kwargs: object) -> io.BytesIO:
        raise download.Refused(Sentence.FILE_GONE, status=404)

    monkeypatch.setattr(fetch, "download", gone)
    for _ in range(fetch.MAX_REFUSALS):
        Result.objects.update(not_before=None)
        fetch.run()


def test_a_missing_file_that_meigen_has_no_more_is_given_up_in_words(
    result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    default_storage.delete(result.file.name or "")
    run("--repair")
    lost(monkeypatch)
    result.refresh_from_db()
    assert result.gone_at is not None
    assert result.problem == Sentence.FILE_GONE.stored(status=404)


def test_a_damaged_file_is_out_of_sight_for_minutes_at_most(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*args: object, **kwargs: object) -> io.BytesIO:
        raise download.Failed(Sentence.FILE_TOO_SLOW)

    default_storage.save(result.file.name or "", ContentFile(b"short"))
    run("--repair", "--given-up")
    monkeypatch.setattr(fetch, "download", silent)
    waited = timedelta()
    while not Result.objects.get().kept_at:
        waited += (Result.objects.get().not_before or timezone.now()) - timezone.now()
        Result.objects.update(not_before=None)
        fetch.run()
    assert waited < timedelta(minutes=6)


def test_a_damaged_file_that_meigen_has_no_more_stays(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    default_storage.save(result.file.name or "", ContentFile(b"short"))
    run("--repair")
    lost(monkeypatch)
    result.refresh_from_db()
    assert (result.kept_at is not None, result.gone_at) == (True, None)
    with pytest.raises(CommandError, match="has 5 bytes"):
        run()
    # Nothing is repaired by asking again for what was refused.
    for _ in range(2):
        with pytest.raises(CommandError, match="could not be fetched again: Meigen no longer has the file"):
            run("--repair")
        lost(monkeypatch)


def test_what_was_given_up_is_told_and_fetched_once_more_when_asked_for(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = make_generation(user, status="done")
    Result.objects.create(generation=generation, number=0, source_url="https://images.meigen.ai/a.png")
    lost(monkeypatch)
    assert Result.objects.get().gone_at
    assert "Given up earlier because they could not be fetched: 1." in run()
    assert "Given up earlier because they could not be fetched: 1." in run("--repair")  # which may run every night
    assert "Given up earlier and being fetched again now: 1." in run("--given-up")
    monkeypatch.setattr(fetch, "download", lambda *args, **kwargs: io.BytesIO(picture()))
    fetch.run()
    assert run() == "0 wrong, 0 repaired.\n"


class TestOneFileThatCannotBeReadOrWritten:
    """The others are looked at all the same."""

    @pytest.fixture
    def other(self, user: User) -> Result:
        other = make_result(make_generation(user, status="done"))
        default_storage.delete(other.file.name or "")
        return other

    def fails(self, monkeypatch: pytest.MonkeyPatch, what: str, stem: str) -> None:
        works = getattr(default_storage, what)

        def broken(name: str, *args: object) -> object:
            if stem in name:
                raise OSError(errno.EIO, "Input/output error")
            return works(name, *args)

        monkeypatch.setattr(default_storage, what, broken)

    @each("what", ["size", "exists", "open"])
    def test_is_no_reason_to_fetch_it_again(
        self, result: Result, other: Result, monkeypatch: pytest.MonkeyPatch, what: str
    ) -> None:
        self.fails(monkeypatch, what, result.pk.hex)
        if what == "open":
            Result.objects.filter(pk=result.pk).update(thumbnail="")
        with pytest.raises(CommandError) as failed:
            run("--repair")
        assert f"{result.file.name} could not be read or written (Input/output error)" in str(failed.value)
        assert f"{other.file.name} is missing; will be fetched again" in str(failed.value)
        result.refresh_from_db()
        assert result.kept_at

    def test_stays_when_it_belongs_to_nothing(self, monkeypatch: pytest.MonkeyPatch, user: User) -> None:
        make_generation(user)
        names = []
        for _ in range(2):
            stem = uuid.uuid4().hex
            names.append(left(f"results/{stem[:2]}/{stem}.png"))
        self.fails(monkeypatch, "delete", names[0])
        with pytest.raises(CommandError, match="could not be read or written"):
            run("--repair")
        assert [default_storage.exists(name) for name in names] == [True, False]

    def test_in_a_list_of_files_that_cannot_be_read_ends_it_in_words(
        self, result: Result, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.fails(monkeypatch, "listdir", "results")
        with pytest.raises(CommandError, match=r"could not be read \(Input/output error\), so the check stopped early"):
            call_command("verify_media", stdout=io.StringIO())


@each("kind", ["thumbnail", "preview"])
@each("is_named", [True, False])
def test_lost_small_pictures_are_made_anew(result: Result, kind: str, *, is_named: bool) -> None:
    default_storage.delete(getattr(result, kind).name)
    if not is_named:
        Result.objects.update(**{kind: ""})
    version = Generation.objects.get().version
    with pytest.raises(CommandError, match="has no small pictures"):
        run()
    assert "regenerated" in run("--repair")
    assert run() == "0 wrong, 0 repaired.\n"
    result.refresh_from_db()
    with default_storage.open(getattr(result, kind).name) as file, Image.open(file) as small:
        assert small.size == ((640, 427) if kind == "thumbnail" else (900, 600))
    assert Generation.objects.get().version > version


def test_a_picture_that_cannot_be_opened_stays_wrong(user: User) -> None:
    make_result(make_generation(user, status="done"), b"no picture", preview="")
    with pytest.raises(CommandError, match=r"has no small pictures\n1 wrong"):
        run("--repair")


@pytest.mark.skipif(not poster.can_be_made(), reason="ffmpeg is not installed")
def test_a_video_without_a_poster_is_not_wrong_but_gets_one(user: User) -> None:
    result = make_result(make_generation(user, status="done"), pictures.clip("16:9"), width=None, height=None)
    for name in [result.thumbnail.name, result.preview.name]:
        default_storage.delete(name or "")
    Result.objects.update(content_type="video/mp4", thumbnail="", preview="")
    assert run() == "0 wrong, 0 repaired.\n"
    assert "regenerated" in run("--repair")
    result.refresh_from_db()
    assert (result.width, result.height) == (640, 360)


def test_a_missing_reference_is_reported(reference: Reference) -> None:
    default_storage.delete(reference.file.name or "")
    for options in [[], ["--repair"]]:
        with pytest.raises(CommandError, match=f"{reference.file.name} is missing"):
            run(*options)


def test_what_is_left_over_is_deleted_when_it_is_old(result: Result, reference: Reference) -> None:
    stem = "ab" * 16
    old = [
        left(f"results/ab/{stem}.png"),
        left(f"results/ab/{stem}.thumb.webp"),
        left(f"results/ab/.{stem}.png.part"),
        left(f"references/ab/{stem}.jpg"),
        left(f"results/{result.pk.hex[:2]}/{result.pk.hex}.webp"),
    ]
    young = [left(f"results/cd/{'cd' * 16}.png", days=0.9), left(f"results/cd/.{'cd' * 16}.png.part", days=0)]
    strange = [left("results/ab/holiday.png"), left("elsewhere/ab/" + stem)]
    with pytest.raises(CommandError) as error:
        run()
    assert all(f"{name} is not in the database" in str(error.value) for name in old)
    assert "5 wrong" in str(error.value)
    assert run("--repair").endswith("0 wrong, 5 repaired.\n")
    assert not any(map(default_storage.exists, old))
    assert all(map(default_storage.exists, [*young, *strange, result.file.name or "", reference.file.name or ""]))


def test_what_is_being_fetched_again_is_not_left_over(result: Result) -> None:
    Path(result.file.path).write_bytes(b"damaged")
    age(result.file.name or "")
    Result.objects.update(kept_at=None)
    assert run("--repair") == "0 wrong, 0 repaired.\n"


def test_a_file_that_is_just_being_kept_is_nobodys_orphan(result: Result) -> None:
    """Though a try that was killed days ago has left one of the same name."""
    age(result.file.name or "")
    Result.objects.update(kept_at=None, file="", thumbnail="", preview="")
    assert "is not in the database" not in run("--repair")


def test_a_file_that_goes_meanwhile_is_missing_and_no_crash(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*args: object) -> NoReturn:
        raise FileNotFoundError

    monkeypatch.setattr(verify, "pieces", gone)
    with pytest.raises(CommandError, match="is missing"):
        run("--hashes")
