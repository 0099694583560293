"""A video's first frame, taken by ffmpeg: a large program that reads what strangers made, so it is held tightly."""

import logging
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import IO

logger = logging.getLogger(__name__)

# The reader is named, so that nothing in the file chooses another: a playlist could name other files and hosts.
READERS = {"video/mp4": "mov", "video/webm": "matroska"}
MAX_PIXELS = 7680 * 4320
CPU_SECONDS = 8
# Well below the lease of a fetch and the patience of a stop.
SECONDS = 10.0
# A film of 4K pixels takes about half.
MEMORY_BYTES = 400_000_000
ADDRESSES_BYTES = 1_000_000_000
FRAME_BYTES = 50_000_000


@cache
def can_be_made() -> bool:
    """Whether this machine has ffmpeg and what holds it (Debian: ffmpeg, and util-linux, which is always there)."""
    return all(map(shutil.which, ["ffmpeg", "prlimit", "setpriv"]))


@contextmanager
def of(file: IO[bytes], content_type: str) -> Iterator[IO[bytes] | None]:
    """The first frame as a JPEG in its full size, to be decoded like any stranger's file; None when there is none.

    `file` is a file on disk with a descriptor. ffmpeg gets it as its input, an unnamed file as its output, and nothing
    else: no shell, no other protocol than local files, no environment, no writing beyond a frame, little time and
    memory. It dies with this process.
    """
    if not can_be_made():
        yield None
        return
    with tempfile.TemporaryFile() as frame:
        file.flush()
        yield frame if _run(_command(READERS[content_type]), file, frame) else None


def _command(reader: str) -> list[str]:
    held = ["setpriv", "--no-new-privs", "--pdeathsig", "KILL"]
    limits = ["--core=0", "--nofile=32", f"--cpu={CPU_SECONDS}", f"--fsize={FRAME_BYTES}"]
    limits += [f"--data={MEMORY_BYTES}", f"--as={ADDRESSES_BYTES}"]
    quiet = ["-nostdin", "-hide_banner", "-loglevel", "error", "-filter_threads", "1"]
    # The descriptor is opened anew by its name, because a pipe cannot seek and many files need that.
    reading = ["-protocol_whitelist", "file", "-threads", "1", "-max_pixels", str(MAX_PIXELS), "-f", reader]
    source = ["-i", "file:/proc/self/fd/0"]
    one_frame = ["-map", "0:v:0", "-frames:v", "1", "-map_metadata", "-1"]
    writing = ["-threads", "1", "-c:v", "mjpeg", "-q:v", "2", "-f", "image2pipe", "pipe:1"]
    return [*held, "prlimit", *limits, "ffmpeg", *quiet, *reading, *source, *one_frame, *writing]


def _run(command: list[str], source: IO[bytes], target: IO[bytes]) -> bool:
    """Whether it wrote a frame."""
    try:
        process = subprocess.Popen(
            command,
            stdin=source.fileno(),
            stdout=target.fileno(),
            stderr=subprocess.DEVNULL,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            cwd="/",
            process_group=0,
        )
    except OSError:
        logger.warning("ffmpeg could not be started; a video has no poster", exc_info=True)
        return False
    try:
        process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    target.seek(0, os.SEEK_END)
    size = target.tell()
    target.seek(0)
    return process.returncode == 0 and size > 0
