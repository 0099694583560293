"""Runs ffmpeg and ffprobe: large programs that read what strangers made, so they are held tightly."""

import logging
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from functools import cache
from typing import IO

logger = logging.getLogger(__name__)

# The reader is named, so that nothing in the file chooses another: a playlist could name other files and hosts.
READERS = {
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/webm": "matroska",
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
}
CPU_SECONDS = 8
# Well below the lease of a fetch and the patience of a stop.
SECONDS = 10.0
# A film of 4K pixels takes about half.
MEMORY_BYTES = 400_000_000
ADDRESSES_BYTES = 1_000_000_000
OUTPUT_BYTES = 50_000_000


@cache
def can_run(program: str) -> bool:
    """Whether this machine has the program and what holds it (Debian: ffmpeg, and util-linux, always there)."""
    return all(map(shutil.which, [program, "prlimit", "setpriv"]))


def _command(program: str, options: Sequence[str], reader: str, reading: Sequence[str] = ()) -> list[str]:
    held = ["setpriv", "--no-new-privs", "--pdeathsig", "KILL"]
    limits = ["--core=0", "--nofile=32", f"--cpu={CPU_SECONDS}", f"--fsize={OUTPUT_BYTES}"]
    limits += [f"--data={MEMORY_BYTES}", f"--as={ADDRESSES_BYTES}"]
    quiet = ["-hide_banner", "-loglevel", "error", "-protocol_whitelist", "file"]
    # The descriptor is opened anew by its name, because a pipe cannot seek and many files need that.
    source = ["-f", reader, "-i", "file:/proc/self/fd/0"]
    return [*held, "prlimit", *limits, program, *quiet, *reading, *source, *options]


def run(
    program: str,
    options: Sequence[str],
    content_type: str,
    source: IO[bytes],
    target: IO[bytes],
    reading: Sequence[str] = (),
) -> bool:
    """Whether it read `source`, a file on disk with a descriptor, and wrote something to `target`, an unnamed file.

    `reading` stands before the input, `options` behind it. It gets nothing else: no shell, no other protocol than
    local files, no environment, no other writing, little time and memory. It dies with this process.
    """
    command = _command(program, options, READERS[content_type], reading)
    source.flush()
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
        logger.warning("%s could not be started", program, exc_info=True)
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
