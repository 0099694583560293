"""Results on other storages than a local folder: fetched, served, zipped and deleted all the same."""

import fcntl
import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest
from django.conf import settings as configured
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from generations.media import fetch, serving
from generations.media.storage import CHUNK, pieces
from generations.models import Generation, Result
from meigen_api.secret import Secret
from meigen_site.env import Bucket
from tests.helpers import make_generation, picture

pytestmark = pytest.mark.django_db


class FakeS3(ThreadingHTTPServer):
    """As much of S3 as the studio uses, in memory; `asked` is what it was asked for, as (verb, key, range)."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.asked: list[tuple[str, str, str]] = []
        self.is_broken = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: FakeS3
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
        self.server.asked.append((self.command, key, self.headers.get("Range", "")))
        assert bucket == "studio-files"
        assert "Credential=me/" in self.headers["Authorization"]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        objects = self.server.objects
        if self.server.is_broken:
            self._answer(403)
        elif self.command == "PUT":
            objects[key] = body
            self._answer(200)
        elif self.command == "DELETE":
            objects.pop(key, None)
            self._answer(204)
        elif not key:
            prefix = parse_qs(parts.query).get("prefix", [""])[0]
            self._answer(200, _listing(prefix, [name for name in objects if name.startswith(prefix)]).encode())
        elif key not in objects:
            self._answer(404)
        elif span := self.headers.get("Range"):
            first, last = map(int, span.removeprefix("bytes=").split("-"))
            self._answer(206, objects[key][first : last + 1])
        else:
            self._answer(200, objects[key])

    do_HEAD = do_PUT = do_DELETE = do_GET  # noqa: N815

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Modified", "Mon, 05 Jan 2026 10:00:00 GMT")
        self.send_header("ETag", '"0"')
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def _listing(prefix: str, keys: list[str]) -> str:
    folders = sorted({prefix + key.removeprefix(prefix).split("/")[0] for key in keys if "/" in key[len(prefix) :]})
    files = [key for key in keys if "/" not in key[len(prefix) :]]
    inside = [f"<CommonPrefixes><Prefix>{escape(folder)}/</Prefix></CommonPrefixes>" for folder in folders]
    inside += [f"<Contents><Key>{escape(key)}</Key><Size>1</Size></Contents>" for key in files]
    space = "http://s3.amazonaws.com/doc/2006-03-01/"
    return f'<ListBucketResult xmlns="{space}"><IsTruncated>false</IsTruncated>{"".join(inside)}</ListBucketResult>'


@pytest.fixture
def s3(settings: Settings) -> Iterator[FakeS3]:
    server = FakeS3()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    bucket = Bucket("studio-files", "kept", server.url, "garage", Secret("me"), Secret("secret"))
    settings.STORAGES = {**settings.STORAGES, "default": bucket.storage}
    yield server
    server.shutdown()
    server.server_close()


class TestTheLocalFolder:
    @pytest.fixture
    def folder(self) -> Path:
        folder = Path(configured.MEDIA_ROOT) / "results"
        folder.mkdir(parents=True)
        return folder

    def test_what_a_killed_process_left_is_written_over(self, folder: Path) -> None:
        (folder / ".abc.png.part").write_bytes(b"much more than what comes now")
        default_storage.save("results/abc.png", ContentFile(b"whole"))
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"abc.png": b"whole"}

    def test_two_processes_never_write_into_the_same_part(self, folder: Path) -> None:
        with (folder / ".abc.png.part").open("wb") as other:
            other.write(b"half of theirs")
            other.flush()
            fcntl.flock(other, fcntl.LOCK_EX)
            with pytest.raises(BlockingIOError):
                default_storage.save("results/abc.png", ContentFile(b"ours"))
            (folder / ".abc.png.part").rename(folder / "abc.png")
        assert (folder / "abc.png").read_bytes() == b"half of theirs"
        default_storage.save("results/abc.png", ContentFile(b"ours"))
        assert (folder / "abc.png").read_bytes() == b"ours"

    def test_a_failed_save_leaves_the_former_file_and_nothing_else(self, folder: Path) -> None:
        default_storage.save("results/abc.png", ContentFile(b"former"))
        with pytest.raises(OSError, match="full"):
            default_storage.save("results/abc.png", _FullDisk(b"x"))
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == {"abc.png": b"former"}

    def test_what_names_a_new_folder_is_on_disk_too(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        synced: list[Path] = []
        monkeypatch.setattr("generations.media.storage.sync_folder", synced.append)
        default_storage.save("results/ab/cd/abc.png", ContentFile(b"x"))
        assert set(synced) == {folder, folder / "ab", folder / "ab" / "cd"}
        synced.clear()
        default_storage.save("results/ab/cd/def.png", ContentFile(b"x"))
        assert synced == [folder / "ab" / "cd"]

    def test_others_than_its_group_cannot_read_it(self, folder: Path) -> None:
        default_storage.save("results/abc.png", ContentFile(b"x"))
        assert (folder / "abc.png").stat().st_mode & 0o027 == 0


class _FullDisk(ContentFile):  # type: ignore[type-arg]  # Django has none at run time
    def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:
        yield b"a part"
        raise OSError(28, "The disk is full")


@pytest.fixture(params=["a bucket", "memory"])
def elsewhere(request: pytest.FixtureRequest, settings: Settings) -> None:
    """An S3-compatible server, and Django's own storage in memory, which has nothing but Django's API."""
    if request.param == "a bucket":
        request.getfixturevalue("s3")
    else:
        backend = "django.core.files.storage.InMemoryStorage"
        settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": backend}}


@pytest.fixture
def kept(elsewhere: None, user: User, monkeypatch: pytest.MonkeyPatch) -> Result:
    """A result that went the whole way to the storage."""
    generation = make_generation(user, status="done", finished_at=timezone.now())
    result = Result.objects.create(generation=generation, number=0, source_url="https://images.meigen.ai/a.png")
    data = picture("PNG", (2000, 1000))
    monkeypatch.setattr(fetch, "download", lambda *args, **kwargs: io.BytesIO(data))
    fetch.fetch(result.pk)
    result.refresh_from_db()
    assert result.problem == ""
    assert result.kept_at is not None
    return result


@pytest.mark.slow
def test_a_result_is_kept_and_served(kept: Result, browser: Client) -> None:
    url = reverse("result", args=[kept.generation_id, 0])
    whole = browser.get(url)
    data = picture("PNG", (2000, 1000))
    assert whole.getvalue() == data
    part = browser.get(url, headers={"Range": "bytes=10-29"})
    assert (part.status_code, part.getvalue()) == (206, data[10:30])
    assert browser.get(url, headers={"If-None-Match": whole["ETag"]}).status_code == 304
    assert browser.head(url)["Content-Length"] == str(kept.size)
    for kind in ("thumbnail", "preview"):
        response = browser.get(reverse(kind, args=[kept.generation_id, 0]))
        assert response.getvalue()[8:12] == b"WEBP"


@pytest.mark.slow
def test_a_zip_holds_it(kept: Result, browser: Client) -> None:
    response = browser.post(reverse("selected"), {"selected": [str(kept.generation_id)], "do": "download"})
    with zipfile.ZipFile(io.BytesIO(response.getvalue())) as archive:
        name, listing = archive.namelist()
        assert archive.read(name) == picture("PNG", (2000, 1000))
        assert json.loads(archive.read(listing))[0]["file"] == name


def test_a_lost_object_is_a_404(kept: Result, browser: Client) -> None:
    default_storage.delete(kept.file.name or "")
    assert browser.get(reverse("result", args=[kept.generation_id, 0])).status_code == 404


def test_a_repeated_save_leaves_one_object(s3: FakeS3) -> None:
    for data in [b"first", b"second"]:
        assert default_storage.save("results/ab/abc.png", ContentFile(data)) == "results/ab/abc.png"
    assert s3.objects == {"kept/results/ab/abc.png": b"second"}


def test_a_range_is_asked_for_alone(s3: FakeS3, user: User, browser: Client) -> None:
    data = bytes(range(256)) * 8192
    generation = make_generation(user, status="done")
    name = default_storage.save("results/ab/abc.mp4", ContentFile(data))
    Result.objects.create(
        generation=generation, number=0, file=name, content_type="video/mp4", sha256="a", kept_at=timezone.now()
    )
    s3.asked.clear()
    url = reverse("result", args=[generation.pk, 0])
    response = browser.get(url, headers={"Range": f"bytes=5-{CHUNK * 2}"})
    assert response.getvalue() == data[5 : CHUNK * 2 + 1]
    assert s3.asked == [("HEAD", f"kept/{name}", ""), ("GET", f"kept/{name}", f"bytes=5-{CHUNK * 2}")]


def test_a_bucket_that_refuses_is_waited_out_like_a_full_disk(s3: FakeS3) -> None:
    name = default_storage.save("results/ab/abc.png", ContentFile(b"x"))
    s3.is_broken = True
    asks: list[Callable[[], object]] = [
        lambda: default_storage.save(name, ContentFile(b"x")),
        lambda: default_storage.open(name).read(),
        lambda: default_storage.size(name),
        lambda: default_storage.exists(name),
        lambda: default_storage.delete(name),
        lambda: default_storage.listdir("results"),
        lambda: default_storage.get_modified_time(name),
        lambda: list(pieces(name, 0, 1)),
    ]
    for ask in asks:
        with pytest.raises(OSError, match="of the bucket"):
            ask()


def test_an_object_that_is_not_there_is_a_file_that_is_not_there(s3: FakeS3) -> None:
    with pytest.raises(FileNotFoundError):
        default_storage.open("results/ab/gone.png")
    with pytest.raises(FileNotFoundError):
        default_storage.get_modified_time("results/ab/gone.png")
    with pytest.raises(FileNotFoundError):
        list(pieces("results/ab/gone.png", 0, 1))


def test_the_browser_is_never_sent_to_the_bucket(kept: Result, browser: Client) -> None:
    page = browser.get(Generation.objects.get().get_absolute_url()).content.decode()
    assert serving.small_url(kept, "thumbnail").partition("?")[0] in page
    assert "studio-files" not in page
