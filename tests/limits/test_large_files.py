"""Pictures as large as they may be, and files that would be larger when opened: what they take, and what is made."""

import io
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
from django.core.management import call_command
from PIL import Image, ImageChops

from accounts.models import User
from generations.media import decode, download, verify
from generations.media import picture as media_picture
from generations.media.decoder_process import MAX_MEMORY
from generations.media.formats import MAX_PIXELS
from generations.media.prepare import prepare
from meigen_site.env import BASE_DIR
from sandbox import pictures
from tests.helpers import bomb, make_generation, make_result, picture, solid

pillow_heif.register_heif_opener()
LARGEST = 7680, 4320  # 8 x 8 pixels go into both sides
FULL_COLOUR: dict[str, Any] = {"progressive": True, "subsampling": 0}


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"quality": 30}])
def test_a_jpeg_cut_anywhere_is_found_without_decoding_it_in_full(options: dict[str, int]) -> None:
    buffer = io.BytesIO()
    ground = Image.linear_gradient("L").resize((2600, 2600)).convert("RGB")
    ground.save(buffer, "JPEG", **options)
    data = buffer.getvalue()
    with media_picture.decoded(io.BytesIO(data), draft=640) as (image, size):
        assert image.width < size[0]
    for cut in [*range(10, 200, 10), *range(1000, len(data) - 1000, len(data) // 40)]:
        with pytest.raises(media_picture.Rejected), media_picture.decoded(io.BytesIO(data[:-cut]), draft=640):
            pass


HUNGRY = """
import os, sys
from pathlib import Path
from generations.media import decoder_process, download, picture, video
def most():
    return int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
with open(sys.argv[1], "rb") as file:
    picture.small(file)  # what every first picture loads
before = most()
decoder_process.confine()
for name in sys.argv[2:]:
    with open(name, "rb") as file:
        try:
            video.type_of(file) or picture.small(file)
        except (MemoryError, download.Refused, picture.Rejected):
            pass
os.write(1, str((most() - before) // 1024).encode())
"""


def memory_for(folder: Path, bodies: dict[str, bytes]) -> int:
    """How many MB more a process has needed after it looked at all of these than after a first small picture."""
    for name, body in {"": picture(), **bodies}.items():
        (folder / f"{name}.file").write_bytes(body)
    command = [sys.executable, "-c", f"import tests.settings, django; django.setup()\n{HUNGRY}"]
    files = [str(folder / f"{name}.file") for name in ["", *bodies]]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    done = subprocess.run([*command, *files], env=environment, cwd=BASE_DIR, stdout=subprocess.PIPE, check=True)
    return int(done.stdout)


def in_scans(size: tuple[int, int]) -> bytes:
    """A JPEG of one colour that is not progressive, and has its three components one after the other."""
    small = solid("JPEG", (64, 64), subsampling=0)
    frame, scan = small.index(b"\xff\xc0"), small.index(b"\xff\xda")
    width, height = size
    head = small[: frame + 5] + height.to_bytes(2) + width.to_bytes(2) + small[frame + 9 : scan]
    four_blocks = b"\x28\xa2\x8a"  # without a difference to the one before
    blocks = four_blocks * (width * height // 64 // 4)
    scans = [b"\xff\xda\x00\x08\x01" + bytes([component]) + b"\x00\x00\x3f\x00" + blocks for component in (1, 2, 3)]
    return head + b"".join(scans) + b"\xff\xd9"


def claiming(kind: str, truth: tuple[int, int], said: tuple[int, int]) -> bytes:
    """An AVIF or HEIC whose header states another size than its pixels have."""
    data = solid(kind, truth, speed=10)
    at = data.index(b"ispe") + 8
    return data[:at] + said[0].to_bytes(4) + said[1].to_bytes(4) + data[at + 8 :]


def test_no_hostile_file_takes_150_mb(tmp_path: Path) -> None:
    hostile = {
        "bomb of png": bomb(),
        "bomb of gif": picture("GIF")[:6] + (13000).to_bytes(2, "little") * 2 + picture("GIF")[10:],
        "page": b"<html>" * 1_000_000,
        "half a video": pictures.clip("16:9")[:-1],
        "half a picture": solid("PNG", (4000, 4000))[:-100],
        "half of the largest": solid("PNG", LARGEST, "RGBA")[:-100],
        "a progressive one": solid("JPEG", LARGEST, **FULL_COLOUR),
        "half of a progressive one": solid("JPEG", (5056, 4370), **FULL_COLOUR)[:-100],
        "a scan for each colour": in_scans(LARGEST),
        "half of a scan for each colour": in_scans((5120, 4320))[:-100],
        "webp of few bytes": solid("WEBP", LARGEST, lossless=True),
        "half a webp": solid("WEBP", (4096, 4096), lossless=True)[:-10],
        "a video": pictures.clip("16:9"),
        "avif of few bytes": claiming("AVIF", (64, 64), (13000, 13000)),
        "avif of more than it says": claiming("AVIF", LARGEST, (64, 64)),
        "half an avif": solid("AVIF", (4096, 4096), speed=10)[:-100],
        "heavy avif": b"\0\0\0\x18ftypavif" + bytes(90_000_000),
        "heic of few bytes": claiming("HEIF", (64, 64), (13000, 13000)),
        "heic of more than it says": claiming("HEIF", (4096, 4096), (64, 64)),
        "heic of less than it says": claiming("HEIF", (64, 64), (5000, 4900)),
        "half a heic": solid("HEIF", (4096, 4096))[:-100],
        "heavy heic": b"\0\0\0\x18ftypheic" + bytes(90_000_000),
    }
    assert memory_for(tmp_path, hostile) < 150


def test_what_would_take_more_memory_than_any_real_picture_is_refused(tmp_path: Path) -> None:
    gif = picture("GIF")
    comment = b"!\xfe" + b"\xff" * 256 * 400_000 + b"\0"
    hostile = gif[:13] + comment + gif[13:]
    assert memory_for(tmp_path, {"comment": hostile}) < MAX_MEMORY // 1_000_000
    with pytest.raises(download.Refused, match="too_heavy"):
        decode.inspect(io.BytesIO(hostile))


def test_the_largest_picture_that_is_taken_takes_little_more_than_its_pixels(tmp_path: Path) -> None:
    width, height = LARGEST
    assert width * height == MAX_PIXELS
    pixels = 4 * width * height // 1_000_000
    assert memory_for(tmp_path, {"largest": solid("PNG", LARGEST, "RGBA")}) < 1.35 * pixels


@pytest.mark.parametrize("options", [{}, {"subsampling": 1}, {"mode": "L"}])
def test_a_progressive_jpeg_of_less_than_full_colour_may_be_as_large_as_any(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    body = solid("JPEG", LARGEST, progressive=True, **options)
    assert decode.inspect(io.BytesIO(body)).small
    assert memory_for(tmp_path, {"largest": body, "half": body[:-100]}) < 150


@pytest.mark.parametrize("options", [{"format": "WEBP", "lossless": True}, {"format": "JPEG", **FULL_COLOUR}])
def test_a_picture_that_takes_more_memory_to_decode_may_have_4k_pixels_in_any_ratio(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    four_k = solid(size=(5056, 3392), **options)
    assert decode.inspect(io.BytesIO(four_k)).small
    assert memory_for(tmp_path, {"4k": four_k}) < MAX_MEMORY // 1_000_000
    with pytest.raises(download.Refused, match=r"\"millions\":2[02]}"):
        decode.inspect(io.BytesIO(solid(size=(5200, 4320), **options)))


@pytest.mark.parametrize(
    "options", [{"format": "AVIF", "speed": 10, "subsampling": "4:4:4", "mode": "RGBA"}, {"format": "HEIF"}]
)
def test_a_photo_of_a_phone_may_have_24_million_pixels(tmp_path: Path, options: dict[str, Any]) -> None:
    photo = solid(size=(5712, 4284), **options)
    assert decode.inspect(io.BytesIO(photo)).small
    assert prepare(io.BytesIO(photo), len(photo)).body
    assert memory_for(tmp_path, {"photo": photo}) < MAX_MEMORY // 1_000_000
    with pytest.raises(download.Refused, match="25"):
        decode.inspect(io.BytesIO(claiming(options["format"], (64, 64), (5792, 4344))))


@pytest.mark.parametrize("mode", ["RGBA", "P"])
def test_a_large_picture_is_made_smaller_without_seams(mode: str) -> None:
    drawn = Image.linear_gradient("L").resize((5401, 2999)).convert("RGB" if mode == "P" else "L")
    buffer = io.BytesIO()
    drawn.convert(mode).save(buffer, "PNG")
    found = decode.inspect(buffer)
    assert found.small
    assert (found.small.width, found.small.height) == (5401, 2999)
    with Image.open(io.BytesIO(found.small.preview)) as preview, Image.open(buffer) as whole:
        assert preview.size == (1280, 711)
        plain = whole.convert("RGB").resize(preview.size, Image.Resampling.BOX)
        far = ImageChops.difference(preview.convert("RGB"), plain).convert("L")
        assert not any(far.histogram()[16:])


@pytest.mark.django_db
def test_many_files_are_verified_in_no_more_memory_than_few(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "BATCH", 10)
    generation = make_generation(user, status="done")
    for number in range(60):
        make_result(generation, number=number)

    def peak() -> int:
        tracemalloc.start()
        try:
            call_command("verify_media", "--hashes", stdout=io.StringIO())
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak()
    few = peak()
    for number in range(60, 300):
        make_result(generation, number=number)
    assert peak() < few + 400_000
