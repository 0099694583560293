"""Has pictures decoded by a process of their own, because decoders are large programs that read untrusted files."""

import atexit
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

from django.conf import settings

MAX_SECONDS = 20.0
MAX_HEAD, MAX_FILE = 1000, 10_000_000  # bytes of a reply
TICK = 0.5  # seconds between calls of `progress`

Reply = tuple[dict[str, Any], list[bytes]]


class Overtaxed(Exception):
    """The process ended without a reply, as it does when a picture takes too much memory or time."""


class _Decoder:
    """A process that decodes one picture after the other, and the socket to it."""

    def __init__(self) -> None:
        self.line, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-s", "-E", "-m", "generations.media.decoder_process"],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env={"PATH": os.defpath, "LC_ALL": "C"},
                cwd=settings.BASE_DIR,
                process_group=0,
            )
        self.replies = self.line.makefile("rb")
        if self.replies.readline(1) != b"\n":
            self.kill()
            raise OSError("the picture decoder could not be started")

    def ask(self, operation: str, file: IO[bytes], progress: Callable[[], None], *numbers: int) -> Reply:
        """Raises Overtaxed, and whatever `progress` raises; the process must not be asked again after either."""
        request = " ".join(map(str, (operation, MAX_SECONDS, *numbers)))
        with _as_overtaxed():
            socket.send_fds(self.line, [request.encode()], [file.fileno()])
        while not select.select([self.line], [], [], TICK)[0]:
            progress()
        with _as_overtaxed():
            known = json.loads(self.replies.readline(MAX_HEAD))
            sizes: list[int] = known.pop("sizes")
            files = [self.replies.read(size) for size in sizes if size <= MAX_FILE]
            if [len(file) for file in files] != sizes:
                raise Overtaxed
            return known, files

    def kill(self) -> None:
        self.replies.close()
        self.line.close()
        self.process.kill()
        self.process.wait()


_busy = threading.Lock()
_decoder: _Decoder | None = None


def decode(operation: str, file: IO[bytes], progress: Callable[[], None] = lambda: None, *numbers: int) -> Reply:
    """What the operation of `picture`, given these numbers, knows about the file, and the new files it made. A picture
    that it rejects has `rejected` and `parameters`.

    One picture at a time. `progress` is called about twice a second; an exception it raises stops the decoding. Raises
    Overtaxed, and OSError if no decoder could be started.
    """
    with _on_disk(file) as source:
        while not _busy.acquire(timeout=TICK):
            progress()
        try:
            ends = time.monotonic() + MAX_SECONDS
            try:
                return _ask(operation, source, progress, *numbers)
            except Overtaxed:
                if time.monotonic() >= ends:
                    raise
            # A process also ends after its share of pictures, or is killed. A new one shows whether it is the picture.
            return _ask(operation, source, progress, *numbers)
        finally:
            _busy.release()


def _ask(operation: str, file: IO[bytes], progress: Callable[[], None], *numbers: int) -> Reply:
    try:
        return _running().ask(operation, file, progress, *numbers)
    except BaseException:
        _stop()
        raise


@contextmanager
def _as_overtaxed() -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        raise Overtaxed from error


@contextmanager
def _on_disk(file: IO[bytes]) -> Iterator[IO[bytes]]:
    try:
        file.fileno()
    except OSError:  # as small uploads, which are in memory
        with tempfile.TemporaryFile() as copy:
            file.seek(0)
            shutil.copyfileobj(file, copy)
            copy.flush()
            yield copy
    else:
        file.flush()
        yield file


def _running() -> _Decoder:
    global _decoder  # noqa: PLW0603 one for each process, started when it is first needed
    if _decoder is None:
        _decoder = _Decoder()
    return _decoder


def _stop() -> None:
    global _decoder
    decoder, _decoder = _decoder, None
    if decoder:
        decoder.kill()


def _forget() -> None:
    """In a forked process: the decoder belongs to the parent, which would otherwise share the socket."""
    global _busy, _decoder  # noqa: PLW0603
    _busy = threading.Lock()
    if _decoder:
        _decoder.replies.close()
        _decoder.line.close()
        _decoder = None


os.register_at_fork(after_in_child=_forget)
atexit.register(_stop)
