"""Whether results can be kept: the room on this host's disks, and what is done once there is some again."""

import errno
import shutil
import socket
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from generations.dispatch import troubles, wake
from generations.models import Pause, Result
from generations.models.sentences import Sentence

# Enough for the largest results that two tasks may fetch at once; of a small disk a tenth.
ROOM = 500_000_000


class Room(NamedTuple):
    free: int
    total: int

    @property
    def is_enough(self) -> bool:
        return self.free >= min(ROOM, self.total // 10)


def folders() -> dict[str, Path]:
    """Where room is needed on this host: where uploads and downloads pass through, results are kept, SQLite grows."""
    found = {"temporary": Path(tempfile.gettempdir())}
    if not settings.ENV.bucket:
        found["results"] = settings.MEDIA_ROOT
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        found["database"] = Path(settings.DATABASES["default"]["NAME"]).parent
    return found


def room(folder: Path) -> Room:
    """The room for a folder, which need not exist yet. Raises OSError."""
    usage = shutil.disk_usage(next(each for each in [folder, *folder.parents] if each.exists()))
    return Room(usage.free, usage.total)


def write_and_read() -> None:
    """Keeps a small file, reads it and deletes it. Raises OSError if that fails."""
    name = default_storage.save(f"doctor-{uuid.uuid4().hex}", ContentFile(b"well"))
    try:
        with default_storage.open(name) as file:
            if file.read() != b"well":
                raise OSError("What was written is not what is read.")
    finally:
        default_storage.delete(name)


def failed(error: OSError) -> None:
    """A result could not be kept: for want of room on this host, or because the bucket of all hosts fails."""
    if isinstance(error, BlockingIOError):
        return  # another process was just keeping it
    reason = error.strerror or str(error)
    if settings.ENV.bucket and error.errno != errno.ENOSPC:
        troubles.begin(troubles.STORE, f"Results cannot be kept in the bucket: {reason}")
    else:
        words = f"Results cannot be kept on {socket.gethostname()}: {reason}"
        troubles.begin(troubles.of_host(troubles.STORE), words)


def look() -> None:
    """If results could not be kept on this host, tries whether they can be again. Each host looks at its own disks."""
    if not troubles.lasts(troubles.of_host(troubles.STORE)):
        return
    with suppress(OSError):
        if all(room(folder).is_enough for folder in folders().values()):
            if not settings.ENV.bucket:
                write_and_read()
            troubles.end(troubles.of_host(troubles.STORE), hurry)


def look_at_bucket() -> None:
    """The same for the bucket. It may take long to fail, so this is for a task."""
    if not troubles.lasts(troubles.STORE):
        return
    with suppress(OSError):
        write_and_read()
        troubles.end(troubles.STORE, hurry)


def hurry() -> None:
    """What waits for room need not wait any longer."""
    now = timezone.now()
    waiting = Result.objects.filter(
        problem__startswith=Sentence.FILE_NOT_SAVED.beginning, kept_at=None, gone_at=None, not_before__gt=now
    )
    if waiting.update(not_before=now) and not Pause.is_on():
        wake.fetch()
