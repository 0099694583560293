"""A million generations in a minute or two: `python -m benchmarks.seed 1000000` fills the configured database.

Half of the people's work is like anybody's: most of it done, some refused, some deleted, some shown to the team, some
starred. Prompts are from word lists, one in eight is Chinese. One person has nine rows in ten.
"""

import argparse
import contextlib
import hashlib
import json
import os
import random
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meigen_site.settings")
    django.setup()

from accounts.models import User
from generations.models import Collection, CollectionItem, DailyUsage, Generation, Star

MOST = 1_000_000
FIRST = 1000  # of these more are starred, deleted and so on, so that every list of theirs has some pages
COMMON, RARE, NOWHERE = "portrait", "zeppelin", "quetzalcoatl"
RARE_EVERY = 200_003
EVERY = timedelta(seconds=63)  # two years of them
BATCH = 20_000

ADJECTIVES = (
    "ancient bright calm dark elegant foggy golden hazy icy jagged lush misty neon ornate pale quiet rustic serene "
    "tiny vast vivid weathered gentle glossy matte moody dramatic soft warm cold wet dusty frozen sunlit moonlit "
    "stormy abandoned futuristic medieval baroque minimal"
).split()
THINGS = (
    "fox owl cat dog castle harbour forest city street train robot astronaut dancer violinist lighthouse mountain lake "
    "desert ship balloon dragon knight witch garden kitchen perfume bottle watch shoe car motorcycle teapot bowl ramen "
    "sushi flower rose orchid waterfall bridge temple"
).split()
STYLES = (
    "oil painting|watercolour|studio photo|35mm film|pixel art|isometric render|paper cut|charcoal sketch|anime visual|"
    "low poly|macro photograph|long exposure|product shot|editorial fashion|double exposure|ukiyo-e print"
).split("|")
DETAILS = (
    "soft morning light|golden hour|rim light|neon glow|overcast sky|candlelight|volumetric fog|high contrast|bokeh|"
    "shallow depth of field|85mm lens|wide angle|bird's eye view|symmetrical composition|rule of thirds|4k|8k|"
    "cinematic|highly detailed"
).split("|")
WHICH = "一只 一座 夜晚的 清晨的 古老的 未来的 雨中的 雪地里的 阳光下的 梦幻的".split()
WHAT = "狐狸 猫 城市 山谷 灯塔 机器人 少女 寺庙 火车 花园 湖泊 龙".split()
HOW = "水彩画 油画风格 电影感光线 高清细节 浅景深 赛博朋克 国风插画 极简构图".split()
SYLLABLES = (
    "ba be bi bo bu da de di do du ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu ra re ri ro ru sa se si "
    "so su ta te ti to tu va ve vi vo vu za ze zi zo zu sha che tho phi lan mir dor wen gar"
).split()
MODELS = [(f"model-{number:02}", f"Model {number:02}", "video" if number % 7 == 3 else "image") for number in range(20)]


def prompts(chance: random.Random) -> Callable[[int], str]:
    """A maker of prompts: 30 in 100 have `COMMON`, five in a million `RARE`."""
    names = ["".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))).title() for _ in range(30_000)]
    one = chance.choice

    def prompt(number: int) -> str:
        if number % RARE_EVERY != 5 and chance.random() < 0.12:
            return "，".join([one(WHICH) + one(WHAT), one(WHICH) + one(WHAT), *chance.sample(HOW, 3)])
        return ", ".join(
            [
                f"{COMMON + ' of ' if chance.random() < 0.34 else ''}a {one(ADJECTIVES)} {one(THINGS)}",
                f"a {one(ADJECTIVES)} {one(THINGS)} near {one(names)}",
                f"{one(ADJECTIVES)} {one(ADJECTIVES)} {one(THINGS)} in the background",
                one(STYLES),
                *chance.sample(DETAILS, 3),
                f"in the manner of {one(names)} {one(names)}",
                *([RARE] if number % RARE_EVERY == 5 else []),
            ]
        )

    return prompt


def people() -> list[User]:
    """The one with most of the rows first."""
    names = ["most", "ann", "bob", "cid", "dee", "eve"]
    return [User.objects.get_or_create(username=name, defaults={"email": f"{name}@example.org"})[0] for name in names]


def seed(total: int, tell: Callable[[str], object] = lambda _: None) -> User:
    """Brings the number of generations to `total`; returns the person who has most of them."""
    begun = time.monotonic()
    there = Generation.objects.count()
    owners = people()
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA cache_size = -500000")  # half a GB: ids are in no order
    marked: list[tuple[int, uuid.UUID, datetime]] = []
    with _without_indexes():
        _insert(Generation, _rows(there, total, [owner.pk for owner in owners], marked))
        tell(f"rows after {time.monotonic() - begun:.0f} s")
    tell(f"indexes after {time.monotonic() - begun:.0f} s")
    _mark(owners[0], marked)
    _sum_up()
    if connection.vendor == "sqlite":
        connection.close()
    else:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")  # as autovacuum does within a minute
    tell(f"{total - there} generations in {time.monotonic() - begun:.0f} s")
    return owners[0]


def _sum_up() -> None:
    """The daily sums, as the migration works them out for what was there before them."""
    ledger = import_module("generations.migrations.0004_ledger")
    by = Generation.objects.values("owner_id", "model_id", "media_type", day=F("counted_on")).order_by()
    DailyUsage.objects.all().delete()
    DailyUsage.objects.bulk_create((DailyUsage(**row) for row in by.annotate(**ledger.SUMS)), batch_size=500)


def _mark(user: User, marked: Sequence[tuple[int, uuid.UUID, datetime]]) -> None:
    """Stars two in a hundred, puts one in a hundred into a collection."""
    collection, _ = Collection.objects.get_or_create(owner=user, name="Some of them")
    star = {"user_id": user.pk}
    _insert(Star, ({**star, "generation_id": pk, "made_at": made} for _, pk, made in marked))
    item = {"collection_id": collection.pk}
    items = (entry for entry in marked if entry[0] % 2)
    _insert(CollectionItem, ({**item, "generation_id": pk, "made_at": made} for _, pk, made in items))


Row = dict[str, Any]


def _rows(
    there: int, total: int, owners: Sequence[int], marked: list[tuple[int, uuid.UUID, datetime]]
) -> Iterator[Row]:
    chance = random.Random(there)
    prompt = prompts(chance)
    now = timezone.now()
    for number in range(there, total):
        words = prompt(number)
        model_id, model_name, media_type = MODELS[min(int(chance.expovariate(0.3)), len(MODELS) - 1)]
        made = now - EVERY * (MOST - number)
        key = uuid.UUID(int=chance.getrandbits(128), version=4)
        many = number < FIRST
        deleted = number % 10 == 4 if many else number % 40 == 4
        state, answer = _state(number, many=many)
        done = state == "done"
        pk = uuid.UUID(int=chance.getrandbits(128), version=4)
        if not deleted and number % (6 if many else 45) == 1 and number % 10:
            marked.append((len(marked), pk, made))
        body = {"idempotencyKey": str(key), "modelId": model_id, "prompt": words}
        yield {
            "id": pk,
            "owner_id": owners[0] if number % 10 else owners[1 + number // 10 % (len(owners) - 1)],
            "status": state,
            "nonce": f"{number // 2:032x}",
            "number": number % 2 + 1,
            "idempotency_key": key,
            "body": json.dumps(body, ensure_ascii=False),
            "prompt": words,
            "model_id": model_id,
            "model_name": model_name,
            "media_type": media_type,
            "counted_on": made.date(),
            "created_at": made,
            "queued_at": made,
            "changed_at": made,
            "sent_at": made,
            "running_at": made + timedelta(seconds=1) if done else None,
            "finished_at": None if state in Generation.LIVE else made + timedelta(seconds=20),
            "answer_status": answer,
            "error_code": _CODES.get((state, answer), ""),
            "answer_body": '{"required": 87, "available": 13}' if answer == 402 else "",
            "credits_used": 2 if done else None,
            "wish": hashlib.sha256(words.encode()).hexdigest(),
            "team_at": made if done and (number % 20 in {1, 10} or (many and number % 8 in {1, 2})) else None,
            "deleted_at": made + timedelta(days=1) if deleted and state not in Generation.LIVE else None,
        }


_CODES = {
    ("rejected", 402): "insufficient_credits",
    ("rejected", 400): "invalid_parameter",
    ("failed", None): "content_blocked",
}


def _state(number: int, *, many: bool) -> tuple[str, int | None]:
    if number % 33 == 2 if many else number % 100_003 == 2:
        return "queued", None
    if number % 16 == 3:
        return [("failed", None), ("rejected", 400), ("rejected", 402), ("stalled", None)][number // 16 % 4]
    return ("cancelled", None) if number % 25 == 6 else ("done", None)


def _insert(model: Any, rows: Iterator[Row]) -> None:
    first = next(rows, None)
    if first is None:
        return
    table, columns = model._meta.db_table, list(first)
    constants = {
        field.column: field.get_db_prep_save(field.get_default(), connection)
        for field in model._meta.concrete_fields
        if field.column not in first and not field.primary_key
    }
    constants = {name: value for name, value in constants.items() if value is not None}
    if connection.vendor == "postgresql":
        _copy(table, columns, constants, first, rows)
        return
    holes = ", ".join(["?"] * len(columns) + [repr(value) for value in constants.values()])
    query = f"INSERT INTO {table} ({', '.join([*columns, *constants])}) VALUES ({holes})"
    with transaction.atomic(), connection.cursor() as cursor:
        inner = cursor.connection.cursor()
        inner.executemany(query, (list(map(_for_sqlite, row.values())) for row in _chain(first, rows)))


def _copy(table: str, columns: list[str], constants: Row, first: Row, rows: Iterator[Row]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for name, value in constants.items():
            cursor.execute(f"ALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT %s", [value])
        with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
            lines: list[str] = []
            for row in _chain(first, rows):
                lines.append("\t".join(map(_for_copy, row.values())))
                if len(lines) == BATCH:
                    copy.write("\n".join([*lines, ""]))
                    lines.clear()
            copy.write("\n".join([*lines, ""]) if lines else "")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name in constants:
            cursor.execute(f"ALTER TABLE {table} ALTER COLUMN {name} DROP DEFAULT")


def _chain(first: Row, rows: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rows


def _for_sqlite(value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return value.hex
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ") if isinstance(value, datetime) else value


def _for_copy(value: Any) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
    return str(value)


@contextlib.contextmanager
def _without_indexes() -> Iterator[None]:
    """Makes the indexes again at the end, all at once, which takes a tenth of the time."""
    is_postgresql = connection.vendor == "postgresql"
    query = (
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s"
        if is_postgresql
        else "SELECT name, sql FROM sqlite_master WHERE tbl_name = %s AND type = 'index' AND sql IS NOT NULL"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [Generation._meta.db_table])
        indexes = [(name, sql) for name, sql in cursor.fetchall() if "UNIQUE" not in sql]
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
    try:
        yield
    finally:
        # The longest first, two at a time.
        statements = sorted((sql for _, sql in indexes), key=lambda sql: " gin " not in sql)
        with ThreadPoolExecutor(2 if is_postgresql else 1) as pool:
            list(pool.map(_run, statements))


def _run(statement: str) -> None:
    try:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET maintenance_work_mem = '512MB'")
            cursor.execute(statement)
    finally:
        connection.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.seed", description=__doc__)
    parser.add_argument("total", type=int, nargs="?", default=MOST)
    seed(parser.parse_args().total, print)
