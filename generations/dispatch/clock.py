"""This host's clock against the database's, which all hosts share."""

import time

from django.db import connection

WRONG = 5.0  # seconds: a lease of a sweep lasts six


def ahead() -> float:
    """Seconds by which this host's clock is ahead. SQLite is on the same host, and has no clock of its own."""
    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        before = time.time()
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        theirs = float(cursor.fetchone()[0])
    return (before + time.time()) / 2 - theirs
