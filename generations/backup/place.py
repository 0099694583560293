"""The directory of the backups: a folder for each, and beside them the media files of all, by their hashes.

A backup that is being made, or was cut off, has a name that ends in `.part`; one without is complete. Everything is
readable by its owner alone.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.utils import timezone

from generations.media.storage import CHUNK, DurableStorage, sync_folder
from meigen_site import private

ABOUT, DATABASE, MANIFEST, PART = "about.json", "database", "media.jsonl", ".part"
HASH = 64  # characters


class NotUsable(Exception):
    """A directory that holds no backup, or that another process is working in."""


@dataclass(frozen=True)
class Entry:
    """A stored file as its row knows it, and the names of its small pictures, which can be made again."""

    name: str
    sha256: str
    small: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Backup:
    """A complete backup."""

    folder: Path

    @property
    def about(self) -> dict[str, Any]:
        about: dict[str, Any] = json.loads((self.folder / ABOUT).read_text())
        return about

    @property
    def made_at(self) -> datetime:
        return datetime.fromisoformat(self.about["made_at"])

    @property
    def database(self) -> Path:
        return self.folder / DATABASE

    def entries(self) -> Iterator[Entry]:
        with (self.folder / MANIFEST).open() as lines:
            for line in lines:
                yield Entry(**json.loads(line))


class Place:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = DurableStorage(
            location=folder / "media",
            file_permissions_mode=private.FILE,
            directory_permissions_mode=private.FOLDER,
        )

    def backups(self) -> list[Backup]:
        """All complete ones, the oldest first."""
        return [Backup(about.parent) for about in sorted(self.folder.glob(f"*/{ABOUT}")) if about.parent.suffix != PART]

    def chosen(self, name: str = "") -> Backup:
        """The one of this name, or the latest. Raises NotUsable."""
        found = [backup for backup in self.backups() if name in {"", backup.folder.name}]
        if found:
            return found[-1]
        if any(self.folder.glob(f"*{PART}")):
            raise NotUsable(f"{self.folder} has only a backup that was cut off.")
        raise NotUsable(f"{self.folder} has no backup{name and f' {name}'}.")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Makes the directory this process's own, and removes what earlier ones left unfinished."""
        private.make_folder(self.folder, private.FOLDER)
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            with _understood(self.folder):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for left in self.folder.glob(f"*{PART}"):
                shutil.rmtree(left)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def begun(self) -> Iterator[Path]:
        """A folder for one backup. It gets its name, and so becomes one, when nothing went wrong."""
        name = f"{timezone.now():%Y-%m-%dT%H%M%S.%fZ}"
        part = self.folder / f"{name}{PART}"
        private.make_folder(part, private.FOLDER)
        try:
            yield part
        except BaseException:
            shutil.rmtree(part)
            raise
        sync_folder(part)
        part.rename(self.folder / name)
        sync_folder(self.folder)

    def has(self, name: str) -> bool:
        return self.files.exists(name)

    def keep(self, name: str, source: IO[bytes]) -> None:
        self.files.save(name, File(source))

    def prune(self, keep: int) -> int:
        """Deletes all but the latest `keep` backups, and the files that only they had; says how many backups."""
        old = self.backups()[:-keep]
        for backup in old:
            # No longer complete from here on, whatever happens.
            shutil.rmtree(backup.folder.rename(f"{backup.folder}{PART}"))
        wanted = {entry.sha256 for backup in self.backups() for entry in backup.entries()}
        for file in Path(self.files.location).glob("*/*"):
            if file.name[:HASH] not in wanted:
                file.unlink()
        return len(old)


@contextmanager
def _understood(folder: Path) -> Iterator[None]:
    try:
        yield
    except BlockingIOError:
        raise NotUsable(f"Another backup is being made in {folder}.") from None


def place_of(sha256: str, ending: str = "") -> str:
    """The name in the directory of a file with this content, or of a small picture of it."""
    return f"{sha256[:2]}/{sha256}{ending}"


def small_places(entry: Entry) -> Iterator[tuple[str, str]]:
    """(the name of a small picture, its name in the directory)."""
    for name in entry.small:
        yield name, place_of(entry.sha256, f".{Path(name).name.partition('.')[2]}")


def write(path: Path, lines: Iterable[str]) -> None:
    path.touch(private.FILE)
    with path.open("w") as file:
        file.writelines(f"{line}\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())


def line_of(entry: Entry) -> str:
    return json.dumps(asdict(entry))


def sha256_of(file: IO[bytes] | File[Any]) -> str:
    """Of everything from here to the end of the file."""
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def is_whole(place: Place, entry: Entry) -> bool:
    """Whether the directory has the file as it was."""
    kept = place_of(entry.sha256)
    if not place.has(kept):
        return False
    with place.files.open(kept) as file:
        return sha256_of(file) == entry.sha256


def put_back(place: Place, entry: Entry) -> bool:
    """Copies a file and its small pictures from the directory into the store; False if it is not there, or damaged."""
    if not is_whole(place, entry):
        return False
    with place.files.open(place_of(entry.sha256)) as file:
        default_storage.save(entry.name, file)
    for name, small in small_places(entry):
        if place.has(small):
            with place.files.open(small) as file:
                default_storage.save(name, file)
    return True
