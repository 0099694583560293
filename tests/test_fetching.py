"""Results are fetched, checked by decoding them, and kept; what is not what it should be is refused in words."""

import io
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from accounts.models import Token, User
from generations.dispatch import download, fetch, submit, wake
from generations.models import Generation, Lease, Result
from meigen_api.types import Status
from tests.conftest import FastSandbox
from tests.helpers import make_generation, picture, settle

pytestmark = pytest.mark.django_db


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


def no_files_left() -> bool:
    return not any(path.is_file() for path in Path(configured.MEDIA_ROOT).rglob("*"))


@pytest.fixture
def files(settings: Settings) -> Iterator[Callable[..., str]]:
    """A file server on the configured base URL's own host; `files(body, ...)` gives the URL of an answer."""
    answers: dict[str, tuple[int, dict[str, str], list[bytes], float]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, chunks, pause = answers[self.path]
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


def test_a_video_is_kept(files: Callable[..., str], user: User) -> None:
    from meigen_api.sandbox import pictures

    result = fetched(pending(user, files(pictures.clip("16:9"))))
    assert result.content_type == "video/mp4"
    assert not result.thumbnail


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_the_four_picture_formats_are_kept(files: Callable[..., str], user: User, kind: str) -> None:
    assert fetched(pending(user, files(picture(kind)))).kept_at is not None


def bomb() -> bytes:
    """A small PNG of 169 megapixels."""
    buffer = io.BytesIO()
    Image.new("1", (13000, 13000)).save(buffer, "PNG")
    return buffer.getvalue()


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
    ],
    ids=["html", "svg", "pdf", "half a png", "half a jpeg", "nothing", "bomb", "only a gif header"],
)
def test_what_is_not_a_whole_picture_is_refused_with_a_reason(
    files: Callable[..., str], user: User, body: bytes
) -> None:
    result = refused(pending(user, files(body)))
    assert result.gone_at is not None
    assert result.problem
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


def test_an_endless_file_stops_at_the_cap(files: Callable[..., str]) -> None:
    url = files(*[b"x" * 100_000] * 100)
    with pytest.raises(download.Refused, match="larger"), download.download(url, max_bytes=1_000_000):
        pass


def test_a_trickle_stops_at_the_deadline(files: Callable[..., str]) -> None:
    url = files(*[b"x"] * 100, pause=0.05)
    with pytest.raises(download.Failed, match="in time"), download.download(url, seconds=0.2):
        pass


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
    Generation.objects.update(finished_at=timezone.now() - timedelta(days=4))
    assert fetched(result).gone_at is not None


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


def test_a_full_disk_is_waited_out(files: Callable[..., str], user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> str:
        raise OSError(28, "No space left on device")

    result = pending(user, files(picture()))
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
