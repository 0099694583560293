"""What the commands that start other processes share."""

import contextlib
import ctypes
import signal


def end_with_parent(how: signal.Signals = signal.SIGTERM) -> None:
    """Linux: this process gets the signal when its parent dies, however that dies."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, how)  # PR_SET_PDEATHSIG
