"""Fixtures of this room's tests."""

import io
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from generations.media import attachments
from generations.models import Reference, Result
from tests.helpers import make_generation, make_result, picture


@pytest.fixture(autouse=True)
def nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Temporary files go into a folder that is empty again after every test here."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield
    assert list(folder.iterdir()) == []


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


@pytest.fixture
def result(user: User) -> Result:
    return make_result(make_generation(user, status="done", finished_at=timezone.now()), picture("PNG", (900, 600)))


@pytest.fixture
def reference(user: User) -> Reference:
    return attachments.add_file(user, "a.png", io.BytesIO(picture()), None)
