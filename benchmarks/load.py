"""A busy studio: browsers with open pages, beside running jobs, on the real processes and the sandbox.

Every browser ticks every two seconds, looks at a page every few seconds and generates now and then. What it waits
for is measured beside a trivial view of the same server in the same minute.
"""

import asyncio
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import httpx
from django.conf import settings
from django.db import connection
from django.test import Client, override_settings

from accounts.models import User
from benchmarks.dispatch import cpu_of_session, environment, members_of_session
from generations.models import Generation
from meigen_site.env import BASE_DIR
from tests.helpers import form_data, make_generation, make_result, make_token, make_user

PEOPLE = 20
DONE = 10  # finished pictures of each person
TICK = 2.0  # seconds, as the page does
ARRIVING = 15.0  # seconds over which people open their first page
MOST_MS = 300.0
HTMX = {"HX-Request": "true"}
LIVE = re.compile(r'name="live" value="([^":]+):([^"]+)"')
RESULT = re.compile(r'href="(/generations/[0-9a-f-]{36}/)')
THUMBNAIL = re.compile(r'src="(/generations/[0-9a-f-]{36}/results/[^"]+)"')


class Browser:
    """One open page of a person who is signed in."""

    def __init__(self, url: str, user: User, waited: dict[str, list[float]], errors: list[str]) -> None:
        signed_in = Client()
        signed_in.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        self.http = httpx.AsyncClient(
            base_url=url, cookies={name: signed_in.cookies[name].value}, timeout=30, trust_env=False
        )
        self.waited, self.errors = waited, errors
        self.fields: dict[str, str] = {}
        self.live: dict[str, str] = {}
        self.results: list[str] = []
        self.pictures: list[str] = []

    async def ask(self, what: str, method: str, path: str, **options: object) -> httpx.Response:
        begun = time.monotonic()
        answer = await self.http.request(method, path, **options)  # type: ignore[arg-type]
        self.waited[what].append((time.monotonic() - begun) * 1000)
        if answer.status_code >= 400:
            self.errors.append(f"{what}: {answer.status_code}")
        return answer

    async def open_the_studio(self) -> None:
        page = (await self.ask("studio", "GET", "/")).text
        for name in ["csrfmiddlewaretoken", "nonce", "tick"]:
            if found := re.search(rf'name="{name}"[^>]* value="([^"]+)"', page):
                self.fields[name] = found[1]
        self.live = dict(LIVE.findall(page))

    async def tick(self) -> None:
        seen = [f"{pk}:{marker}" for pk, marker in self.live.items()]
        answer = await self.ask("tick", "POST", "/tick/", data={"tick": self.fields["tick"], "live": seen})
        if "changed" in answer.headers.get("HX-Trigger", ""):
            form = {"csrfmiddlewaretoken": self.fields["csrfmiddlewaretoken"], "live": seen}
            answer = await self.ask("changed cards", "POST", "/generations/live/", data=form, headers=HTMX)
            newer = dict(LIVE.findall(answer.text))
            ended = {pk for pk in self.live if f"generation-{pk}" in answer.text and pk not in newer}
            self.live = {pk: marker for pk, marker in {**self.live, **newer}.items() if pk not in ended}

    async def look(self) -> None:
        match random.choice(["studio", "history", "search", "gallery", "result", "picture", "price", "trivial"]):
            case "studio":
                await self.open_the_studio()
            case "history":
                page = (await self.ask("history", "GET", "/generations/")).text
                self.results = [*set(RESULT.findall(page))]
                self.pictures = THUMBNAIL.findall(page)
            case "search":
                await self.ask("search", "GET", "/generations/", params={"q": "fox"}, headers=HTMX)
            case "gallery":
                await self.ask("gallery", "GET", "/gallery/")
            case "result" if self.results:
                await self.ask("result page", "GET", random.choice(self.results))
            case "picture" if self.results and self.pictures:
                await self.ask("small picture", "GET", random.choice(self.pictures))
            case "price":
                form = {**form_data(), "csrfmiddlewaretoken": self.fields["csrfmiddlewaretoken"]}
                await self.ask("price", "POST", "/studio/price/", data=form, headers=HTMX)
            case _:
                await self.ask("a trivial view", "GET", "/trivial/")

    async def generate(self) -> None:
        form = {**form_data(nonce=self.fields["nonce"]), "csrfmiddlewaretoken": self.fields["csrfmiddlewaretoken"]}
        await self.ask("click", "POST", "/generations/", data=form)
        await self.open_the_studio()

    async def stay(self, seconds: float) -> None:
        begun = time.monotonic()
        await asyncio.sleep(random.uniform(0, min(ARRIVING, seconds / 2)))
        await self.open_the_studio()
        over, click = begun + seconds, random.randrange(1, max(2, round(seconds / TICK)))
        ticks = 0
        while time.monotonic() < over:
            await asyncio.sleep(TICK)
            await self.tick()
            ticks += 1
            if ticks == click:
                await self.generate()
            elif random.random() < 1 / 3:
                await self.look()
        await self.http.aclose()


def main(*, small: bool) -> None:
    browsers, jobs, seconds = (3, 20, 3) if small else (100, 500, 60)
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        upstream, address = _free_port(), _free_port()
        values = {
            **environment(f"http://127.0.0.1:{upstream}"),
            "MEIGEN_RATE": "100000/60",
            "MEDIA_ROOT": str(settings.MEDIA_ROOT),
            "PORT": str(address),
            "BIND": "127.0.0.1",
            "TOKEN_KEYS": ",".join(f"{name}:{key.reveal()}" for name, key in settings.TOKEN_KEYS),
            "SECRET_KEY": settings.SECRET_KEY,
        }
        box = ["-m", "sandbox", "--port", str(upstream), "--rate", "100000/60", "--credits", "10000000"]
        groups = {"sandbox": running.enter_context(_process(box, values, folder))}
        _until(lambda: _listens(upstream))
        people = _fill(jobs, f"http://127.0.0.1:{upstream}")
        groups["workers"] = running.enter_context(_process(["manage.py", "qcluster"], values, folder))
        web = {**values, "DJANGO_SETTINGS_MODULE": "benchmarks.load_settings"}
        groups["web"] = running.enter_context(_process(["-m", "gunicorn", "meigen_site.wsgi"], web, folder))
        _until(lambda: _listens(address) and _running() >= jobs)
        people_and_jobs = f"{browsers} browsers of {len(people)} people, {jobs} jobs running"
        print(f"\nLoad ({connection.vendor}): {people_and_jobs}, for {seconds} s")
        for _ in range(8):  # each process has loaded everything once
            httpx.get(f"http://127.0.0.1:{address}/accounts/login/", trust_env=False)
        waited: dict[str, list[float]] = defaultdict(list)
        errors: list[str] = []
        url = f"http://127.0.0.1:{address}"
        pages = [Browser(url, people[number % PEOPLE], waited, errors) for number in range(browsers)]
        before, begun = {name: cpu_of_session(pid) for name, pid in groups.items()}, time.monotonic()
        asyncio.run(_visit(pages, seconds, errors))
        passed = time.monotonic() - begun
        _tell(waited, errors, passed)
        for name, pid in groups.items():
            share = (cpu_of_session(pid) - before[name]) / passed
            size, number = _memory(pid), len(members_of_session(pid))
            print(f"  {name:16} {share:6.0%} of a core  {size:5.0f} MB in {number} processes")
        print(f"  still running: {_running()} jobs; {Generation.objects.filter(status='done').count()} done")


def _fill(jobs: int, upstream: str) -> list[User]:
    """People with finished pictures and, together, so many jobs that run longer than anybody looks."""
    people = [make_user() for _ in range(PEOPLE)]
    with override_settings(MEIGEN_BASE_URL=upstream, MEIGEN_RATE=(100_000, 60)):
        for number, person in enumerate(people):
            make_token(person)
            for _ in range(DONE):
                make_result(make_generation(person, status="done", credits_used=2))
            share = jobs // PEOPLE + (number < jobs % PEOPLE)
            browser = Client()
            browser.force_login(person)
            while share > 0:
                form = form_data(prompt="a red fox sandbox:seconds=3600", count=str(min(share, 8)))
                browser.post("/generations/", form)
                share -= 8
    return people


async def _visit(open_pages: list[Browser], seconds: float, errors: list[str]) -> None:
    found = await asyncio.gather(*(browser.stay(seconds) for browser in open_pages), return_exceptions=True)
    errors += [f"{type(each).__name__}: {each}" for each in found if each]


def _tell(waited: dict[str, list[float]], errors: list[str], passed: float) -> None:
    def p95(found: list[float]) -> float:
        return sorted(found)[int(len(found) * 0.95)]

    trivial = waited.get("a trivial view")
    unit = p95(trivial) if trivial else float("nan")
    for what, found in sorted(waited.items(), key=lambda item: p95(item[1])):
        print(
            f"  {what:16} {len(found):5} asked  {statistics.median(found):6.1f} ms median  {p95(found):6.1f} p95"
            f"  {max(found):6.1f} at most  {p95(found) / unit:5.1f} x the trivial view's p95"
        )
    every = [moment for found in waited.values() for moment in found]
    verdict = "" if p95(every) < MOST_MS and not errors else "   <-- over the limit"
    print(f"  all: {len(every) / passed:.0f} requests/s, p95 {p95(every):.0f} ms, {len(errors)} errors{verdict}")
    for error in sorted(set(errors)):
        print(f"    {errors.count(error)} x {error}")


@contextmanager
def _process(command: list[str], values: dict[str, str], folder: Path) -> Iterator[int]:
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, *command], env=values, cwd=BASE_DIR, stdout=log, stderr=log, start_new_session=True
        )
    try:
        yield process.pid
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(30)
        with suppress(ProcessLookupError):  # what is left of them would keep the database busy
            os.killpg(process.pid, signal.SIGKILL)
        while members_of_session(process.pid):
            time.sleep(0.1)


def _memory(leader: int) -> float:
    """The proportional set size of a session's processes in MB: what they share is divided among those who share it."""
    total = 0
    for pid in members_of_session(leader):
        try:
            found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
        except OSError:
            continue
        total += int(found[1]) if found else 0
    return total / 1024


def _running() -> int:
    return Generation.objects.filter(status="running").count()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _until(condition: Callable[[], bool], seconds: float = 120) -> None:
    over = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > over:
            raise RuntimeError("The processes did not start.")
        time.sleep(0.2)
