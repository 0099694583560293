"""The decoder's process: `python -m generations.media.decoder_process`, with a socket as standard input.

It limits itself before it reads anything, and knows neither Django nor any secret. A request is the name of an
operation, the seconds it may take, further numbers for it and a file's descriptor; the reply is a line of JSON,
followed by the new files. It ends when the other side closes the socket, and after `MOST` pictures, so that nothing
accumulates.
"""

import json
import os
import resource
import signal
import socket
from typing import Any

from generations.media.picture import OPERATIONS, Rejected

MOST = 100
# Decoding the largest WebP takes most of it.
MAX_MEMORY = 340_000_000


def main() -> None:
    confine()
    # Standard input itself is replaced, so that nothing that is decoded later can be mistaken for it.
    with socket.socket(fileno=os.dup(0)) as line:
        line.sendall(b"\n")  # ready
        for _ in range(MOST):
            request, descriptors, *_ = socket.recv_fds(line, 100, 1)
            if not request:
                return
            operation, seconds, *numbers = request.decode().split()
            signal.setitimer(signal.ITIMER_REAL, float(seconds))  # ends this process, whatever it is doing
            known, files = answer(operation, descriptors[0], *map(int, numbers))
            head = {**known, "sizes": [len(file) for file in files]}
            line.sendall(json.dumps(head).encode() + b"\n" + b"".join(files))
            signal.setitimer(signal.ITIMER_REAL, 0)


def confine() -> None:
    """Gives up all but a little memory and a few descriptors, for good."""
    limits = {
        resource.RLIMIT_DATA: MAX_MEMORY,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 16,
    }
    for limit, most in limits.items():
        resource.setrlimit(limit, (most, most))


def answer(operation: str, descriptor: int, *numbers: int) -> tuple[dict[str, Any], list[bytes]]:
    """Out of memory, the process ends without a reply: a new one may manage, because it has not held others before."""
    # Opened by name, so that the reading position is our own.
    with open(f"/proc/self/fd/{descriptor}", "rb") as file:  # noqa: PTH123
        os.close(descriptor)
        try:
            return OPERATIONS[operation](file, *numbers)
        except Rejected as rejected:
            return {"rejected": rejected.code, "parameters": rejected.parameters}, []


if __name__ == "__main__":
    main()
