"""`python -m sandbox --port 8900`: the sandbox over HTTP, on loopback only."""

import argparse
import contextlib
import signal
import sys
from pathlib import Path

from sandbox.app import Sandbox
from sandbox.serve import Server


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8900)
    parser.add_argument(
        "--ledger", type=Path, help="keep the ledger in this file; without it, it ends with the process"
    )
    parser.add_argument("--speed", type=float, default=1, help="how many times faster than real time jobs finish")
    parser.add_argument("--rate", default="12/60", help="posts/seconds allowed per account")
    parser.add_argument("--credits", type=int, default=1000, help="credits for a new account")
    parser.add_argument(
        "--edition", type=int, choices=[1, 2], default=2, help="edition of the wire contract; 1 is the older one"
    )
    options = parser.parse_args()
    posts, _, seconds = options.rate.partition("/")
    sandbox = Sandbox(
        path=options.ledger,
        credits=options.credits,
        speed=options.speed,
        rate=(int(posts), float(seconds)),
        edition=options.edition,
    )
    try:
        server = Server(sandbox, options.port)
    except OSError:
        print(f"Port {options.port} is taken; choose another with --port.", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"Meigen sandbox at {server.url}", flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
