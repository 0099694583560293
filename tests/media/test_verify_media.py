"""`manage.py verify_media`: rows and files are compared, and what can be mended is mended."""

import errno
import io
import os
import shutil
import uuid
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest
from django.conf import settings as configured
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone
from PIL import Image

from accounts.models import User
from generations.media import attachments, download, fetch, poster, verify
from generations.models import Generation, Reference, Result
from sandbox import pictures
from tests.helpers import make_generation, make_result, picture

pytestmark = pytest.mark.django_db


def run(*options: str) -> str:
    """What the command says; raises CommandError when something is wrong."""
    said = io.StringIO()
    try:
        call_command("verify_media", *options, stdout=said)
    except CommandError as error:
        raise CommandError(said.getvalue()) from error
    return said.getvalue()


def age(name: str, days: float = 2) -> None:
    moment = (timezone.now() - timedelta(days=days)).timestamp()
    os.utime(Path(configured.MEDIA_ROOT) / name, (moment, moment))


def left(name: str, days: float = 2) -> str:
    """A file that no row names."""
    default_storage.save(name, ContentFile(b"left over"))
    age(name, days)
    return name


@pytest.fixture
def result(user: User) -> Result:
    return make_result(make_generation(user, status="done", finished_at=timezone.now()), picture("PNG", (900, 600)))


@pytest.fixture
def reference(user: User) -> Reference:
    return attachments.add_file(user, "a.png", io.BytesIO(picture()), None)


def test_all_is_well(result: Result, reference: Reference) -> None:
    for file in [result.file, result.thumbnail, result.preview, reference.file]:
        age(file.name or "")
    assert run("--hashes") == "0 wrong, 0 mended.\n"


@pytest.mark.parametrize(
    ("content", "options", "wrong"),
    [
        (None, [], "is missing"),
        (b"short", [], "has 5 bytes"),
        ("flipped", ["--hashes"], "is not what was kept"),
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
    assert run("--hashes") == "0 wrong, 0 mended.\n"
    with default_storage.open(name) as file:
        assert file.read() == data


def test_without_hashes_files_are_not_read(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(default_storage, "open", None)
    assert run() == "0 wrong, 0 mended.\n"


def lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Meigen has the file no more."""

    def gone(*args: object, **kwargs: object) -> io.BytesIO:
        raise download.Refused("Meigen no longer has the file (404).")

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
    assert "no longer has" in result.problem


def test_a_damaged_file_is_out_of_sight_for_minutes_at_most(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*args: object, **kwargs: object) -> io.BytesIO:
        raise download.Failed("The file's server does not answer.")

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
    # Nothing is mended by asking again for what was refused.
    for _ in range(2):
        with pytest.raises(CommandError, match="fetched in vain: Meigen no longer has the file"):
            run("--repair")
        lost(monkeypatch)


def test_what_was_given_up_is_told_and_fetched_once_more_when_asked_for(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation = make_generation(user, status="done")
    Result.objects.create(generation=generation, number=0, source_url="https://images.meigen.ai/a.png")
    lost(monkeypatch)
    assert Result.objects.get().gone_at
    assert "Given up earlier, since they could not be fetched: 1." in run()
    assert "Given up earlier, since they could not be fetched: 1." in run("--repair")  # which may run every night
    assert "Given up earlier and fetched once more now: 1." in run("--given-up")
    monkeypatch.setattr(fetch, "download", lambda *args, **kwargs: io.BytesIO(picture()))
    fetch.run()
    assert run() == "0 wrong, 0 mended.\n"


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

    @pytest.mark.parametrize("what", ["size", "exists", "open"])
    def test_is_no_reason_to_fetch_it_again(
        self, result: Result, other: Result, monkeypatch: pytest.MonkeyPatch, what: str
    ) -> None:
        self.fails(monkeypatch, what, result.pk.hex)
        if what == "open":
            Result.objects.filter(pk=result.pk).update(thumbnail="")
        with pytest.raises(CommandError) as failed:
            run("--repair")
        assert f"{result.file.name} could not be read or written (Input/output error)" in str(failed.value)
        assert f"{other.file.name} is missing; is fetched again" in str(failed.value)
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
        with pytest.raises(CommandError, match=r"could not be read \(Input/output error\), so this has ended early"):
            call_command("verify_media", stdout=io.StringIO())


@pytest.mark.parametrize("kind", ["thumbnail", "preview"])
@pytest.mark.parametrize("is_named", [True, False])
def test_lost_small_pictures_are_made_anew(result: Result, kind: str, *, is_named: bool) -> None:
    default_storage.delete(getattr(result, kind).name)
    if not is_named:
        Result.objects.update(**{kind: ""})
    version = Generation.objects.get().version
    with pytest.raises(CommandError, match="has no small pictures"):
        run()
    assert "made anew" in run("--repair")
    assert run() == "0 wrong, 0 mended.\n"
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
    assert run() == "0 wrong, 0 mended.\n"
    assert "made anew" in run("--repair")
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
    assert all(f"{name} belongs to nothing" in str(error.value) for name in old)
    assert "5 wrong" in str(error.value)
    assert run("--repair").endswith("0 wrong, 5 mended.\n")
    assert not any(map(default_storage.exists, old))
    assert all(map(default_storage.exists, [*young, *strange, result.file.name or "", reference.file.name or ""]))


def test_what_is_being_fetched_again_is_not_left_over(result: Result) -> None:
    Path(result.file.path).write_bytes(b"damaged")
    age(result.file.name or "")
    Result.objects.update(kept_at=None)
    assert run("--repair") == "0 wrong, 0 mended.\n"


class TestAStoreThatIsNotThere:
    """A disk that is not mounted, or an address that is wrong."""

    def away(self) -> Path:
        root = Path(configured.MEDIA_ROOT)
        root.rename(root.with_name("away"))
        root.mkdir()
        return root

    def back(self, root: Path) -> None:
        shutil.rmtree(root)
        root.with_name("away").rename(root)

    def test_is_not_repaired(self, user: User) -> None:
        for _ in range(verify.ENOUGH):
            make_result(make_generation(user, status="done"))
        root = self.away()
        with pytest.raises(CommandError):
            run("--repair")
        assert not Result.objects.filter(kept_at=None).exists()
        self.back(root)
        assert "0 wrong" in run()

    def test_may_come_back_after_all_was_given_up(self, result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
        root = self.away()
        run("--repair")
        Result.objects.update(source_url="http://127.0.0.1:9/gone", tries=fetch.MAX_FAILURES)
        fetch.run()
        result.refresh_from_db()
        assert result.gone_at
        self.back(root)
        assert "there again; kept" in run("--repair")
        result.refresh_from_db()
        assert result.kept_at
        assert not result.gone_at


class TestADatabaseThatIsNotTheRightOne:
    """A new one, another studio's, or an older backup, beside the right files."""

    def kept(self, user: User, count: int, *, days: float) -> list[str]:
        """The names of the files of as many results, made so long ago."""
        moment = timezone.now() - timedelta(days=days)
        names = []
        for _ in range(count):
            row = make_result(make_generation(user, status="done", created_at=moment), kept_at=moment)
            names += [file.name or "" for file in (row.file, row.thumbnail, row.preview)]
        for name in names:
            age(name, days - 0.01)
        return names

    def forget(self, names: list[str]) -> None:
        Generation.objects.filter(results__file__in=names).delete()

    def all_there(self, names: list[str]) -> bool:
        return all(map(default_storage.exists, names))

    @pytest.mark.parametrize("still_known", [0, 1, 9])
    def test_is_not_repaired_when_it_knows_few_of_the_files(self, user: User, still_known: int) -> None:
        self.kept(user, still_known, days=2)
        lost = self.kept(user, 10, days=40)
        reference = attachments.add_file(user, "a.png", io.BytesIO(picture()), None)
        age(reference.file.name or "")
        self.forget(lost)
        reference.delete()
        # Nothing at all is touched, also not what could be mended.
        Result.objects.update(thumbnail="")
        with pytest.raises(CommandError, match=r"^$"):
            run("--repair")
        assert self.all_there([*lost, reference.file.name or ""])
        assert not Result.objects.exclude(thumbnail="").exists()

    def test_the_command_asks_whether_it_is_the_right_one(self, user: User) -> None:
        self.forget(self.kept(user, 10, days=40))
        with pytest.raises(CommandError, match=r"Is DATABASE_URL the right one.*--delete-unknown"):
            call_command("verify_media", "--repair")

    @pytest.mark.parametrize("count", [1, 3])
    def test_what_is_newer_than_all_that_it_knows_stays(self, user: User, count: int) -> None:
        """However little that is; results that were fetched since do not make the database newer."""
        self.kept(user, 10, days=40)
        newer = self.kept(user, count, days=30)
        reference = attachments.add_file(user, "a.png", io.BytesIO(picture()), None)
        age(reference.file.name or "", 29)
        self.forget(newer)
        reference.delete()
        older = left(f"results/ab/{'ab' * 16}.png", days=50)
        Result.objects.update(kept_at=timezone.now())
        with pytest.raises(CommandError, match="newer than all that the database knows"):
            run("--repair")
        assert self.all_there([*newer, reference.file.name or ""])
        assert not default_storage.exists(older)

    def test_a_few_files_beside_an_empty_one_stay_too(self, user: User) -> None:
        names = self.kept(user, 1, days=40)
        self.forget(names)
        with pytest.raises(CommandError, match="newer than all that the database knows"):
            run("--repair")
        assert self.all_there(names)

    @pytest.mark.parametrize("still_known", [0, 1, 9])
    def test_is_believed_when_it_is_said_so(self, user: User, still_known: int) -> None:
        kept = self.kept(user, still_known, days=40)
        unknown = self.kept(user, 3, days=30)
        self.forget(unknown)
        assert run("--repair", "--delete-unknown").endswith("0 wrong, 9 mended.\n")
        assert not any(map(default_storage.exists, unknown))
        assert self.all_there(kept)


def test_a_file_that_is_just_being_kept_is_nobodys_orphan(result: Result) -> None:
    """Though a try that was killed days ago has left one of the same name."""
    age(result.file.name or "")
    Result.objects.update(kept_at=None, file="", thumbnail="", preview="")
    assert "belongs to nothing" not in run("--repair")


def test_a_file_that_goes_meanwhile_is_missing_and_no_crash(result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*args: object) -> NoReturn:
        raise FileNotFoundError

    monkeypatch.setattr(verify, "pieces", gone)
    with pytest.raises(CommandError, match="is missing"):
        run("--hashes")
