"""Files on a local disk that are either whole or not there, and reading parts of a file from any storage."""

from __future__ import annotations

import fcntl
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, default_storage
from django.utils.deconstruct import deconstructible

from generations.dispatch import failpoints

# The group may read: a proxy that hands the files out belongs to it.
MODE = 0o640
CHUNK = 256 * 1024
GLANCE = 32 * 1024


@deconstructible
class DurableStorage(FileSystemStorage):
    """Writes beside the target, syncs to disk, then renames: a crash leaves no half file under a real name.

    A name is decided by the caller and written again without complaint, so that a repeated save is harmless.
    """

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def _save(self, name: str, content: File[Any]) -> str:
        target = Path(self.path(name))
        _make(target.parent)
        part = target.with_name(f".{target.name}.part")
        with _alone(part) as file:
            try:
                for chunk in content.chunks():
                    file.write(chunk)
                    failpoints.reach("half-written")
                file.flush()
                os.fsync(file.fileno())
                part.replace(target)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
        _sync_folder(target.parent)
        return name


def pieces(name: str, start: int, stop: int) -> Iterator[bytes]:
    """The bytes from `start` to before `stop` of a kept file, a little at a time."""
    if start >= stop:
        return
    if own_way := getattr(default_storage, "pieces", None):
        yield from own_way(name, start, stop)
        return
    with default_storage.open(name) as file:
        file.seek(start)
        left = stop - start
        while left > 0 and (chunk := file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk


class _Kept(io.RawIOBase):
    """A kept file as `pieces` gives it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.size = default_storage.size(name)
        self.at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self.at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self.at, os.SEEK_END: self.size}[whence]
        return self.at

    def readinto(self, buffer: Any) -> int:
        data = b"".join(pieces(self.name, self.at, min(self.at + len(buffer), self.size)))
        buffer[: len(data)] = data
        self.at += len(data)
        return len(data)


def glanced(name: str) -> IO[bytes]:
    """A kept file to look into here and there: `open` of a bucket would fetch all of it first."""
    return io.BufferedReader(_Kept(name), GLANCE)


@contextmanager
def _alone(part: Path) -> Iterator[IO[bytes]]:
    """The empty file, held by this process until the end. Raises BlockingIOError while another one holds it.

    Its name is always the same for a target: what a killed process left is written over by the next try.
    """
    while True:
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT, MODE)
        with os.fdopen(descriptor, "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(part, descriptor):
                file.truncate()
                yield file
                return
            # Renamed or removed by its former holder between our two steps: a new one, then.


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _make(folder: Path) -> None:
    """The folder and those above it, and on disk what names the new ones: a file is lost with any of them."""
    new = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in new:
        _sync_folder(one.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
