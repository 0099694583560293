"""How fast results arrive and what the watching costs, beside a bare httpx loop in the same run."""

import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from urllib.request import urlopen

from django.db import connection
from django.utils import timezone

from accounts.models import User
from generations.models import Generation
from meigen_site.env import BASE_DIR
from tests.helpers import database_url, make_generation, make_token, make_user

IDLE_JOBS = 50


def main(*, small: bool) -> None:
    jobs, idle_seconds = (20, 1) if small else (2000, 30)
    within = (0, 1) if small else (10, 20)  # seconds after which the jobs complete, at least and at most
    print(
        f"\nDispatch ({connection.vendor}): {jobs} in flight, polled every 3 s,"
        f" completing within {within[0]:g} to {within[1]:g} s"
    )
    with status_server() as url:
        bare = run_bare(url, jobs, within)
        sweep = run_sweep(url, jobs, within)
        rows = [("the sweep", sweep), ("a bare httpx loop", bare)]
        for name, found in rows:
            lags = sorted(found["lags"])
            p95 = lags[int(len(lags) * 0.95)]
            print(
                f"  {name:18} {found['polls'] / found['seconds']:4.0f} polls/s"
                f" {found['cpu_per_poll']:6.2f} ms CPU per poll"
                f"   lag {statistics.median(lags):.2f} s median, {p95:.2f} s p95   {found['megabytes']:4.0f} MB"
            )
        print(f"  CPU per poll: {sweep['cpu_per_poll'] / bare['cpu_per_poll']:.2f} x the bare loop")
        if sweep["writes"] is not None:
            print(f"  row writes per generation while it is polled: {sweep['writes'] / jobs:.2f}")
        cpu = run_idle(url, idle_seconds)
        print(f"  a whole worker cluster with {IDLE_JOBS} in flight: {cpu:.1%} of one core")


@contextmanager
def status_server() -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.status_server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=BASE_DIR) as server:
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        finally:
            server.kill()


def polls(url: str) -> int:
    with urlopen(f"{url}/polls") as answer:
        return int(answer.read())


def job_ids(count: int, begin: float, within: tuple[float, float] = (10, 20)) -> list[str]:
    """Ids that say when each job completes."""
    return [f"job-{number}-{round((begin + random.uniform(*within)) * 1000)}" for number in range(count)]


def run_bare(url: str, jobs: int, within: tuple[float, float]) -> dict:  # type: ignore[type-arg]
    before, begun = polls(url), time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.polling", "bare", url],
        input="\n".join(job_ids(jobs, time.time(), within)),
        stdout=subprocess.PIPE,
        text=True,
        cwd=BASE_DIR,
        check=True,
    )
    return _summary(json.loads(done.stdout), polls(url) - before, time.monotonic() - begun)


def run_sweep(url: str, jobs: int, within: tuple[float, float]) -> dict:  # type: ignore[type-arg]
    user = _fresh_user()
    seed(user, job_ids(jobs, time.time() + 2 + jobs / 1000, within))
    written, before, begun = _writes(), polls(url), time.monotonic()
    command = [sys.executable, "-m", "benchmarks.polling", "sweep"]
    sweeper = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=BASE_DIR, env=environment(url))
    lags: list[float] = []
    seen = timezone.now()
    while len(lags) < jobs:
        # When a row can be read it is committed; asking often makes the figure only worse.
        rows = Generation.objects.filter(status="done", changed_at__gt=seen).values_list("remote_id", "changed_at")
        for remote_id, changed_at in rows:
            lags.append(time.time() - int(remote_id.rpartition("-")[2]) / 1000)
            seen = max(seen, changed_at)
        time.sleep(0.1)
        if time.monotonic() - begun > 90 + jobs / 100:
            sweeper.kill()
            raise RuntimeError("The sweep did not end.")
    seconds = time.monotonic() - begun
    assert sweeper.stdout is not None
    found = json.loads(sweeper.stdout.read())
    sweeper.wait()
    after = _writes()
    writes = None if written is None or after is None else after - written
    return {**_summary({**found, "lags": lags}, polls(url) - before, seconds), "writes": writes}


def run_idle(url: str, seconds: float) -> float:
    """CPU of every process of a worker cluster that only watches, as a share of one core."""
    user = _fresh_user()
    seed(user, job_ids(IDLE_JOBS, time.time() + 3600))
    command = [sys.executable, "manage.py", "qcluster"]
    cluster = subprocess.Popen(
        command, cwd=BASE_DIR, env=environment(url), start_new_session=True, stderr=subprocess.DEVNULL
    )
    time.sleep(5)
    before, begun = cpu_of_session(cluster.pid), time.monotonic()
    time.sleep(seconds)
    share = (cpu_of_session(cluster.pid) - before) / (time.monotonic() - begun)
    cluster.terminate()
    cluster.wait()
    return share


def seed(user: User, ids: list[str]) -> None:
    now = timezone.now()
    model = make_generation(user)
    Generation.objects.filter(pk=model.pk).update(status=Generation.Status.CANCELLED)
    names = ["prompt", "model_id", "model_name", "media_type", "token", "body", "counted_on"]
    columns = {name: getattr(model, name) for name in names}
    Generation.objects.bulk_create(
        Generation(
            owner=user,
            nonce=remote_id,
            status=Generation.Status.RUNNING,
            remote_id=remote_id,
            token_revision=1,
            running_at=now,
            watch_until=now + timedelta(hours=2),
            **columns,
        )
        for remote_id in ids
    )


def environment(url: str) -> dict[str, str]:
    """For a process on this run's database."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "meigen_site.settings",
        "DATABASE_URL": database_url(),
        "MEIGEN_BASE_URL": url,
    }


def _fresh_user() -> User:
    Generation.objects.update(status=Generation.Status.CANCELLED)  # the ledger keeps them
    user = make_user()
    make_token(user)
    return user


def _summary(found: dict, count: int, seconds: float) -> dict:  # type: ignore[type-arg]
    return {**found, "polls": count, "seconds": seconds, "cpu_per_poll": found["cpu"] / count * 1000}


def _writes() -> int | None:
    """Rows inserted, updated and deleted in this database so far; None where the database does not count them."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")  # this session's own; others report when they end
        cursor.execute("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables")
        return int(cursor.fetchone()[0])


def cpu_of_session(leader: int) -> float:
    """CPU seconds of the living processes that share a session."""
    ticks = sum(int(fields[11]) + int(fields[12]) for fields in members_of_session(leader).values())
    return ticks / os.sysconf("SC_CLK_TCK")


def members_of_session(leader: int) -> dict[int, list[str]]:
    """The living processes that share a session, each with the fields of its `/proc/<pid>/stat` from the third on."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader:
            found[int(entry.parent.name)] = fields
    return found
