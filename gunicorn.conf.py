"""How gunicorn serves the studio, everywhere. No access log: addresses hold share links."""

import logging
import os
from typing import Any

from dotenv import load_dotenv

from meigen_site import (
    counters,  # noqa: F401  made here, so that all processes count into the same memory
    env,
    network,
)

load_dotenv(env.BASE_DIR / ".env")
bind = network.joined(*network.place(os.environ))
# Whom the studio believes is PROXY_ADDRESSES, which Django's side knows; gunicorn by itself would believe this machine.
forwarded_allow_ips = ""
workers = 2
worker_class = "gthread"
# A click may wait some seconds for Meigen's answer, and who sends a request slowly holds a thread until it is there.
# Sixteen of either leave threads in each process, whichever they reached; in front of the internet a proxy takes in
# whole requests first.
threads = 24
timeout = 60
graceful_timeout = 8
# Longer than browsers and proxies keep an idle connection, so that no click meets one that is just being closed.
keepalive = 90
max_requests = 5000
max_requests_jitter = 500
worker_tmp_dir = "/dev/shm"  # noqa: S108 heartbeats belong in memory, as gunicorn advises for containers
loglevel = "warning"
limit_request_line = 8190
control_socket_disable = True  # a second way in, which nobody here uses


_is_told = False


def on_starting(server: Any) -> None:
    """A failed request is logged with its address, by gunicorn's own loggers, which Django's settings do not reach."""
    from meigen_site.logs import JSON, Json, NoShareLinks

    for name in ["gunicorn.error", "gunicorn.access"]:
        logging.getLogger(name).addFilter(NoShareLinks())
        for handler in logging.getLogger(name).handlers:
            if os.environ.get("LOG_FORMAT", "").strip().lower() == JSON:
                handler.setFormatter(Json())


def pre_fork(server: Any, worker: Any) -> None:
    """The first process of a start, or of a reload, says how the studio starts; those that follow it need not."""
    global _is_told  # noqa: PLW0603
    worker.tells_start = not _is_told
    _is_told = True


def post_worker_init(worker: Any) -> None:
    if worker.tells_start:
        from meigen_site import starting

        starting.tell("The web server")
