"""How gunicorn serves the studio, everywhere. No access log: addresses hold share links."""

import logging
import os

from dotenv import load_dotenv

from meigen_site import env, network

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


def on_starting(server: object) -> None:
    """A failed request is logged with its address, by gunicorn's own loggers, which Django's settings do not reach."""
    from meigen_site.logs import NoShareLinks

    for name in ["gunicorn.error", "gunicorn.access"]:
        logging.getLogger(name).addFilter(NoShareLinks())
