"""Pictures are decoded before they are kept; what is not a whole picture is refused in words."""

import contextlib
import io
import struct
import zlib
from collections.abc import Callable
from typing import IO

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from django.utils.html import escape
from PIL import Image, ImageChops, ImageOps

from accounts.models import User
from generations.media import decode, decoder, download, fetch, video
from generations.models import Lease, Result
from generations.models.sentences import Sentence, translated
from sandbox import pictures
from tests.cases import each
from tests.helpers import bomb, picture, solid
from tests.media.fetching import fetched, no_files_left, pending, refused, size_of

pytestmark = pytest.mark.django_db


def test_two_small_pictures_are_kept_beside_a_large_one(files: Callable[..., str], user: User) -> None:
    result = fetched(pending(user, files(picture("JPEG", (3000, 2000)))))
    assert (result.width, result.height) == (3000, 2000)
    assert size_of(result.thumbnail) == ("WEBP", (640, 427))
    assert size_of(result.preview) == ("WEBP", (1280, 853))


@each(
    ("mode", "options"),
    [
        ("RGBA", {}),
        ("P", {}),
        ("1", {}),
        ("I;16", {}),
        ("LA", {}),
        ("P", {"transparency": 0}),
        ("RGB", {"transparency": (0, 0, 0)}),
    ],
)
def test_a_png_of_any_kind_gets_small_pictures(
    files: Callable[..., str], user: User, mode: str, options: dict[str, object]
) -> None:
    buffer = io.BytesIO()
    Image.new(mode, (900, 300)).save(buffer, "PNG", **options)
    result = fetched(pending(user, files(buffer.getvalue())))
    assert size_of(result.thumbnail) == ("WEBP", (640, 213))
    with default_storage.open(result.thumbnail.name or "") as stream, Image.open(stream) as small:
        assert small.has_transparency_data == (mode in {"RGBA", "LA"} or bool(options))


def webm(data: bytes, length: int | None) -> bytes:
    """A WebM in outline; without a length it is one that was written while it was filmed."""
    said = b"\x01" + (b"\xff" * 7 if length is None else length.to_bytes(7))
    return b"\x1a\x45\xdf\xa3\x82ab" + b"\x18\x53\x80\x67" + said + data


@each(
    ("body", "is_whole"),
    [
        (webm(b"x" * 50, 50), True),
        (webm(b"x" * 50, None), True),
        (webm(b"x" * 49, 50), False),
        (webm(b"", 50)[:9], False),
        (pictures.clip("16:9"), True),
        (pictures.clip("16:9") + b"\0\0\0\0\0\0\0\0tail", True),
        (pictures.clip("16:9")[:-1], False),
        (pictures.clip("16:9")[:700], False),
        (b"\0\0\0\x18ftyp", False),
        (b"\0\0\0\0ftyp" * 9, False),
        (b"\0\0\0\x08ftyp" * 9, False),
    ],
)
def test_half_a_video_is_refused(body: bytes, *, is_whole: bool) -> None:
    if is_whole:
        assert video.type_of(io.BytesIO(body)) in {"video/mp4", "video/webm"}
    else:
        with pytest.raises(download.Refused, match="video_incomplete"):
            video.type_of(io.BytesIO(body))


@each("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_the_four_picture_formats_are_kept(files: Callable[..., str], user: User, kind: str) -> None:
    assert fetched(pending(user, files(picture(kind)))).kept_at is not None


@pytest.mark.slow
@each("behind", ["a second picture", "what is called one"])
def test_a_jpeg_with_a_second_picture_behind_it_is_a_jpeg(files: Callable[..., str], user: User, behind: str) -> None:
    """Phones and Photoshop make these (MPO); every browser shows the first."""
    first, second = (Image.effect_noise(size, 50).convert("RGB") for size in [(2600, 2600), (45, 30)])
    buffer = io.BytesIO()
    first.save(buffer, "MPO", save_all=True, append_images=[second])
    data = buffer.getvalue()
    if behind == "what is called one":
        index = data.index(b"MPF\0") + 4
        data = data[: index + 8] + bytes(40) + data[index + 48 :]
    result = fetched(pending(user, files(data)))
    assert (result.content_type, result.width, result.height) == ("image/jpeg", 2600, 2600)
    assert (result.file.name or "").endswith(".jpg")
    assert size_of(result.thumbnail) == ("WEBP", (640, 640))


def lying(kind: str, orientation: int, *, exif: bytes = b"") -> bytes:
    """A wide picture, each corner of its own colour, whose EXIF says how it lies."""
    drawn = Image.new("RGB", (900, 600), "white")
    for colour, place in [("red", (0, 0)), ("lime", (450, 0)), ("blue", (0, 300))]:
        drawn.paste(colour, (*place, place[0] + 450, place[1] + 300))
    tags, buffer = Image.Exif(), io.BytesIO()
    tags[0x0112] = orientation
    drawn.save(buffer, kind, exif=exif or tags)
    return buffer.getvalue()


@pytest.mark.slow
@each("kind", ["JPEG", "PNG", "WEBP"])
@each("orientation", range(1, 9))
def test_small_pictures_and_the_size_are_those_of_the_upright_picture(
    files: Callable[..., str], user: User, kind: str, orientation: int
) -> None:
    data = lying(kind, orientation)
    result = fetched(pending(user, files(data)))
    with Image.open(io.BytesIO(data)) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    assert upright.size == ((600, 900) if orientation > 4 else (900, 600))
    assert (result.width, result.height) == upright.size
    for small in [result.preview, result.thumbnail]:
        with default_storage.open(small.name or "") as stream, Image.open(stream) as shown:
            assert not shown.getexif()
            far = ImageChops.difference(shown.convert("RGB"), upright.resize(shown.size)).convert("L")
        assert not any(far.resize((2, 2), Image.Resampling.BOX).histogram()[8:])
    assert decode.thumbnail(io.BytesIO(data))[:4] == b"RIFF"


def test_exif_that_is_odd_is_no_reason_to_refuse_a_picture(files: Callable[..., str], user: User) -> None:
    assert fetched(pending(user, files(lying("PNG", 6, exif=b"MM\0*\0\0\0\x08\xff\xffodd")))).width == 900


def claiming(kind: str, width: int, height: int) -> bytes:
    """A picture whose header states this size, without the pixels: whoever decodes it finds it broken."""
    data = picture(kind, (8, 8))
    if kind == "PNG":
        header = b"IHDR" + struct.pack(">II", width, height) + data[24:29]
        return data[:12] + header + struct.pack(">I", zlib.crc32(header)) + data[33:]
    if kind == "JPEG":
        at = data.index(b"\xff\xc0") + 5
        return data[:at] + struct.pack(">HH", height, width) + data[at + 4 :]
    at = data.index(b"\x9d\x01\x2a") + 3
    return data[:at] + struct.pack("<HH", width, height) + data[at + 4 :]


@each(("kind", "size"), [("PNG", (7681, 4320)), ("JPEG", (7681, 4320)), ("WEBP", (5000, 4001))])
def test_too_many_pixels_are_refused_before_one_is_decoded(kind: str, size: tuple[int, int]) -> None:
    with pytest.raises(download.Refused, match="too_many_pixels"):
        decode.inspect(io.BytesIO(claiming(kind, *size)))


@each(
    "body",
    [
        b"<html><script>alert(1)</script></html>",
        b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        b"%PDF-1.7",
        picture()[:-30],
        picture("JPEG", (400, 400))[:-300],
        b"",
        bomb(),
        b"GIF89a",
        pictures.clip("16:9")[:-1000],
    ],
)
@pytest.mark.slow
def test_what_is_not_a_whole_picture_is_refused_with_a_reason_on_the_card(
    files: Callable[..., str], user: User, browser: Client, body: bytes
) -> None:
    result = refused(pending(user, files(body)))
    assert result.gone_at is not None
    assert result.problem
    page = browser.get(result.generation.get_absolute_url()).content.decode()
    assert f"The file could not be saved: {escape(translated(result.problem))}" in page
    assert "The file could not be saved." in browser.get("/").content.decode()
    assert no_files_left()


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


class TestAFileThatEndsWhoeverOpensIt:
    @pytest.fixture
    def bad(self, user: User, files: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> Result:
        def opened(file: IO[bytes], progress: Callable[[], None]) -> decode.Found:
            if file.read() == b"BAD":
                raise Killed
            return decode.inspect(file, progress)

        monkeypatch.setattr(fetch, "inspect", opened)
        return pending(user, files(b"BAD", name="bad"))

    def tried(self, times: int) -> None:
        for _ in range(times):
            with contextlib.suppress(Killed):
                fetch.run()
            Result.objects.update(lease_until=None)  # the next worker frees what a dead one held
            Lease.objects.all().delete()

    def test_does_not_keep_the_others_waiting(self, bad: Result, user: User, files: Callable[..., str]) -> None:
        good = pending(user, files(picture(), name="good"))
        self.tried(6)
        good.refresh_from_db()
        bad.refresh_from_db()
        assert good.kept_at
        assert bad.tries == 3
        assert bad.not_before
        assert bad.not_before > timezone.now()

    def test_is_given_up_in_the_end(self, bad: Result) -> None:
        self.tried(1)
        Result.objects.update(tries=fetch.MAX_FAILURES - 2)
        for _ in range(2):
            assert not Result.objects.get().gone_at
            Result.objects.update(not_before=None)
            self.tried(1)
        bad.refresh_from_db()
        assert bad.gone_at
        assert bad.problem == Sentence.FILE_CRASHES.stored()


@pytest.mark.slow
def test_a_picture_that_takes_forever_to_open_is_refused(
    files: Callable[..., str], user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder, "MAX_SECONDS", 0.001)
    result = refused(pending(user, files(solid("PNG", (2000, 2000)))))
    assert result.problem == Sentence.TOO_HEAVY.stored()


@each("kind", ["PNG", "GIF"])
def test_half_an_animation_is_refused(files: Callable[..., str], user: User, kind: str) -> None:
    buffer = io.BytesIO()
    frames = [Image.effect_noise((64, 64), 90) for _ in range(6)]
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], duration=100)
    body = buffer.getvalue()
    assert fetched(pending(user, files(body, name="whole"))).kept_at
    result = refused(pending(user, files(body[: len(body) // 2], name="half")))
    assert result.problem == Sentence.FILE_INCOMPLETE.stored()
