"""Settings, the database and what its rows say about keys, clocks and workers."""

from collections.abc import Iterator
from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.checks import ERROR, run_checks
from django.db import connection
from django.utils import timezone
from django.utils.timesince import timesince

from accounts import factors, sealing
from accounts.models import Token
from generations.dispatch import clock, pending, wake
from generations.doctor.finding import Finding, note, ok, wrong
from generations.models import Lease

# A lease of a sweep lasts six seconds: hosts that differ by more take each other's work.
CLOCK_NOTE, CLOCK_WRONG = 1.0, clock.WRONG
PUT_KEY_BACK = "Put the old key back after the new one in TOKEN_KEYS, then run manage.py rotate_tokens."


def settings_and_rows() -> Iterator[Finding]:
    """All of Django's system checks; those of a deployment unless nobody but this machine is served."""
    problems = run_checks(databases=["default"], include_deployment_checks=not settings.ENV.plain_http)
    for problem in problems:
        say = wrong if problem.level >= ERROR else note
        yield say(f"{problem.msg} ({problem.id})", problem.hint or "")
    if not problems:
        yield ok("All system checks pass.")


def database() -> Iterator[Finding]:
    """Connecting fails where Django does not support the version."""
    connection.ensure_connection()
    version = ".".join(map(str, connection.get_database_version()))
    yield ok(f"{connection.display_name} {version} answers.")


def migrations() -> Iterator[Finding]:
    missing = pending.migrations()
    if missing:
        words = f"{len(missing)} are pending: {', '.join('.'.join(one) for one in missing[:5])}"
        yield wrong(words, "Back up, stop the services, run manage.py migrate, and start them again.")
    else:
        yield ok("The database has had them all.")


def keys() -> Iterator[Finding]:
    """Whether the key that was sealed with last is here, and every token and every second factor opens."""
    last = sealing.missing_key()
    tokens = [token.pk for token in Token.objects.iterator() if not token.opens]
    if tokens:
        numbers = ", ".join(map(str, tokens[:10]))
        yield wrong(f"{len(tokens)} tokens cannot be decrypted: {numbers}", PUT_KEY_BACK)
    elif last:
        yield wrong(f"TOKEN_KEYS lacks {last}, which was encrypted with last.", PUT_KEY_BACK)
    lost = sum(not factors.opens(factor) for factor in Authenticator.objects.iterator())
    if lost:
        yield wrong(f"{lost} second factors cannot be decrypted.", PUT_KEY_BACK)
    if not (tokens or lost or last):
        yield ok(f"{Token.objects.count()} tokens can be decrypted with TOKEN_KEYS.")


def clocks() -> Iterator[Finding]:
    """This host's against the database's; SQLite has none of its own."""
    if connection.vendor != "postgresql":
        yield ok("The database is on this machine.")
        return
    apart = abs(clock.ahead())
    words = f"This host and the database are {apart:.1f} s apart."
    advice = "Keep the clocks of all hosts in sync: apt-get install systemd-timesyncd, or chrony."
    if apart < CLOCK_NOTE:
        yield ok(words)
    else:
        yield (wrong if apart > CLOCK_WRONG else note)(words, advice)


def workers() -> Iterator[Finding]:
    """Each host's heartbeat. It is written by that host's clock, so one from the future tells of a clock."""
    now, beats = timezone.now(), list(wake.hosts())
    for beat in beats:
        host, since = wake.host_of(beat), beat.expires_at - timedelta(seconds=wake.HEARTBEAT_SECONDS)
        if beat.expires_at < now:
            advice = f"Start the worker there, or leave it: {wake.REMEMBERED.days} day after its end it is forgotten."
            yield note(f"{host} is silent since {since:%Y-%m-%d %H:%M:%S %Z} ({timesince(since)} ago).", advice)
        elif since > now + timedelta(seconds=CLOCK_WRONG):
            yield wrong(f"The clock of {host} is ahead of this host's.", "Keep the clocks of all hosts in sync.")
        elif abs(wake.ahead_of(beat)) > CLOCK_WRONG:
            words = f"The clock of {host} is {abs(wake.ahead_of(beat)):.0f} s from the database's."
            yield wrong(words, "Keep the clocks of all hosts in sync.")
        else:
            yield ok(f"{host} is alive.")
    beats_until = Lease.expiry(wake.HEARTBEAT)
    if beats_until is None or beats_until < now:
        yield wrong("No worker does anything.", "Start one: systemctl start studio-worker, or manage.py qcluster.")
    elif all(beat.expires_at < now for beat in beats):
        yield note("No worker has said yet that it is alive.", "If one was just started, ask again in half a minute.")
