"""Files at rest: the database and the results are readable by their owner alone.

Where a proxy sends the files (MEDIA_ACCEL) its group may read them, and walk through the folders above. The modes are
set one by one rather than by a umask, because `collectstatic` makes files that others shall read.
"""

import contextlib
from pathlib import Path

FILE, FOLDER = 0o600, 0o700
FILE_OF_PROXY, FOLDER_OF_PROXY = 0o640, 0o750


def make_folder(folder: Path, mode: int) -> None:
    """Creates the folder and the missing ones above it, each with that mode. Others stay as they are."""
    for one in reversed([new for new in (folder, *folder.parents) if not new.exists()]):
        one.mkdir(exist_ok=True)
        one.chmod(mode)


def keep_database(file: Path, folder_mode: int) -> None:
    """Creates an SQLite database's file before SQLite does, which would let everybody read it.

    Its -wal and -shm get the same mode from SQLite. Those of an older release are closed to others here.
    """
    make_folder(file.parent, folder_mode)
    with contextlib.suppress(OSError):  # of another owner, or on a disk without modes: opening it will tell
        file.touch(FILE)
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                file.with_name(file.name + suffix).chmod(FILE)
