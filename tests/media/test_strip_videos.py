"""Videos for guests: what was written into them is blanked; every other byte, and each one's place, stays."""

import io
import subprocess
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from accounts.models import User
from generations.media import boxes, poster, storage, video
from generations.media.metadata import strip
from generations.media.metadata.parts import CHUNK, length
from generations.media.metadata.videos import parts
from generations.sharing import links
from sandbox import pictures
from tests.cases import each
from tests.helpers import make_generation, make_result

SAYS = b"CANARY"
MP4, WEBM = "video/mp4", "video/webm"


def box(kind: bytes, *inside: bytes, is_long: bool = False) -> bytes:
    data = b"".join(inside)
    if is_long:
        return (1).to_bytes(4) + kind + (len(data) + 16).to_bytes(8) + data
    return (len(data) + 8).to_bytes(4) + kind + data


def element(kind: str, *inside: bytes, has_length: bool = True) -> bytes:
    data = b"".join(inside)
    said = (1 << 56 | len(data)).to_bytes(8) if has_length else b"\x01" + b"\xff" * 7
    if has_length and len(data) < 127:
        said = bytes([0x80 | len(data)])
    return bytes.fromhex(kind) + said + data


TOLD = [box(b"udta", box(b"meta", SAYS)), box(b"meta", SAYS), box(b"uuid", SAYS * 9), box(b"free", SAYS)]
STAYS = box(b"tkhd", b"stays"), box(b"mdat", b"udta stays")


def mp4() -> bytes:
    inner = box(b"minf", *TOLD, STAYS[0], box(b"stbl", *TOLD, box(b"stco", b"stays")))
    film = box(b"moov", STAYS[0], box(b"trak", *TOLD, STAYS[0], box(b"mdia", inner, *TOLD)), *TOLD)
    fragment = box(b"moof", box(b"traf", STAYS[0], *TOLD), *TOLD)
    long = box(b"uuid", SAYS * 50_000, is_long=True)
    last = box(b"udta", SAYS)
    return box(b"ftyp", b"isom") + film + long + box(b"mdat", STAYS[1], is_long=True) + fragment + bytes(4) + last[4:]


def webm(*, has_length: bool = True) -> bytes:
    words = element("1254c367", SAYS * 30)
    info = element("1549a966", element("bf", SAYS[:4]), element("7ba9", SAYS), element("4489", b"stays"))
    tracks = element("1654ae6b", element("ae", element("d7", b"\x01"), element("536e", SAYS), element("86", b"stays")))
    cluster = element("1f43b675", element("e7", b"\x01"), element("a3", b"7ba9 stays"), has_length=has_length)
    others = element("1941a469", SAYS), element("1043a770", SAYS), element("ec", SAYS), element("1254c367")
    segment = element("18538067", info, words, tracks, *others, cluster, words, cluster, words, has_length=has_length)
    return element("1a45dfa3", b"stays") + segment


VIDEOS = {
    "mp4": (MP4, mp4()),
    "webm": (WEBM, webm()),
    "webm without lengths": (WEBM, webm(has_length=False)),
}


@pytest.fixture(params=VIDEOS)
def clip(request: pytest.FixtureRequest) -> tuple[str, bytes]:
    return VIDEOS[request.param]


def blanked(data: bytes, content_type: str) -> bytes:
    file = ContentFile(data)
    out = b"".join(strip.pieces(file, content_type))
    assert strip.size(file, content_type) == len(out) == len(data)
    return out


def outline(data: bytes) -> list[str]:
    """The kinds of the boxes of the first rank."""
    return [found.kind.decode() for found in boxes.boxes(io.BytesIO(data), 0, len(data))]


def test_what_was_written_into_it_is_blanked_and_nothing_else(clip: tuple[str, bytes]) -> None:
    content_type, data = clip
    left = blanked(data, content_type)
    assert SAYS in data
    assert SAYS[:4] not in left
    assert left.count(b"stays") == data.count(b"stays")
    assert blanked(left, content_type) == left
    assert video.type_of(io.BytesIO(left)) == content_type


def test_what_is_blanked_says_so_and_how_long_it_is() -> None:
    left = blanked(mp4(), MP4)
    assert outline(mp4()) == ["ftyp", "moov", "uuid", "mdat", "moof", "udta"]
    assert outline(left) == ["ftyp", "moov", "free", "mdat", "moof", "free"]
    assert blanked(element("18538067", element("1254c367", bytes(9))), WEBM).endswith(b"\xec\x8c" + bytes(12))
    assert b"\xec\x01\0\0\0\0\0\0\xb7" + bytes(183) in blanked(webm(), WEBM)  # 192 in all


def test_any_range_is_a_piece_of_the_whole(clip: tuple[str, bytes]) -> None:
    content_type, data = clip
    left, file = blanked(data, content_type), io.BytesIO(data)
    for start in range(0, len(data), max(1, len(data) // 400)):
        for stop in {start + 1, start + 5, start + 100, len(data), len(data) + 9}:
            given = [
                data[slice(*part)] if isinstance(part, tuple) else part
                for part in parts(file, content_type, start, stop)
            ]
            assert b"".join(given) == left[start:stop]


@given(
    data=st.binary(max_size=200),
    cut=st.integers(0, 2000),
    name=st.sampled_from(list(VIDEOS)),
    start=st.integers(0, 900),
)
def test_no_bytes_trouble_it(data: bytes, cut: int, name: str, start: int) -> None:
    content_type, whole = VIDEOS[name]
    for body in [data, whole[:cut] + data + whole[cut:], whole[:cut]]:
        left = blanked(body, content_type)
        assert length(parts(io.BytesIO(body), content_type, start, len(left))) == max(0, len(left) - start)


@each("kind", [b"mdat", b"uuid"])
def test_a_large_one_takes_no_more_memory(kind: bytes) -> None:
    file = ContentFile(box(kind, bytes(80 * CHUNK)) + mp4())
    tracemalloc.start()
    try:
        assert sum(map(len, strip.pieces(file, MP4))) == file.size
        assert tracemalloc.get_traced_memory()[1] < 4 * CHUNK
    finally:
        tracemalloc.stop()


def test_what_lies_before_a_range_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """A player that skips gets an answer at once, however the film is described."""
    film = box(b"moov", *[box(b"trak", *TOLD)] * 500)
    data = film + box(b"mdat", bytes(9000)) + film
    looked = []
    walked = boxes.boxes

    def watched(*args: Any) -> Iterator[boxes.Box]:
        for found in walked(*args):
            looked.append(found)
            yield found

    monkeypatch.setattr(boxes, "boxes", watched)
    assert list(parts(io.BytesIO(data), MP4, len(film) + 100, len(film) + 200)) == [(len(film) + 100, len(film) + 200)]
    assert len(looked) < 4


@pytest.mark.skipif(not poster.can_be_made(), reason="ffmpeg is not installed")
@each(
    ("name", "options"),
    [
        ("a.mp4", ["-movflags", "+faststart"]),
        ("b.mp4", ["-movflags", "frag_keyframe+empty_moov"]),
        ("c.mov", ["-movflags", "use_metadata_tags"]),
        ("d.webm", []),
        ("e.webm", ["-f", "webm", "-live", "1"]),
    ],
)
@pytest.mark.slow
def test_every_frame_stays(tmp_path: Path, name: str, options: list[str]) -> None:
    def ffmpeg(*arguments: str) -> bytes:
        return subprocess.run(["ffmpeg", "-v", "error", *arguments], capture_output=True, check=True).stdout

    (tmp_path / "clip.mp4").write_bytes(pictures.clip("16:9"))
    path, says = tmp_path / name, ["-metadata:s:v", f"title={SAYS.decode()}"]
    for tag in ["title", "comment", "description", "copyright"]:
        says += ["-metadata", f"{tag}={SAYS.decode()}"]
    codec = ["-c:v", "libvpx", "-deadline", "realtime", "-t", "0.5"] if name.endswith("webm") else ["-c", "copy"]
    ffmpeg("-i", str(tmp_path / "clip.mp4"), "-an", *codec, *says, *options, str(path))
    data = path.read_bytes()
    content_type = video.type_of(io.BytesIO(data)) or ""
    left = tmp_path / f"left-{name}"
    left.write_bytes(blanked(data, content_type))
    assert SAYS in data
    assert SAYS not in left.read_bytes()
    assert ffmpeg("-i", str(left), "-f", "framemd5", "-") == ffmpeg("-i", str(path), "-f", "framemd5", "-")


@pytest.mark.django_db
class TestGuests:
    @pytest.fixture
    def url(self, user: User, clip: tuple[str, bytes]) -> str:
        content_type, data = clip
        row = make_generation(user, status="done")
        result = make_result(row, data, content_type=content_type)
        return reverse("shared_result", args=[links.share(user, [row]).secret, result.pk])

    def test_get_it_so_and_may_skip_in_it(self, url: str, clip: tuple[str, bytes]) -> None:
        left = blanked(clip[1], clip[0])
        whole: Any = Client().get(url)
        assert whole.getvalue() == left
        assert (whole["Content-Length"], whole["Accept-Ranges"]) == (str(len(left)), "bytes")
        for start, stop in [(0, 10), (100, 300), (150, len(left)), (len(left) - 30, len(left))]:
            part: Any = Client().get(url, headers={"Range": f"bytes={start}-{stop - 1}"})
            assert (part.status_code, part.getvalue()) == (206, left[start:stop])
            assert part["Content-Range"] == f"bytes {start}-{stop - 1}/{len(left)}"
        assert Client().get(url, headers={"Range": f"bytes={len(left)}-"}).status_code == 416
        assert Client().get(url, headers={"If-None-Match": whole["ETag"]}).status_code == 304
        head: Any = Client().head(url)
        assert (head["Content-Length"], head.getvalue()) == (str(len(left)), b"")

    def test_get_it_so_in_a_zip(self, url: str, clip: tuple[str, bytes]) -> None:
        secret = url.split("/")[-3]
        zipped: Any = Client().get(reverse("shared_zip", args=[secret]))
        archive = zipfile.ZipFile(io.BytesIO(zipped.getvalue()))
        assert blanked(clip[1], clip[0]) in [archive.read(name) for name in archive.namelist()]

    def test_get_it_from_the_studio_itself_where_a_proxy_sends_files(self, url: str, settings: Settings) -> None:
        settings.MEDIA_ACCEL = "/kept/"
        response: Any = Client().get(url)
        assert "X-Accel-Redirect" not in response
        assert SAYS not in response.getvalue()

    def test_its_owner_gets_it_as_it_came(self, url: str, browser: Client, user: User, clip: tuple[str, bytes]) -> None:
        response: Any = browser.get(reverse("result", args=[user.generations.get().pk, 0]))
        assert response.getvalue() == clip[1]


def test_little_more_is_fetched_than_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """From a bucket, a range of a film would otherwise cost all of it."""
    data = box(b"ftyp", b"isom") + box(b"mdat", bytes(10**6)) + box(b"moov", *TOLD)
    name = default_storage.save("results/ab/abc.mp4", ContentFile(data))
    asked = []
    pieces = storage.pieces

    def watched(name: str, start: int, stop: int) -> Iterator[bytes]:
        asked.append(stop - start)
        return pieces(name, start, stop)

    monkeypatch.setattr(storage, "pieces", watched)
    found = b"".join(strip.pieces_of_video(MP4, name, 5000, 5100))
    assert found == data[5000:5100]
    assert sum(asked) <= 100 + 2 * storage.GLANCE
    assert b"".join(strip.pieces_of_video(MP4, name, 0, len(data))) == blanked(data, MP4)
