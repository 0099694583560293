"""A local storage whose files are either complete or absent, and partial reads from any storage."""

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
from meigen_site import private

CHUNK = 256 * 1024
GLANCE = 32 * 1024


@deconstructible
class DurableStorage(FileSystemStorage):
    """Writes to a temporary file, syncs it to disk, then renames it: a crash leaves no partial file under a real name.

    The caller chooses the name, and an existing file is overwritten, so saving twice is harmless.
    """

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def _save(self, name: str, content: File[Any]) -> str:
        target = Path(self.path(name))
        _make(target.parent, self.directory_permissions_mode or private.FOLDER)
        part = target.with_name(f".{target.name}.part")
        with _alone(part, self.file_permissions_mode or private.FILE) as file:
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
        sync_folder(target.parent)
        return name


def pieces(name: str, start: int, stop: int) -> Iterator[bytes]:
    """The bytes from `start` up to `stop` of a stored file, in small pieces."""
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
    """A stored file that reads through `pieces`."""

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


def open_partially(name: str) -> IO[bytes]:
    """A stored file for reading a few places, whereas `open` on a bucket would fetch all of it first."""
    return io.BufferedReader(_Kept(name), GLANCE)


@contextmanager
def _alone(part: Path, mode: int) -> Iterator[IO[bytes]]:
    """The empty temporary file, locked by this process until the end. Raises BlockingIOError if another process holds
    it.

    Its name is derived from the target, so the next try overwrites what a killed process left.
    """
    while True:
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT, mode)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)  # whatever the umask
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(part, descriptor):
                file.truncate()
                yield file
                return
            # Its former holder renamed or removed it between our two steps, so open a new one.


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _make(folder: Path, mode: int) -> None:
    """Creates the folder and its parents, and syncs their entries to disk: a file is lost along with any of them."""
    new = [one for one in (folder, *folder.parents) if not one.exists()]
    private.make_folder(folder, mode)
    for one in new:
        sync_folder(one.parent)


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
