"""A sandbox that listens on a port of its own for as long as one test lasts."""

import contextlib
import socket
import threading
from collections.abc import Iterator

from sandbox import Sandbox
from sandbox.serve import Server


@contextlib.contextmanager
def serving(box: Sandbox) -> Iterator[Server]:
    """It waits for requests and looks at no clock, so that it ends at once and a thousand of them cost little."""
    server, over = Server(box), threading.Event()

    def serve() -> None:
        while not over.is_set():
            server.handle_request()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        over.set()
        socket.create_connection(("127.0.0.1", server.server_port)).close()  # what it waits for
        thread.join()
        server.server_close()
