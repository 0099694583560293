"""One process that polls, to be measured from outside: `python -m benchmarks.polling sweep|bare ...`.

It prints a line of JSON when all jobs have ended: CPU seconds of the polling alone, and the largest memory in MB.
"""

import asyncio
import json
import random
import resource
import sys
import time

import httpx

INTERVAL = 3.0


def sweep() -> None:
    """The studio's own slices until nothing is left."""
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meigen_site.settings")
    import django

    django.setup()
    from django.conf import settings

    from generations.dispatch import sweep, wake

    settings.SWEEPS = 1  # one process for all
    _report(lambda: _slices(sweep.run_slice, wake.work_left))


def _slices(run_slice, work_left) -> None:  # type: ignore[no-untyped-def]
    while work_left(0):
        run_slice(0)


def bare(url: str, jobs: list[str]) -> None:
    """The same polls by httpx alone, through as many clients, without a database or a meaning."""
    lags: list[float] = []
    _report(lambda: asyncio.run(_bare(url, jobs, lags)), lags)


async def _bare(url: str, jobs: list[str], lags: list[float]) -> None:
    limits = httpx.Limits(max_connections=4, max_keepalive_connections=4)
    clients = [httpx.AsyncClient(base_url=url, limits=limits, trust_env=False) for _ in range(16)]
    free = clients * 4
    due: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for job in jobs:
        loop.call_later(random.uniform(0, INTERVAL), due.put_nowait, job)
    ended = asyncio.Event()

    async def worker() -> None:
        while True:
            job = await due.get()
            client = free.pop()
            answer = await client.get(f"/api/generate/v2/status/{job}", headers={"Authorization": "Bearer nobody"})
            free.append(client)
            if answer.json()["status"] == "processing":
                loop.call_later(INTERVAL, due.put_nowait, job)
                continue
            lags.append(time.time() - int(job.rpartition("-")[2]) / 1000)
            if len(lags) == len(jobs):
                ended.set()

    workers = [asyncio.create_task(worker()) for _ in free]
    await ended.wait()
    for each in workers:
        each.cancel()
    for client in clients:
        await client.aclose()


def _report(work, lags: list[float] | None = None) -> None:  # type: ignore[no-untyped-def]
    begun = time.process_time()
    work()
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"cpu": time.process_time() - begun, "megabytes": used.ru_maxrss / 1024, "lags": lags}))


if __name__ == "__main__":
    if sys.argv[1] == "sweep":
        sweep()
    else:
        bare(sys.argv[2], sys.stdin.read().split())
