"""Results are fetched, checked by decoding them, and kept; what is not what it should be is refused in words."""

import contextlib
import errno
import io
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO

import pytest
from django.conf import settings as configured
from django.core.files.storage import default_storage
from django.db.models.fields.files import FieldFile
from django.test import Client
from django.utils import timezone
from django.utils.html import escape
from PIL import Image, ImageChops, ImageOps
from pytest_django import Settings

from accounts.models import Token, User
from generations.dispatch import submit, wake
from generations.media import decode, download, fetch, ffmpeg, poster, serving, video
from generations.models import Generation, Lease, Result
from meigen_api.types import Status
from sandbox import pictures
from tests.conftest import FastSandbox
from tests.helpers import bomb, make_generation, picture, settle

pytestmark = pytest.mark.django_db
needs_ffmpeg = pytest.mark.skipif(not poster.can_be_made(), reason="ffmpeg is not installed")


def pending(user: User, url: str) -> Result:
    generation = make_generation(user, status="done", finished_at=timezone.now())
    return Result.objects.create(generation=generation, number=0, source_url=url)


def fetched(result: Result) -> Result:
    fetch.fetch(result.pk)
    result.refresh_from_db()
    return result


def refused(result: Result) -> Result:
    """After all the tries a wrong answer gets."""
    for _ in range(fetch.MAX_REFUSALS):
        Result.objects.filter(pk=result.pk).update(not_before=None)
        assert fetched(result).kept_at is None
    return result


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Temporary files go into a folder that is empty again after every test here."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield
    assert list(folder.iterdir()) == []


def no_files_left() -> bool:
    return not any(path.is_file() for path in Path(configured.MEDIA_ROOT).rglob("*"))


@pytest.fixture
def files(settings: Settings) -> Iterator[Callable[..., str]]:
    """A file server on the configured base URL's own host; `files(body, ...)` gives the URL of an answer."""
    answers: dict[str, tuple[int, dict[str, str], list[bytes], float]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, chunks, pause = answers.get(self.path, (404, {}, [], 0))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                for chunk in chunks:
                    self.wfile.write(chunk)
                    time.sleep(pause)
            except OSError:
                pass

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    settings.MEIGEN_BASE_URL = f"http://127.0.0.1:{server.server_port}"

    def add(
        *chunks: bytes, status: int = 200, headers: dict[str, str] | None = None, pause: float = 0, name: str = "a"
    ) -> str:
        answers[f"/{name}"] = (status, headers or {}, list(chunks), pause)
        return f"{settings.MEIGEN_BASE_URL}/{name}"

    yield add
    server.shutdown()
    server.server_close()


def test_a_finished_job_of_the_sandbox_is_kept_with_a_thumbnail(sandbox: FastSandbox, user: User, token: Token) -> None:
    generation = make_generation(user, prompt="a fox sandbox:seconds=0", fields={"aspectRatio": "16:9"})
    submit.send(generation.pk)
    generation.refresh_from_db()
    url = f"{sandbox.url}/media/{generation.remote_id}/0.png"
    settle(generation, Status.from_json({"status": "completed", "imageUrl": url}))
    result = fetched(generation.results.get())
    assert (result.content_type, result.width, result.height) == ("image/png", 1024, 576)
    assert default_storage.size(result.file.name or "") == result.size
    with default_storage.open(result.thumbnail.name or "") as file, Image.open(file) as small:
        assert small.format == "WEBP"
        assert small.size == (640, 360)


def size_of(file: FieldFile) -> tuple[str | None, tuple[int, int]]:
    with default_storage.open(file.name or "") as stream, Image.open(stream) as image:
        return image.format, image.size


def test_two_small_pictures_are_kept_beside_a_large_one(files: Callable[..., str], user: User) -> None:
    result = fetched(pending(user, files(picture("JPEG", (3000, 2000)))))
    assert (result.width, result.height) == (3000, 2000)
    assert size_of(result.thumbnail) == ("WEBP", (640, 427))
    assert size_of(result.preview) == ("WEBP", (1280, 853))


@pytest.mark.parametrize(
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


@needs_ffmpeg
@pytest.mark.parametrize(("ratio", "size"), [("16:9", (640, 360)), ("9:16", (360, 640))])
def test_a_video_is_kept_with_a_poster(
    files: Callable[..., str], user: User, browser: Client, ratio: str, size: tuple[int, int]
) -> None:
    result = fetched(pending(user, files(pictures.clip(ratio))))
    assert (result.content_type, result.width, result.height) == ("video/mp4", *size)
    assert size_of(result.thumbnail) == size_of(result.preview) == ("WEBP", size)
    card = browser.get("/").content.decode()
    assert f'<img src="{serving.small_url(result, "thumbnail")}"' in card
    assert 'class="play"' in card
    page = browser.get(result.generation.get_absolute_url()).content.decode()
    assert f'poster="{serving.small_url(result, "preview")}"' in page


def test_without_ffmpeg_a_video_is_kept_and_its_card_is_neutral(
    files: Callable[..., str], user: User, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poster, "can_be_made", lambda: False)
    result = fetched(pending(user, files(pictures.clip("16:9"))))
    assert result.kept_at is not None
    assert not result.thumbnail
    assert not result.preview
    assert result.width is None
    card = browser.get("/").content.decode()
    assert "<video" not in card
    assert 'class="play"' in card


@needs_ffmpeg
@pytest.mark.parametrize(
    "command",
    [
        ["false"],
        ["true"],
        ["ffmpeg-is-not-there"],
        [sys.executable, "-c", "print('not a picture')"],
        [sys.executable, "-c", "import time; print('half', flush=True); time.sleep(60)"],
    ],
    ids=["fails", "says nothing", "is gone", "says nonsense", "hangs"],
)
def test_whatever_ffmpeg_does_the_video_is_kept(
    files: Callable[..., str], user: User, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setattr(ffmpeg, "_command", lambda *_: command)
    monkeypatch.setattr(ffmpeg, "SECONDS", 0.3)
    result = fetched(pending(user, files(pictures.clip("16:9"))))
    assert result.kept_at is not None
    assert not result.thumbnail


@needs_ffmpeg
@pytest.mark.parametrize(
    ("attempt", "expected"),
    [
        ("open('/tmp/never-written', 'wb').write(bytes(200_000_000))", "File too large"),
        ("bytearray(2_000_000_000)", "MemoryError"),
        ("while True: pass", ""),
        ("import os; print(sorted(os.environ))", "['LC_ALL', 'PATH']"),
    ],
)
def test_ffmpeg_is_held_to_little(attempt: str, expected: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ffmpeg, "CPU_SECONDS", 1)
    command = ffmpeg._command("ffmpeg", [], "mov")
    script = attempt.replace("/tmp/never-written", str(tmp_path / "written"))
    command[command.index("ffmpeg") :] = [sys.executable, "-I", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, env={"PATH": os.defpath, "LC_ALL": "C"}, check=False)
    assert expected in done.stdout + done.stderr
    assert done.returncode != 0 or expected in done.stdout


@needs_ffmpeg
def test_a_playlist_in_a_videos_clothes_reads_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "secret.mp4").write_bytes(pictures.clip("16:9"))
    playlist = tmp_path / "playlist"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{tmp_path}/secret.mp4\n#EXT-X-ENDLIST\n")
    for name, expected in [("secret.mp4", True), ("playlist", False)]:
        with (tmp_path / name).open("rb") as file, poster.of(file, "video/mp4") as frame:
            assert (frame is not None) == expected


def webm(data: bytes, length: int | None) -> bytes:
    """A WebM in outline; without a length it is one that was written while it was filmed."""
    said = b"\x01" + (b"\xff" * 7 if length is None else length.to_bytes(7))
    return b"\x1a\x45\xdf\xa3\x82ab" + b"\x18\x53\x80\x67" + said + data


@pytest.mark.parametrize(
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
        with pytest.raises(download.Refused, match="not whole"):
            video.type_of(io.BytesIO(body))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_the_four_picture_formats_are_kept(files: Callable[..., str], user: User, kind: str) -> None:
    assert fetched(pending(user, files(picture(kind)))).kept_at is not None


@pytest.mark.parametrize("behind", ["a second picture", "what is called one"])
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
    with decode.decoded(io.BytesIO(data), draft=640) as (image, size):
        assert image.width < size[0]


def lying(kind: str, orientation: int, *, exif: bytes = b"") -> bytes:
    """A wide picture, each corner of its own colour, whose EXIF says how it lies."""
    drawn = Image.new("RGB", (900, 600), "white")
    for colour, place in [("red", (0, 0)), ("lime", (450, 0)), ("blue", (0, 300))]:
        drawn.paste(colour, (*place, place[0] + 450, place[1] + 300))
    tags, buffer = Image.Exif(), io.BytesIO()
    tags[0x0112] = orientation
    drawn.save(buffer, kind, exif=exif or tags)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
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


@pytest.mark.parametrize(
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
    ids=["html", "svg", "pdf", "half a png", "half a jpeg", "nothing", "bomb", "only a gif header", "half a video"],
)
def test_what_is_not_a_whole_picture_is_refused_with_a_reason_on_the_card(
    files: Callable[..., str], user: User, browser: Client, body: bytes
) -> None:
    result = refused(pending(user, files(body)))
    assert result.gone_at is not None
    assert result.problem
    page = browser.get(result.generation.get_absolute_url()).content.decode()
    assert f"The file could not be kept: {escape(result.problem)}" in page
    assert "The file could not be kept." in browser.get("/").content.decode()
    assert no_files_left()


@pytest.mark.parametrize(
    "url",
    [
        "http://images.meigen.ai/a.png",
        "https://images.meigen.ai.evil.example/a.png",
        "https://evilmeigen.ai/a.png",
        "https://user@images.meigen.ai/a.png",
        "https://images.meigen.ai:22/a.png",
        "http://127.0.0.1:1/a.png",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "https://[::1/a.png",
        "nonsense",
    ],
)
def test_an_address_off_the_list_is_never_asked(user: User, settings: Settings, url: str) -> None:
    settings.MEIGEN_BASE_URL = "https://www.meigen.ai"
    with pytest.raises(download.Refused):
        download.check_address(url)
    assert refused(pending(user, url)).gone_at is not None


def test_a_redirect_is_not_followed(files: Callable[..., str], user: User) -> None:
    target = files(picture(), name="target")
    result = fetched(pending(user, files(status=302, headers={"Location": target})))
    assert result.kept_at is None
    assert "302" in result.problem


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
        assert "breaks off" in bad.problem


def test_a_picture_that_takes_forever_to_open_is_refused(
    files: Callable[..., str], user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decode, "MAX_SECONDS", -1)
    assert "memory or time" in refused(pending(user, files(picture()))).problem


def test_a_claim_is_renewed_while_a_picture_is_opened(user: User, files: Callable[..., str]) -> None:
    """And a worker that has to stop leaves it to another one, without counting the try."""
    seen = []
    with download.download(files(picture())) as file:
        decode.inspect(file, lambda: seen.append(1))
    assert len(seen) > 2

    class Stopped(Exception):
        pass

    def stop() -> None:
        raise Stopped

    with download.download(files(picture())) as file, pytest.raises(Stopped):
        decode.inspect(file, stop)


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_half_an_animation_is_refused(files: Callable[..., str], user: User, kind: str) -> None:
    buffer = io.BytesIO()
    frames = [Image.effect_noise((64, 64), 90) for _ in range(6)]
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], duration=100)
    body = buffer.getvalue()
    assert fetched(pending(user, files(body, name="whole"))).kept_at
    assert "breaks off" in refused(pending(user, files(body[: len(body) // 2], name="half"))).problem


def test_an_endless_file_stops_at_the_cap(files: Callable[..., str]) -> None:
    url = files(*[b"x" * 100_000] * 100)
    with pytest.raises(download.Refused, match="larger"), download.download(url, max_bytes=1_000_000):
        pass


def test_a_trickle_of_headers_stops_at_the_deadline(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def trickle() -> None:
            line, _ = server.accept()
            with line, contextlib.suppress(OSError):
                line.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                for _ in range(100):
                    line.sendall(b"x")
                    time.sleep(0.05)

        thread = threading.Thread(target=trickle, daemon=True)
        thread.start()
        settings.MEIGEN_BASE_URL = f"http://127.0.0.1:{server.getsockname()[1]}"
        begun = time.monotonic()
        with (
            pytest.raises(download.Failed, match="in time"),
            download.download(f"{settings.MEIGEN_BASE_URL}/a", seconds=0.3),
        ):
            pass
        assert time.monotonic() - begun < 2
        thread.join(5)


def test_a_trickle_stops_at_the_deadline(files: Callable[..., str]) -> None:
    url = files(*[b"x"] * 100, pause=0.05)
    with pytest.raises(download.Failed, match="in time"), download.download(url, seconds=0.2):
        pass


@pytest.mark.parametrize(
    ("limited", "chunks", "pause", "reason"),
    [
        (
            partial(download.download, max_bytes=1_000_000),
            [picture(), *[b"x" * 100_000] * 100],
            0,
            "The file is larger than 1 MB.",
        ),
        (partial(download.download, seconds=0.2), [b"x"] * 30, 0.05, "The file did not arrive in time."),
    ],
    ids=["endless", "a trickle"],
)
def test_a_file_without_end_is_refused_with_a_reason_on_the_card(
    files: Callable[..., str],
    user: User,
    browser: Client,
    monkeypatch: pytest.MonkeyPatch,
    limited: Callable[..., object],
    chunks: list[bytes],
    pause: float,
    reason: str,
) -> None:
    monkeypatch.setattr(fetch, "download", limited)
    result = fetched(pending(user, files(*chunks, pause=pause)))
    assert result.problem == reason
    assert f"{reason} We try again." in browser.get("/").content.decode()
    assert no_files_left()


def test_a_failure_is_tried_again_later_and_found_by_the_watchdog(files: Callable[..., str], user: User) -> None:
    from django_q.models import OrmQ

    result = fetched(pending(user, files(status=503)))
    assert result.is_pending
    assert result.not_before is not None
    assert result.not_before > timezone.now()
    Result.objects.update(not_before=timezone.now() - timedelta(seconds=1))
    wake.watchdog()
    assert OrmQ.objects.count() == 1


def test_after_days_of_failures_it_is_given_up(files: Callable[..., str], user: User) -> None:
    result = pending(user, files(status=503))
    # However long ago it was finished: the workers may have been away, or the file was lost here.
    Generation.objects.update(finished_at=timezone.now() - timedelta(days=400))
    Result.objects.update(tries=fetch.MAX_FAILURES - 2)
    assert fetched(result).is_pending
    Result.objects.update(not_before=None)
    assert fetched(result).gone_at is not None


@pytest.mark.parametrize(("tries", "hours"), [(fetch.MAX_REFUSALS, (3, 6)), (fetch.MAX_FAILURES, (72, 84))])
def test_its_tries_are_hours_apart_in_all(tries: int, hours: tuple[int, int]) -> None:
    waited = sum((fetch._pause(number) for number in range(1, tries)), timedelta())
    assert timedelta(hours=hours[0]) < waited < timedelta(hours=hours[1])


def test_a_wrong_answer_after_days_of_none_is_only_the_first_of_its_kind(files: Callable[..., str], user: User) -> None:
    result = pending(user, files(status=503))
    Result.objects.update(tries=fetch.MAX_FAILURES - 2, problem="The file's server does not answer.")
    assert fetched(result).is_pending
    files(b"<html>back in a minute</html>")
    for _ in range(2):
        Result.objects.update(not_before=None)
        assert fetched(result).is_pending
    files(picture())
    Result.objects.update(not_before=None)
    assert fetched(result).kept_at


def test_days_of_a_full_disk_are_no_tries(
    files: Callable[..., str], user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    result = pending(user, files(picture()))
    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "save", full)
        for _ in range(3):
            Result.objects.update(not_before=None)
            assert fetched(result).tries == 0
    assert result.not_before
    assert result.not_before > timezone.now() + timedelta(minutes=10)  # the file's server is not asked all the time


def test_a_stop_is_no_try_and_forgets_nothing(
    files: Callable[..., str], user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = pending(user, files(picture()))
    Result.objects.update(tries=fetch.MAX_FAILURES, problem="The file's server does not answer.")
    with monkeypatch.context() as patch:
        patch.setattr("generations.dispatch.stopping.is_stopping", lambda: True)
        fetched(result)
    assert (result.tries, result.problem) == (fetch.MAX_FAILURES, "The file's server does not answer.")
    assert fetched(result).kept_at


def test_two_workers_fetch_once(files: Callable[..., str], user: User) -> None:
    result = pending(user, files(picture()))
    Result.objects.update(lease_until=timezone.now() + timedelta(seconds=60))
    assert fetched(result).kept_at is None


def test_one_bad_moment_of_the_file_server_loses_nothing(files: Callable[..., str], user: User) -> None:
    url = files(b"<html>busy</html>")
    result = fetched(pending(user, url))
    assert result.is_pending
    files(picture())
    Result.objects.update(not_before=None)
    assert fetched(result).kept_at is not None


def test_what_was_given_up_can_be_fetched_again(files: Callable[..., str], user: User, browser: Client) -> None:
    result = refused(pending(user, files(b"nothing")))
    page = browser.get(result.generation.get_absolute_url()).content.decode()
    assert "Fetch again" in page
    files(picture())
    browser.post(f"{result.generation.get_absolute_url()}fetch-again/")
    assert fetched(result).kept_at is not None


@pytest.mark.parametrize("tries", [0, 10 * fetch.MAX_FAILURES])
def test_a_full_disk_is_waited_out_however_long_it_takes(
    files: Callable[..., str], user: User, monkeypatch: pytest.MonkeyPatch, tries: int
) -> None:
    def full(*args: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    result = pending(user, files(picture()))
    Result.objects.update(tries=tries, problem="No space left on device")
    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "save", full)
        assert "No space left" in fetched(result).problem
    assert result.lease_until is None
    Result.objects.update(not_before=None)
    assert fetched(result).kept_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_run_fetches_all_that_is_due_in_its_slot(files: Callable[..., str], user: User) -> None:
    rows = [pending(user, files(picture(), name=f"{number}")) for number in range(5)]
    fetch.run()
    assert Result.objects.filter(kept_at__isnull=False).count() == len(rows)


def test_slow_files_never_take_all_the_workers(files: Callable[..., str], user: User) -> None:
    soon = timezone.now() + timedelta(minutes=1)
    for slot in wake.FETCH_SLOTS:
        Lease.objects.create(name=slot, owner="another|process|1|2", expires_at=soon)
    result = pending(user, files(picture()))
    fetch.run()
    result.refresh_from_db()
    assert result.tries == 0
    assert len(wake.FETCH_SLOTS) < int(str(configured.Q_CLUSTER["workers"])) - 1
