"""Pictures for guests: nothing that was written into them beside the picture, and every pixel as it was."""

import io
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageSequence
from PIL.PngImagePlugin import PngInfo
from pytest_django import Settings

from accounts.models import User
from generations.media.metadata import strip
from generations.media.metadata.parts import CHUNK
from generations.sharing import links
from tests.cases import each
from tests.helpers import make_generation, make_result

SAYS = b"CANARY"
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}


def exif(orientation: int = 0) -> Image.Exif:
    tags = Image.Exif()
    tags[0x010E] = SAYS.decode()  # description
    if orientation:
        tags[0x0112] = orientation
    tags.get_ifd(0x8825)[1] = "N"  # a place
    return tags


def noise(mode: str = "RGB") -> Image.Image:
    return Image.effect_noise((90, 70), 80).convert(mode)


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)


def png(picture: Image.Image, **options: Any) -> bytes:
    words = PngInfo()
    words.add_text("parameters", SAYS.decode())
    words.add_text("Comment", SAYS.decode(), zip=True)
    words.add_itxt("XML:com.adobe.xmp", SAYS.decode())
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", pnginfo=words, icc_profile=ICC, dpi=(72, 72), **{"exif": exif(), **options})
    own = chunk(b"tIME", SAYS + b"\0") + chunk(b"caBX", SAYS) + chunk(b"XXXX", SAYS)
    data = buffer.getvalue()
    return data[:33] + own + data[33:-12] + chunk(b"tEXt", b"a\0" + SAYS) + data[-12:] + chunk(b"IDAT", SAYS)


def jpeg(picture: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    options = {"exif": exif(), **options}
    picture.save(buffer, "JPEG", icc_profile=ICC, comment=SAYS, xmp=SAYS, quality=95, **options)
    data = buffer.getvalue()
    if data[2:4] == b"\xff\xe0":  # with a thumbnail of two pixels
        data = data[:4] + b"\x00\x16" + data[6:18] + b"\x01\x02" + SAYS + data[20:]
    told = b"".join(bytes([0xFF, kind, 0, 8]) + SAYS for kind in [*range(0xE0, 0xF0), 0xFE])
    first_scan = data.index(b"\xff\xda")
    return data[:2] + b"\xff\xff" + told[1:] + data[2:first_scan] + told + data[first_scan:] + SAYS


def mpo(picture: Image.Image) -> bytes:
    """A JPEG with a second one behind it, which says something too."""
    buffer, second = io.BytesIO(), io.BytesIO(jpeg(noise()))
    with Image.open(second) as behind:
        picture.save(buffer, "MPO", save_all=True, append_images=[behind], exif=exif(), icc_profile=ICC)
    data = buffer.getvalue()
    return data + jpeg(noise())


def webp(picture: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", icc_profile=ICC, xmp=SAYS + b"odd", quality=90, **{"exif": exif(), **options})
    data = buffer.getvalue() + b"SAYS" + (6).to_bytes(4, "little") + SAYS
    return data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:] + b"VP8 " + (6).to_bytes(4, "little") + SAYS


def gif(picture: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "GIF", comment=SAYS, **options)
    data = buffer.getvalue()
    blocks = b"\x06" + SAYS + b"\0"
    xmp = b"!\xff\x0bXMP DataXMP" + blocks
    loops = b"!\xff\x0bNETSCAPE2.0\x05\x02" + SAYS[:4] + blocks  # not how often
    text = b"!\x01\x0c" + bytes(12) + blocks
    told = b"!\xfe" + b"\x06" + SAYS + blocks + xmp + loops + text
    at = 13 + (3 << ((data[10] & 7) + 1) if data[10] & 0x80 else 0)
    # Behind how often and how long, there is more that is not read.
    data = data[:at] + told + data[at:-1].replace(b"\x03\x01\0\0\0", b"\x03\x01\0\0" + blocks)
    return data + told + b";" + SAYS


PICTURES = {
    "png": ("PNG", png(noise())),
    "png with alpha": ("PNG", png(noise("RGBA"))),
    "png with a palette": ("PNG", png(noise("P"), transparency=3)),
    "moving png": ("PNG", png(noise(), save_all=True, append_images=[noise(), noise()], duration=50)),
    "jpeg": ("JPEG", jpeg(noise())),
    "progressive jpeg": ("JPEG", jpeg(noise(), progressive=True)),
    "jpeg with restarts": ("JPEG", jpeg(noise(), restart_marker_blocks=2)),
    "jpeg with others behind it": ("JPEG", mpo(noise())),
    "cmyk jpeg": ("JPEG", jpeg(noise("CMYK"))),
    "webp": ("WEBP", webp(noise())),
    "lossless webp": ("WEBP", webp(noise("RGBA"), lossless=True)),
    "moving webp": ("WEBP", webp(noise(), save_all=True, append_images=[noise(), noise()], duration=50)),
    "gif": ("GIF", gif(noise())),
    "gif with a clear colour": ("GIF", gif(noise("P"), transparency=3)),
    "moving gif": ("GIF", gif(noise(), save_all=True, append_images=[noise(), noise()], duration=[50, 90, 20], loop=0)),
    "gif that moves twice": ("GIF", gif(noise("P"), save_all=True, append_images=[noise("P")], loop=2, disposal=2)),
}

TURNED = {"PNG": (noise("RGBA"), png), "JPEG": (noise(), jpeg), "WEBP": (noise(), webp)}


def turned(kind: str, orientation: int) -> bytes:
    """A picture that lies as its EXIF says, and says more."""
    drawn, write = TURNED[kind]
    return write(drawn, exif=exif(orientation))


PICTURED = each("picture", PICTURES.values())


def stripped(data: bytes, content_type: str) -> bytes:
    file = ContentFile(data)
    out = b"".join(strip.pieces(file, content_type))
    assert strip.size(file, content_type) == len(out)
    return out


def frames(data: bytes) -> Iterator[tuple[str, bytes, Any]]:
    with Image.open(io.BytesIO(data)) as shown:
        # What is behind a JPEG is not a frame of it.
        for frame in [shown] if shown.format == "MPO" else ImageSequence.Iterator(shown):
            yield frame.mode, frame.convert("RGBA").tobytes(), [frame.info.get(name) for name in ("duration", "loop")]


@PICTURED
def test_nothing_is_left_of_what_was_written_into_it(picture: tuple[str, bytes]) -> None:
    kind, data = picture
    left = stripped(data, TYPES[kind])
    assert SAYS in data
    assert SAYS not in left
    with Image.open(io.BytesIO(left)) as shown:
        assert not shown.getexif()
        assert not {"comment", "xmp", "exif", "parameters", "Comment", "XML:com.adobe.xmp"} & set(shown.info)
        assert shown.info.get("icc_profile") == (None if kind == "GIF" else ICC)


@PICTURED
def test_every_pixel_stays(picture: tuple[str, bytes]) -> None:
    kind, data = picture
    assert list(frames(stripped(data, TYPES[kind]))) == list(frames(data))


@each("kind", TURNED)
@each("orientation", range(2, 9))
def test_of_its_exif_only_which_way_up_it_is_stays(kind: str, orientation: int) -> None:
    data = turned(kind, orientation)
    left = stripped(data, TYPES[kind])
    assert SAYS in data
    assert SAYS not in left
    assert list(frames(left)) == list(frames(data))
    assert stripped(left, TYPES[kind]) == left
    with Image.open(io.BytesIO(left)) as shown:
        assert dict(shown.getexif()) == {0x0112: orientation}
        assert shown.info["icc_profile"] == ICC
    if kind == "WEBP":
        assert int.from_bytes(left[4:8], "little") == len(left) - 8
        assert left[20] & 0x0C == 0x08


@each("said", [b"", b"II*\0", b"Exif\0\0MM\0*\xff\xff\xff\xff", b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x09"])
def test_exif_that_says_no_way_up_goes(said: bytes) -> None:
    buffer = io.BytesIO()
    noise().save(buffer, "PNG")
    plain = buffer.getvalue()
    assert stripped(plain[:33] + chunk(b"eXIf", said) + plain[33:], "image/png") == plain


def test_exif_that_browsers_do_not_read_goes() -> None:
    unsaid = bytearray(turned("WEBP", 6))
    unsaid[20] &= ~0x08
    without_length = bytearray(turned("JPEG", 6))
    at = without_length.index(b"Exif\0\0")
    without_length[at - 2 : at] = bytes(2)
    for data, content_type in [(unsaid, "image/webp"), (without_length, "image/jpeg")]:
        with Image.open(io.BytesIO(stripped(bytes(data), content_type))) as shown:
            assert not shown.getexif()


def test_the_first_exif_is_the_one_that_counts() -> None:
    first, second = turned("JPEG", 6), turned("JPEG", 3)
    at = second.index(b"Exif\0\0") - 4
    other = second[at : at + 2 + int.from_bytes(second[at + 2 : at + 4])]
    place = first.index(b"\xff\xdb")
    assert stripped(first[:place] + other + first[place:], "image/jpeg") == stripped(first, "image/jpeg")


@PICTURED
def test_it_stays_as_it_is_when_there_is_nothing_to_leave_out(picture: tuple[str, bytes]) -> None:
    kind, data = picture
    left = stripped(data, TYPES[kind])
    assert stripped(left, TYPES[kind]) == left


@PICTURED
def test_a_webp_says_its_length_and_that_it_has_no_exif(picture: tuple[str, bytes]) -> None:
    kind, data = picture
    if kind == "WEBP":
        left = stripped(data, "image/webp")
        assert int.from_bytes(left[4:8], "little") == len(left) - 8
        assert left[12:16] == b"VP8X"
        assert not left[20] & 0x0C


def test_words_between_the_segments_of_a_jpeg_are_left_out() -> None:
    data = PICTURES["jpeg"][1]
    tables = data.index(b"\xff\xdb")
    assert stripped(data[:tables] + SAYS * 50 + data[tables:], "image/jpeg") == stripped(data, "image/jpeg")


def test_a_gif_ends_where_browsers_end_it() -> None:
    data = PICTURES["moving gif"][1]
    first = data.index(b",\0\0\0\0")
    assert stripped(data[:first] + SAYS + data[first:], "image/gif") == stripped(data[:first], "image/gif")


@each("content_type", TYPES.values())
@given(data=st.binary(max_size=200), cut=st.integers(0, 3000), name=st.sampled_from([*PICTURES, *TURNED]))
def test_no_bytes_trouble_it(content_type: str, data: bytes, cut: int, name: str) -> None:
    whole = turned(name, 6) if name in TURNED else PICTURES[name][1]
    assert len(stripped(data, content_type)) <= len(data) + 12
    assert len(stripped(whole[:cut] + data + whole[cut:], content_type)) <= len(whole) + len(data) + 12
    stripped(whole[:cut], content_type)


def test_a_large_one_takes_no_more_memory() -> None:
    pixels = chunk(b"IDAT", bytes(8192)) * 2000
    file = ContentFile(PICTURES["png"][1][:33] + pixels + chunk(b"IEND", b""))
    tracemalloc.start()
    try:
        sizes = [len(piece) for piece in strip.pieces(file, "image/png")]
        assert sum(sizes) == file.size
        assert len(sizes) < 100  # many chunks are read as one
        assert tracemalloc.get_traced_memory()[1] < 4 * CHUNK
    finally:
        tracemalloc.stop()


@pytest.mark.slow
@pytest.mark.django_db
@PICTURED
def test_guests_get_it_so_alone_and_in_a_zip(user: User, picture: tuple[str, bytes]) -> None:
    kind, data = picture
    row = make_generation(user, status="done", prompt="a heron")
    result = make_result(row, data, content_type=TYPES[kind])
    share = links.share(user, [row], shows_prompts=False)
    url = f"{reverse('shared', args=[share.secret])}{result.pk}/"
    for address in [url, f"{url}?download"]:
        response: Any = Client().get(address, headers={"Range": "bytes=0-9"})
        body = response.getvalue()
        assert response.status_code == 200
        assert body == stripped(data, TYPES[kind])
        assert int(response["Content-Length"]) == len(body)
        assert "Accept-Ranges" not in response
        assert Client().get(address, headers={"If-None-Match": response["ETag"]}).status_code == 304
        head: Any = Client().head(address)
        assert (head["Content-Length"], head.getvalue()) == (response["Content-Length"], b"")
    zipped: Any = Client().get(reverse("shared_zip", args=[share.secret]))
    archive = zipfile.ZipFile(io.BytesIO(zipped.getvalue()))
    assert [archive.read(name) for name in archive.namelist()] == [body]


@pytest.mark.django_db
def test_a_proxy_sends_guests_no_picture_as_it_came(user: User, settings: Settings) -> None:
    settings.MEDIA_ACCEL = "/kept/"
    row = make_generation(user, status="done")
    result = make_result(row, PICTURES["png"][1])
    share = links.share(user, [row])
    response: Any = Client().get(reverse("shared_result", args=[share.secret, result.pk]))
    assert "X-Accel-Redirect" not in response
    assert SAYS not in response.getvalue()


@pytest.mark.django_db
def test_its_owner_gets_it_as_it_came(browser: Client, user: User) -> None:
    row = make_generation(user, status="done")
    make_result(row, PICTURES["png"][1])
    response: Any = browser.get(reverse("result", args=[row.pk, 0]))
    assert response.getvalue() == PICTURES["png"][1]
