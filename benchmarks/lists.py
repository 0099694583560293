"""What pages of lists and searches cost with a million generations beside a thousand, in one run.

`view` is the whole request through the test client, `db` the part of it that the database took; each the median of
warm requests. The aim is at most 2 x at any depth. A page of a search may take 100 ms among a hundred thousand prompts,
and typically among a million; past 2 s it says that there is too much to look through.

Milliseconds of CPU, of this process and of PostgreSQL's for it when that runs on this machine: everything is in memory,
so this is the time it takes when nothing else runs. With a server elsewhere it is the time on the clock.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.core.cache import cache, caches
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client
from django.utils import timezone

from accounts.models import User
from benchmarks import seed
from generations.dispatch import line, recovery, wake
from generations.library.filters import HistoryForm
from generations.models import Generation
from generations.studio import expected_wait
from tests.helpers import make_token

RUNS = 21
MOST_RATIO = 2.0
SEARCH_MS, MOST_SEARCH_MS = 100.0, 2000.0
SEARCH_RUNS = 5
PAGE = 24


@dataclass(frozen=True)
class Cost:
    """Milliseconds, medians; what the page has shown."""

    view: float
    db: float
    queries: int
    cards: int


class Meter:
    """Seconds of CPU so far, or on the clock."""

    def __init__(self) -> None:
        self.server: Path | None = None
        self.is_cpu = connection.vendor == "sqlite"
        if not self.is_cpu:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                self.server = Path(f"/proc/{cursor.fetchone()[0]}/schedstat")
            command = self.server.with_name("comm")
            self.is_cpu = command.exists() and command.read_text().startswith("postgres")

    def __call__(self) -> float:
        if not self.is_cpu:
            return time.perf_counter()
        served = int(self.server.read_text().split()[0]) / 1e9 if self.server else 0.0
        return time.process_time() + served


def cost(ask: Callable[[], Any], runs: int) -> Cost:
    """Of asking, warm. The queries are asked again alone, and their answers read.

    Between two runs another connection writes, as the workers do all the time: SQLite forgets what it has read then.
    """
    meter = Meter()
    ask()
    queries: list[tuple[str, Any]] = []
    with connection.execute_wrapper(partial(_note, queries)):
        answer = ask()
    views, databases = [], []
    writer = connection.copy()
    for _ in range(runs):
        _write(writer)
        begun = meter()
        ask()
        views.append(meter() - begun)
        _write(writer)
        begun = meter()
        with connection.cursor() as cursor:
            for query, params in queries:
                cursor.execute(query, params)
                cursor.fetchall()
        databases.append(meter() - begun)
    writer.close()
    return Cost(
        view=statistics.median(views) * 1000,
        db=statistics.median(databases) * 1000,
        queries=len(queries),
        cards=getattr(answer, "content", b"").count(b"<article"),
    )


def _write(other: BaseDatabaseWrapper) -> None:
    with other.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET last_name = %s WHERE username = 'eve'", [str(time.perf_counter_ns())])


def _note(asked: list[tuple[str, Any]], execute: Callable[..., Any], *args: Any) -> Any:
    if args[0].startswith(("SELECT", "WITH")):
        asked.append((args[0], args[1]))
    return execute(*args)


def filters(user: User) -> dict[str, dict[str, str]]:
    """Every list, by name."""
    middle = f"{_middle():%Y-%m-%d}"
    return {
        "all": {},
        "state: waiting": {"state": "waiting"},
        "state: done": {"state": "done"},
        "state: needs a look": {"state": "trouble"},
        "state: cancelled": {"state": "cancelled"},
        "state: deleted": {"state": "deleted"},
        "kind: picture": {"kind": "image"},
        "kind: video": {"kind": "video"},
        "model: the first": {"model": seed.MODELS[0][0]},
        "model: the fifth": {"model": seed.MODELS[5][0]},
        "starred": {"starred": "on"},
        "a collection": {"collection": str(user.collections.get().pk)},
        "the team's": {"whose": "team"},
        "the team's, a model": {"whose": "team", "model": seed.MODELS[0][0]},
        "the team's, an author": {"whose": "team", "author": str(user.pk)},
        "the team's, another author": {"whose": "team", "author": str(seed.people()[1].pk)},
        "since": {"since": middle},
        "until": {"until": middle},
    }


def _is_teams(query: Mapping[str, str]) -> bool:
    return query.get("whose") == "team"


def _form(user: User, query: Mapping[str, str]) -> HistoryForm:
    return HistoryForm(user, query, of_team=_is_teams(query))


def _address(query: Mapping[str, str]) -> str:
    return "/gallery/" if _is_teams(query) else "/generations/"


def pages(client: Client, user: User) -> dict[str, Callable[[], Any]]:
    """What to ask for, by the name of the page and its depth."""

    def getter(url: str, query: Mapping[str, str]) -> Callable[[], Any]:
        return lambda: client.get(url, query)

    found: dict[str, Callable[[], Any]] = {}
    for name, query in filters(user).items():
        rows = _form(user, query).rows()
        count = rows.count()
        for depth, at in {"first": 0, "middle": count // 2, "deepest": max(0, count - PAGE - 1)}.items():
            before = _before(rows[at]) if at else {}
            found[f"{name}, {depth}"] = getter(_address(query), {**query, **before})
    found["the studio"] = getter("/", {})
    own = Generation.objects.owned_by(user).kept().filter(status="done", media_type="image").newest_first()
    for depth, row in {"newest": own.first(), "oldest": own.last()}.items():
        assert row is not None
        found[f"a result, {depth}"] = getter(row.get_absolute_url(), {})
        found[f"compare, {depth}"] = getter(f"{row.get_absolute_url()}compare/", {})
    collection = user.collections.get()
    row = collection.wall(user)[collection.generations.count() // 2]
    found["a result in a collection, middle"] = getter(row.get_absolute_url(), {"in": str(collection.pk)})
    found["collections"] = getter("/collections/", {})
    return found


def behind() -> dict[str, Callable[[], Any]]:
    """What nobody asks for by a page: the work of the sweep and the watchdog, and what is kept for minutes."""
    return {
        "sweep: what is live": wake.live,
        "sweep: what waits": wake.waiting,
        "sweep: recover": recovery.recover,
        "sweep: whose turn": lambda: line.turns(timezone.now(), 16),
        "watchdog": lambda: wake.work_left(0),
        "usual waits": expected_wait._measure,
    }


def cold(user: User) -> dict[str, Callable[[], Any]]:
    """What is kept in memory otherwise."""

    def models(data: dict[str, str]) -> Callable[[], Any]:
        def ask() -> None:
            caches["local"].clear()
            _form(user, data)

        return ask

    return {"models of one's own": models({}), "models of the team": models({"whose": "team"})}


def measured(asks: Mapping[str, Callable[[], Any]], runs: int) -> dict[str, Cost]:
    return {name: cost(ask, runs) for name, ask in asks.items()}


SEARCHES: dict[str, tuple[list[str], dict[str, str]]] = {
    "3 in 10": (["portrait", "Portrait of", "ORTRAIT"], {}),
    "1 in 10": (["lighthouse", "bokeh", "candlelight", "sushi"], {}),
    "1 in 100": (["fox ramen", "狐狸 水彩画", "owl watercolour bokeh", "knight teapot"], {}),
    "5 in a million": (["zeppelin", "ZEPPELIN", "zeppel", "eppelin"], {}),
    "nothing": (["quetzalcoatl", "xylophone", "金字塔塔尖", "nosuchword", "100%", "brontosaurus"], {}),
    "nothing, of common parts": (["thering", "stonet", "portraits", "oldlight", "ographed"], {}),
    "one and two letters": (["4k", "猫", "8k", "湖泊", "ai", "a"], {}),
    "one and two letters, nothing": (["qz", "🦊", "%", "_", "鲸", "\\"], {}),
    "common words that never meet": (["portrait 水彩画", "lighthouse 油画风格", "fox 猫"], {}),
    "3 in 10, starred": (["portrait", "light"], {"starred": "on"}),
    "1 in 100, starred": (["fox ramen", "owl bokeh"], {"starred": "on"}),
    "5 in a million, starred": (["zeppelin"], {"starred": "on"}),
    "3 in 10, starred, since": (["portrait", "light"], {"starred": "on", "since": "lately"}),
    "1 in 100, starred, since": (["fox ramen", "owl bokeh"], {"starred": "on", "since": "lately"}),
    "3 in 10, a collection": (["portrait", "light"], {"collection": ""}),
    "1 in 100, a collection": (["fox ramen", "owl bokeh"], {"collection": ""}),
    "3 in 10, the team's": (["portrait", "light"], {"whose": "team"}),
    "nothing, the team's": (["quetzalcoatl", "xylophone"], {"whose": "team"}),
    "3 in 10, deleted": (["portrait", "light"], {"state": "deleted"}),
    "3 in 10, cancelled": (["portrait", "light"], {"state": "cancelled"}),
    "3 in 10, a rare model": (["portrait", "light"], {"model": seed.MODELS[19][0]}),
    "1 in 100, a rare model": (["fox ramen", "owl bokeh"], {"model": seed.MODELS[19][0]}),
    "3 in 10, until": (["portrait", "light"], {"until": "long ago"}),
}


def searches(client: Client, user: User, total: int, runs: int) -> None:
    """The first page of each search, and one from the middle on, as a person waits for it."""
    lists = filters(user)
    lately = {"since": f"{timezone.now() - timedelta(days=30):%Y-%m-%d}"}
    said = {"collection": lists["a collection"], "until": lists["until"], "since": lately}
    middle = _before(Generation.objects.order_by("created_at", "pk").filter(created_at__gte=_middle())[:1].get())
    print(f"\nSearches among {total:,}: ms of the whole page, aim {SEARCH_MS:g}, never over {MOST_SEARCH_MS:g}")
    print(f"  {'':46} {'median':>8} {'at most':>8}  ended")
    slow = 0
    for name, (words, filtered) in SEARCHES.items():
        query = {name: value for given in filtered for name, value in said.get(given, filtered).items()}
        for depth, before in {"": {}, ", from the middle": middle}.items():
            taken = {each: _clock(client, {**query, **before, "q": each}, runs) for each in words}
            worst = max(taken, key=lambda each: taken[each][0])
            ended = [each for each, (_, is_ended) in taken.items() if is_ended]
            slow += sum(ms > SEARCH_MS for ms, _ in taken.values())
            median = statistics.median(ms for ms, _ in taken.values())
            most = taken[worst][0]
            print(
                f"  {name + depth:46} {median:8.1f} {most:8.1f}  {worst if most > SEARCH_MS else ''} {' '.join(ended)}"
            )
    print(f"  {slow} searches took more than {SEARCH_MS:g} ms")


def _clock(client: Client, query: Mapping[str, str], runs: int) -> tuple[float, bool]:
    """(milliseconds on the clock, warm; whether the page said that there is too much)."""
    taken = []
    for _ in range(runs):
        begun = time.perf_counter()
        answer = client.get(_address(query), query)
        taken.append((time.perf_counter() - begun) * 1000)
        if taken[-1] > 500:  # it will not be another figure
            break
    return statistics.median(taken), b"too much to look through" in answer.content


def _middle() -> datetime:
    """Half way between the oldest and the newest."""
    first, last = [Generation.objects.order_by(way)[:1].get().created_at for way in ("created_at", "-created_at")]
    return first + (last - first) / 2


def _before(row: Generation) -> dict[str, str]:
    """The address of the page that begins after the row."""
    return {"before": f"{row.created_at.isoformat()}_{row.pk}"}


def main(*, small: bool) -> None:
    few, some, many, runs = (100, 200, 300, 1) if small else (1000, 100_000, seed.MOST, RUNS)
    cache.clear()
    seed.seed(few)
    user = seed.people()[0]
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    make_token(user)
    client = Client()
    client.force_login(user)
    begun: dict[str, Cost] = {}
    print(f"Lists ({connection.vendor}), median of {runs}")
    for number in (few, many):
        if number == many:
            seed.seed(some, lambda words: print(f"  seeding: {words}"))
            if not small:
                searches(client, user, some, SEARCH_RUNS)
            seed.seed(many, lambda words: print(f"  seeding: {words}"))
        caches["local"].clear()
        costs = measured({**pages(client, user), **behind(), **cold(user)}, runs)
        if number == few:
            begun = costs
    print(f"  {'':34} {'view ms at':>10} {'':>10} {'':>6}   {'db ms at':>8} {'':>8}   cards, queries")
    print(f"  {'':34} {few:>10,} {many:>10,} {'ratio':>6}   {few:>8,} {many:>8,}")
    misses = 0
    for name, now in costs.items():
        then = begun[name]
        ratio = now.view / then.view
        miss = ratio > MOST_RATIO
        misses += miss
        same = "" if now.cards == then.cards else f" (at {few:,}: {then.cards})"
        print(
            f"  {name:34} {then.view:10.2f} {now.view:10.2f} {ratio:6.2f}   {then.db:8.2f} {now.db:8.2f}"
            f"   {now.cards}, {now.queries}{same}{'  MISS' if miss else ''}"
        )
    print(f"  {misses} of {len(costs)} cost more than {MOST_RATIO:g} x")
    searches(client, user, many, 1 if small else SEARCH_RUNS)
