"""Runs code in a studio's own Python: a JSON string per line comes in, what it printed or how it failed goes out."""

import contextlib
import io
import json
import sys
import traceback

import django
from django.db import close_old_connections


def run(code: str) -> dict[str, str]:
    printed = io.StringIO()
    close_old_connections()
    try:
        with contextlib.redirect_stdout(printed):
            exec(code, {})
    except Exception:  # noqa: BLE001 the test raises it
        return {"failed": traceback.format_exc()}
    return {"printed": printed.getvalue()}


def main() -> None:
    django.setup()
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
