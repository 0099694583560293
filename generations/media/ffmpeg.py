"""Runs ffmpeg and ffprobe in a tight sandbox, because they are large programs that process untrusted files."""

import logging
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from functools import cache
from typing import IO

logger = logging.getLogger(__name__)

# The demuxer is fixed, so that the file cannot select another: a playlist could name other files and hosts.
READERS = {
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/webm": "matroska",
    "audio/wav": "wav",
    "audio/mpeg": "mp3",
}
CPU_SECONDS = 8
# Well below the lease of a fetch and the time limit for stopping.
SECONDS = 10.0
# A 4K video takes about half of this.
MEMORY_BYTES = 400_000_000
ADDRESSES_BYTES = 1_000_000_000
OUTPUT_BYTES = 50_000_000


@cache
def can_run(program: str) -> bool:
    """Whether this machine has the program and the tools that confine it (Debian: ffmpeg, and util-linux, always
    there)."""
    return all(map(shutil.which, [program, "prlimit", "setpriv"]))


def _command(program: str, options: Sequence[str], reader: str, reading: Sequence[str] = ()) -> list[str]:
    held = ["setpriv", "--no-new-privs", "--pdeathsig", "KILL"]
    limits = ["--core=0", "--nofile=32", f"--cpu={CPU_SECONDS}", f"--fsize={OUTPUT_BYTES}"]
    limits += [f"--data={MEMORY_BYTES}", f"--as={ADDRESSES_BYTES}"]
    quiet = ["-hide_banner", "-loglevel", "error", "-protocol_whitelist", "file"]
    # The descriptor is reopened by its name, because a pipe cannot seek and many files need that.
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
    """Runs the program on `source`, a file on disk with a descriptor. Returns whether it wrote anything to `target`, an
    unnamed file.

    `reading` are the options before the input, `options` those after it. The program gets no shell, no protocol but
    local files, no environment, no other output, and little time and memory. It dies with this process.
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
