"""gunicorn's threaded worker, whose main loop waits for slow clients, so that no thread has to.

A thread gets a request when its head is there: otherwise as many clients as there are threads, each of which sends half
a head, silence the site. And where gunicorn's main loop stands still for up to two seconds until a client has closed
its side of an answered connection, this one goes on. A body is still read in a thread, so that in front of the internet
a proxy has to take in whole requests first, as nginx does unless it is told otherwise.
"""

import socket
import struct
import time
from concurrent.futures import Future
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

MOST = 32 * 1024  # bytes of a head, as in nginx
HEAD_SECONDS = 20.0  # for a whole head from its first byte on
BODY_SECONDS = 20  # between two pieces of a body
CLOSE_SECONDS = 2.0  # for the client to close its side, as in gunicorn
_PAUSE = struct.pack("ll", BODY_SECONDS, 0)


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    def enqueue_req(self, conn: Any) -> None:
        """Called in the main loop for every connection that may have something to read."""
        if conn.parser is not None and conn.parser.unreader.buf.getvalue():
            super().enqueue_req(conn)  # gunicorn has read some of it already
            return
        there = _peek(conn.sock)
        if there == b"" or (there and b"\r\n\r\n" in there.lstrip(b"\r\n")):
            conn.head_ends = None
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _PAUSE)
            super().enqueue_req(conn)
        else:
            self._wait_for_head(conn, len(there or b""))

    def _wait_for_head(self, conn: Any, there: int) -> None:
        """Has the loop come back when more has arrived, or closes what is too slow or too large."""
        now, ends = time.monotonic(), getattr(conn, "head_ends", None)
        if not there:
            conn.timeout = now + self.cfg.keepalive
        elif ends is None:
            conn.head_ends = conn.timeout = now + HEAD_SECONDS
        has_hung_up = ends is not None and there == conn.there  # woken without another byte
        if has_hung_up or there >= MOST or now > conn.timeout:
            self._drop(conn)
            return
        conn.there = there
        # What has arrived stays where it is, so the loop is woken by the next byte only.
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, there + 1)
        self._watch(conn, self.on_pending_socket_readable)

    def finish_request(self, conn: Any, fs: "Future[Any]") -> None:
        """Called in the main loop when a thread has answered."""
        if fs.cancelled() or fs.exception() or fs.result():
            super().finish_request(conn, fs)
            return
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(conn)
            return
        conn.timeout = time.monotonic() + CLOSE_SECONDS
        self._watch(conn, self._on_closing)

    def _on_closing(self, conn: Any, client: socket.socket) -> None:
        """Reads what a client still sends after its answer: were it left unread, the answer's end could be lost."""
        try:
            if client.recv(64 * 1024):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._forget(conn)

    def murder_pending(self) -> None:
        """Closes what has waited for too long; unlike gunicorn's own, whatever the order."""
        now = time.monotonic()
        for conn in [one for one in self.pending_conns if one.timeout <= now]:
            self._forget(conn)

    def _watch(self, conn: Any, then: Any) -> None:
        conn.sock.settimeout(0)
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(then, conn))

    def _forget(self, conn: Any) -> None:
        self.poller.unregister(conn.sock)
        self.pending_conns.remove(conn)
        self._drop(conn)

    def _drop(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()


def _peek(client: socket.socket) -> bytes | None:
    """What has arrived; None if nothing has, and b"" if nothing will."""
    try:
        return client.recv(MOST, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return None
    except OSError:
        return b""
