"""Names for processes, so that what a dead one held can be taken over at once."""

import os
import socket
from functools import cache
from pathlib import Path


def this_process() -> str:
    """host|boot|pid|start: names one process for good, since a pid alone comes back."""
    return _name(os.getpid())


def is_dead(name: str) -> bool:
    """Whether it was a process of this host that has ended; False when that cannot be told."""
    host, boot, pid, started = (name.split("|") + [""] * 4)[:4]
    if (host, boot) != _this_boot() or not boot or not pid.isdigit():
        return False
    return _started(int(pid)) != started


@cache
def _name(pid: int) -> str:
    return "|".join([*_this_boot(), str(pid), _started(pid) or ""])


@cache
def _this_boot() -> tuple[str, str]:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        # Containers share the boot id but not the pids, so the pid namespace belongs to the name.
        boot += str(Path("/proc/self/ns/pid").stat().st_ino)
    except OSError:
        boot = ""
    return socket.gethostname(), boot


def _started(pid: int) -> str | None:
    """The start time of a process, None when there is no such process or only its unburied body."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in {"Z", "X"} else fields[19]
