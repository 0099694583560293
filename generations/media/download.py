"""Downloads result files with a client that never carries a token and trusts nothing it is told."""

import socket
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import IO, Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from generations.models.sentences import Sentence
from meigen_api import outgoing

SECONDS = 110.0
MAX_BYTES = 200_000_000


class _Explained(Exception):
    """Its text is one to store, which `translated` puts into words."""

    def __init__(self, sentence: Sentence, **parameters: str | int) -> None:
        super().__init__(sentence.stored(**parameters))


class Refused(_Explained):
    """The file is not what it should be, or its address is not allowed. Another try would hardly help."""


class Failed(_Explained):
    """The file could not be downloaded this time."""


def check_address(url: str) -> None:
    """Raises Refused unless the URL is https on an allowed host, or on the host of the configured base URL."""
    with _in_words():
        _places().check(url)


def _places() -> outgoing.Places:
    return outgoing.Places(settings.MEIGEN_MEDIA_HOSTS, (settings.MEIGEN_BASE_URL,))


@contextmanager
def _in_words() -> Iterator[None]:
    """Turns an address that is not allowed into a refusal that says why."""
    try:
        yield
    except outgoing.NotAllowed as error:
        if not error.host:
            raise Refused(Sentence.INVALID_ADDRESS) from None
        sentence = Sentence.PRIVATE_HOST if error.is_private else Sentence.WRONG_HOST
        raise Refused(sentence, host=error.host) from None


@contextmanager
def download(
    url: str,
    *,
    seconds: float = SECONDS,
    max_bytes: int = MAX_BYTES,
    progress: Callable[[], None] = lambda: None,
) -> Iterator[IO[bytes]]:
    """Downloads the file into a temporary file that is deleted afterwards. Raises Refused or Failed.

    `progress` is called with every chunk received; an exception it raises stops the download.
    """
    check_address(url)
    with tempfile.TemporaryFile() as file:
        for chunk in _chunks(url, seconds, max_bytes):
            file.write(chunk)
            progress()
        file.seek(0)
        yield file


def begins(url: str, seconds: float) -> bool:
    """Whether its server begins to send the file, or says within that time that it will not."""
    chunks = _chunks(url, seconds, MAX_BYTES)
    try:
        next(chunks, None)
    except Failed:
        return False
    except Refused:
        return True
    finally:
        chunks.close()
    return True


def host_of(url: str) -> str:
    return urlsplit(url).hostname or ""


def _chunks(url: str, seconds: float, max_bytes: int) -> Generator[bytes]:
    size = 0
    timeout = httpx.Timeout(min(20.0, seconds), connect=5.0)
    headers, line = {"Accept-Encoding": "identity"}, _Line()
    try:
        with (
            _in_words(),
            line.cut_after(seconds),
            outgoing.stream("GET", url, _places(), timeout=timeout, headers=headers, watch=line.note) as response,
        ):
            if response.status_code in {404, 410}:
                raise Refused(Sentence.FILE_GONE, status=response.status_code)
            if response.status_code != 200:
                raise Failed(Sentence.FILE_RESPONSE, status=response.status_code)
            for chunk in response.iter_raw():
                size += len(chunk)
                if size > max_bytes:
                    raise Refused(Sentence.FILE_TOO_LARGE, megabytes=max_bytes // 1_000_000)
                if line.is_cut:
                    raise Failed(Sentence.FILE_TOO_SLOW)
                yield chunk
            if line.is_cut:  # which can look like the end of the file
                raise Failed(Sentence.FILE_TOO_SLOW)
    except (httpx.HTTPError, httpx.InvalidURL):
        if line.is_cut:
            raise Failed(Sentence.FILE_TOO_SLOW) from None
        raise Failed(Sentence.FILE_UNFINISHED) from None


class _Line:
    """The connection, which is cut when the time limit is reached: httpx's own timeout restarts with every byte
    received."""

    def __init__(self) -> None:
        self.sockets: list[socket.socket] = []
        self.is_cut = False

    def note(self, event: str, info: Mapping[str, Any]) -> None:
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            self.sockets.append(info["return_value"].get_extra_info("socket"))

    @contextmanager
    def cut_after(self, seconds: float) -> Iterator[None]:
        timer = threading.Timer(seconds, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        self.is_cut = True
        for line in self.sockets:
            with suppress(OSError):  # already handed over to TLS, or closed
                line.shutdown(socket.SHUT_RDWR)
