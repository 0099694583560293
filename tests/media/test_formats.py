"""Files as people and models have them: kept as they are, shown in their own colours, sent to Meigen as plain ones."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
from django.core.files.storage import default_storage
from django.db.models.fields.files import FieldFile
from django.test import Client
from django.urls import reverse
from PIL import Image, ImageCms, ImageStat

from accounts.models import User
from generations.media import attachments, boxes, decode, download, picture, video
from generations.models import Result
from generations.sharing import links
from tests.cases import each
from tests.helpers import make_generation, make_result
from tests.library.deeds import do, unzipped
from tests.media.fetching import fetched, no_files_left, pending, refused, size_of

pytestmark = pytest.mark.django_db
pillow_heif.register_heif_opener()

FILES = Path(__file__).parent / "files"
# The colour in the middle, as viewers that know about depth and profiles show it.
MIDDLE = {
    "gray-16-bit.png": (128, 128, 128),
    "wide-gamut.jpg": (82, 180, 41),
    "photo.avif": (128, 128, 128),
    "phone.heic": (128, 128, 128),
}
TYPES = {
    "gray-16-bit.png": "image/png",
    "wide-gamut.jpg": "image/jpeg",
    "photo.avif": "image/avif",
    "phone.heic": "image/heic",
}


def data_of(name: str) -> bytes:
    return (FILES / name).read_bytes()


def opened(file: FieldFile) -> Image.Image:
    with default_storage.open(file.name or "") as stream:
        return Image.open(io.BytesIO(stream.read()))


def middle(image: Image.Image) -> tuple[float, ...]:
    """The mean colour of the middle."""
    width, height = image.size
    box = (width // 2 - 4, height // 2 - 4, width // 2 + 4, height // 2 + 4)
    return tuple(ImageStat.Stat(image.convert("RGB").crop(box)).mean)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@each("name", TYPES)
def test_a_result_is_kept_as_it_is_with_small_pictures_in_its_colours(
    files: Callable[..., str], user: User, name: str
) -> None:
    result = fetched(pending(user, files(data_of(name))))
    assert result.content_type == TYPES[name]
    assert (result.file.name or "").endswith(name[-4:])
    assert (result.width, result.height) == (96, 64)
    with default_storage.open(result.file.name or "") as file:
        assert file.read() == data_of(name)
    for small in (result.thumbnail, result.preview):
        assert size_of(small) == ("WEBP", (96, 64))
        assert middle(opened(small)) == pytest.approx(MIDDLE[name], abs=4)


@each("name", TYPES)
def test_a_reference_is_sent_in_a_plain_format_and_in_its_colours(user: User, name: str) -> None:
    data = data_of(name)
    reference = attachments.add_file(user, name, io.BytesIO(data), len(data))
    assert (reference.kind, reference.name, reference.content_type) == ("image", name, "image/jpeg")
    assert middle(opened(reference.file)) == pytest.approx(MIDDLE[name], abs=4)


@each("name", TYPES)
def test_a_result_becomes_a_reference_too(user: User, name: str) -> None:
    result = make_result(make_generation(user, status="done"), data_of(name), content_type=TYPES[name])
    assert attachments.add_result(user, result).content_type == "image/jpeg"


def ramp(size: tuple[int, int]) -> Image.Image:
    return Image.linear_gradient("L").resize(size).convert("I").point(lambda grey: grey * 257).convert("I;16")


@pytest.mark.slow
@each("size", [(300, 200), (6000, 3000)])
def test_sixteen_bits_are_the_same_greys_at_any_size(size: tuple[int, int]) -> None:
    small = decode.inspect(io.BytesIO(saved(ramp(size), "PNG"))).small
    assert small
    for body in (small.thumbnail, small.preview):
        with Image.open(io.BytesIO(body)) as shown:
            assert ImageStat.Stat(shown.convert("L")).mean == pytest.approx([127], abs=2)
            assert shown.convert("L").getextrema() == pytest.approx((0, 255), abs=4)


def test_the_one_clear_grey_of_sixteen_bits_is_clear_and_its_neighbour_is_not(user: User) -> None:
    pixels = Image.new("I;16", (40, 40), 30000)
    pixels.paste(Image.new("I;16", (20, 40), 30001), (20, 0))
    data = saved(pixels, "PNG", transparency=30000)
    reference = attachments.add_file(user, "clear.png", io.BytesIO(data), len(data))
    alpha = opened(reference.file).getchannel("A")
    assert (alpha.getpixel((5, 20)), alpha.getpixel((35, 20))) == (0, 255)
    with Image.open(io.BytesIO(decode.thumbnail(io.BytesIO(data)))) as shown:
        assert shown.getpixel((35, 20)) == pytest.approx((117, 117, 117, 255), abs=3)


@pytest.mark.slow
@each("mode", ["RGB", "RGBA", "P"])
@each("size", [(300, 200), (6000, 3000)])
def test_a_profile_is_applied_at_any_size_and_in_any_mode(mode: str, size: tuple[int, int]) -> None:
    with Image.open(FILES / "wide-gamut.jpg") as wide:
        profile, colour = wide.info["icc_profile"], wide.convert("RGB").getpixel((10, 10))
    drawn = Image.new("RGB", size, colour).convert(mode)
    if mode == "RGBA":
        drawn.putalpha(128)
    data = saved(drawn, "PNG", icc_profile=profile)
    small = decode.inspect(io.BytesIO(data)).small
    assert small
    for body in (small.thumbnail, small.preview, decode.thumbnail(io.BytesIO(data))):
        with Image.open(io.BytesIO(body)) as shown:
            # A palette of the web's colours comes near it only.
            assert middle(shown) == pytest.approx(MIDDLE["wide-gamut.jpg"], abs=45 if mode == "P" else 4)
            assert "icc_profile" not in shown.info
            assert shown.has_transparency_data == (mode == "RGBA")


def test_a_profile_that_does_not_fit_the_picture_is_ignored_as_browsers_do() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (srgb, b"no profile"):
        grey = saved(Image.new("L", (60, 40), 90), "JPEG", icc_profile=profile)
        with Image.open(io.BytesIO(decode.thumbnail(io.BytesIO(grey)))) as shown:
            assert middle(shown) == pytest.approx((90, 90, 90), abs=3)


def test_a_picture_for_the_press_is_shown_in_its_colours(user: User) -> None:
    data = saved(Image.new("CMYK", (3000, 2000), (255, 0, 0, 0)), "JPEG")
    small = decode.inspect(io.BytesIO(data)).small
    assert small
    assert middle(Image.open(io.BytesIO(small.thumbnail))) == pytest.approx((0, 255, 255), abs=6)
    reference = attachments.add_file(user, "press.jpg", io.BytesIO(data), len(data))
    assert middle(opened(reference.file)) == pytest.approx((0, 255, 255), abs=6)


@each(("kind", "content_type"), [("WEBP", "image/webp"), ("AVIF", "image/avif")])
def test_a_moving_picture_is_kept_and_its_first_one_is_the_small_one(
    files: Callable[..., str], user: User, kind: str, content_type: str
) -> None:
    first, second = Image.new("RGB", (80, 60), "red"), Image.new("RGB", (80, 60), "blue")
    result = fetched(pending(user, files(saved(first, kind, save_all=True, append_images=[second], duration=90))))
    assert result.content_type == content_type
    assert middle(opened(result.thumbnail)) == pytest.approx((255, 0, 0), abs=8)


def test_a_phone_that_was_held_on_its_side_took_an_upright_picture(user: User) -> None:
    drawn = Image.new("RGB", (90, 60), "blue")
    drawn.paste("red", (0, 0, 45, 60))
    drawn.getexif()[0x0112] = 6
    for data in (saved(drawn, "HEIF"), saved(drawn, "AVIF", exif=drawn.getexif())):
        assert b"irot" in data
        found = decode.inspect(io.BytesIO(data))
        assert found.small
        assert (found.small.width, found.small.height) == (60, 90)
        with Image.open(io.BytesIO(found.small.thumbnail)) as shown:
            red, _, blue = shown.convert("RGB").getpixel((30, 10))  # type: ignore[misc]
            assert red > blue


@pytest.mark.slow
@each("name", ["photo.avif", "phone.heic"])
@each("share", [0.5, 0.95])
def test_half_a_picture_is_refused(files: Callable[..., str], user: User, name: str, share: float) -> None:
    data = data_of(name)
    result = refused(pending(user, files(data[: round(len(data) * share)])))
    assert "not_a_picture" in result.problem or "incomplete" in result.problem
    assert no_files_left()


@each("brand", sorted(boxes.PICTURES))
def test_a_brand_of_pictures_is_no_video(brand: bytes) -> None:
    head = b"\0\0\0\x18ftyp" + brand + bytes(12)
    assert video.type_of(io.BytesIO(head)) is None
    with pytest.raises(download.Refused, match="not_a_picture"):
        decode.inspect(io.BytesIO(head))


@each("words", ["Pixel allocation failed: Out of memory", "Memory allocation error: Allocating 61 bytes failed"])
def test_a_decoder_without_memory_does_not_make_a_picture_unreadable(
    monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    """So that a fresh process may try, and the person is not told that the file is wrong."""

    def fail(_: Image.Image) -> None:
        raise RuntimeError(words)

    monkeypatch.setattr("PIL.AvifImagePlugin.AvifImageFile.load", fail)
    with pytest.raises(MemoryError):
        picture.small(io.BytesIO(data_of("photo.avif")))


@each("head", [b"\xff\x0a\xfa\x1f", b"\0\0\0\x0cJXL \r\n\x87\n"])
def test_jpeg_xl_is_refused_by_its_name(user: User, head: bytes) -> None:
    for look in (decode.inspect, lambda file: attachments.add_file(user, "new.jxl", file, 100)):
        with pytest.raises(download.Refused, match="jpeg_xl"):
            look(io.BytesIO(head + bytes(100)))


class TestAResultThatFewBrowsersShow:
    @pytest.fixture
    def kept(self, files: Callable[..., str], user: User) -> Result:
        return fetched(pending(user, files(data_of("phone.heic"))))

    def test_is_shown_as_its_preview_and_saved_as_it_is(self, browser: Client, kept: Result) -> None:
        url = reverse("result", args=[kept.generation_id, 0])
        assert f'<img src="{url}"' in browser.get(kept.generation.get_absolute_url()).content.decode()
        shown = browser.get(url)
        assert shown["Content-Type"] == "image/webp"
        assert shown.getvalue()[8:12] == b"WEBP"
        whole = browser.get(url, {"download": ""})
        assert whole["Content-Type"] == "image/heic"
        assert '.heic"' in whole["Content-Disposition"]
        assert whole.getvalue() == data_of("phone.heic")

    def test_is_handed_to_the_proxy_in_the_same_way(self, browser: Client, kept: Result, settings: Any) -> None:
        settings.MEDIA_ACCEL = "/kept/"
        url = reverse("result", args=[kept.generation_id, 0])
        assert browser.get(url)["X-Accel-Redirect"].endswith(".preview.webp")
        assert browser.get(url, {"download": ""})["X-Accel-Redirect"].endswith(".heic")

    def test_without_a_preview_is_sent_as_it_is(self, browser: Client, kept: Result) -> None:
        Result.objects.update(preview="")
        assert browser.get(reverse("result", args=[kept.generation_id, 0]))["Content-Type"] == "image/heic"


def test_an_avif_is_shown_as_it_is(browser: Client, user: User, files: Callable[..., str]) -> None:
    kept = fetched(pending(user, files(data_of("photo.avif"))))
    shown = browser.get(reverse("result", args=[kept.generation_id, 0]))
    assert shown["Content-Type"] == "image/avif"
    assert shown.getvalue() == data_of("photo.avif")


CANARY = b"CANARY"


def telling(kind: str) -> bytes:
    """A picture with something private in every place that Pillow writes to."""
    tags = Image.Exif()
    tags[0x010E] = CANARY.decode()
    tags.get_ifd(0x8825)[1] = "N"
    return saved(Image.new("RGB", (64, 48), "teal"), kind, exif=tags, xmp=CANARY)


@pytest.mark.parametrize(("kind", "content_type"), [("AVIF", "image/avif"), ("HEIF", "image/heic")])
class TestAGuest:
    @pytest.fixture
    def shared(self, files: Callable[..., str], user: User, kind: str, content_type: str) -> tuple[str, Result]:
        assert CANARY in telling(kind)
        result = fetched(pending(user, files(telling(kind))))
        assert result.content_type == content_type
        return reverse("shared", args=[links.share(user, [result.generation]).secret]), result

    def test_gets_nothing_that_was_written_into_a_picture(self, shared: tuple[str, Result]) -> None:
        url, result = shared
        for address in (f"{url}{result.pk}/", f"{url}{result.pk}/?download", f"{url}{result.pk}/preview/"):
            response = Client().get(address)
            body = response.getvalue()
            assert response["Content-Type"] == "image/webp"
            assert CANARY not in body
            assert middle(Image.open(io.BytesIO(body))) == pytest.approx((0, 128, 128), abs=6)

    def test_gets_nothing_of_it_in_a_zip_either(self, shared: tuple[str, Result]) -> None:
        body = Client().get(f"{shared[0]}zip/").getvalue()
        assert CANARY not in body
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            [name] = [name for name in archive.namelist() if name != "metadata.json"]
            assert name.endswith(".webp")
            assert archive.read(name)[8:12] == b"WEBP"

    def test_gets_nothing_if_there_is_no_preview(self, shared: tuple[str, Result]) -> None:
        Result.objects.update(preview="", thumbnail="")
        url, result = shared
        assert Client().get(f"{url}{result.pk}/?download").status_code == 404
        assert CANARY not in Client().get(f"{url}zip/").getvalue()

    def test_is_handed_the_preview_by_the_proxy(self, shared: tuple[str, Result], settings: Any) -> None:
        settings.MEDIA_ACCEL = "/kept/"
        url, result = shared
        assert Client().get(f"{url}{result.pk}/?download")["X-Accel-Redirect"].endswith(".preview.webp")

    def test_is_told_less_than_a_member_whose_zip_has_the_original(
        self, shared: tuple[str, Result], browser: Client, kind: str
    ) -> None:
        archive = unzipped(do(browser, "download", shared[1].generation))
        assert telling(kind) in [archive.read(name) for name in archive.namelist()]


def test_the_form_offers_to_choose_such_files(sandbox: Any, browser: Client) -> None:
    page = browser.get("/").content.decode()
    for kind in ("image/avif", "image/heic", ".heic", ".heif"):
        assert kind in page
