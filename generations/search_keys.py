"""What the index of the search knows of a generation beside its words: whose it is, and by which model.

Each is a number, and all numbers of one kind lie together. PostgreSQL's index has them in an array; SQLite's as three
characters at the beginning of the text, a trigram of their own. Numbers may fall together: what an index finds is
compared with what was asked for.

PostgreSQL's knows when it was made, too: in which hour, in which six hours and so on, so that a search of what is
common reads no further back than a page needs. SQLite's is in the order of time.
"""

from datetime import UTC, datetime
from uuid import UUID

KIND = 2**36
# Seconds. Each is six of the one before it, so that a few of one length make up any stretch of time.
SPANS = tuple(3600 * 6**power for power in range(5))
MOST_SPANS = 18  # of one length, in a stretch for which the next longer ones would be too coarse
MOST_OF_LONGEST = 200  # some thirty years; to ask for more takes longer than it saves
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def owner_key(owner: int) -> int:
    return owner % KIND


def model_key(model_id: str) -> int:
    """A sum of its characters, weighed by their places; every database can reckon it."""
    return KIND + sum(ord(letter) * (place * 7919 % 104_729) for place, letter in enumerate(model_id, 1)) % KIND


def whose_key(whose: int | UUID) -> int:
    """Of a person's stars or a collection's items."""
    number, kind = (whose.int >> 92, 8) if isinstance(whose, UUID) else (whose % KIND, 7)
    return kind * KIND + number


def span_keys(since: datetime, until: datetime) -> list[int]:
    """Spans of one length that make up the stretch and a little more; none for a stretch of more than some decades."""
    ends = [[int((moment - EPOCH).total_seconds() // seconds) for moment in (since, until)] for seconds in SPANS]
    kinds = [(kind, range(first, last + 1)) for kind, (first, last) in enumerate(ends, 2)]
    kind, numbers = next((each for each in kinds if len(each[1]) <= MOST_SPANS), kinds[-1])
    return [kind * KIND + number for number in numbers] if len(numbers) <= MOST_OF_LONGEST else []


def mark(key: int) -> str:
    """Three characters of Unicode's private area."""
    return "".join(chr(0xE000 + key // 6400**power % 6400) for power in (2, 1, 0))


# The same in SQL, of the columns of a row.

_MODEL_SQLITE = f"""
    {KIND} + (SELECT coalesce(sum(unicode(substr({{row}}.model_id, place, 1)) * (place * 7919 % 104729)), 0) FROM (
        WITH RECURSIVE step(place) AS (
            SELECT 1 UNION ALL SELECT place + 1 FROM step WHERE place < length({{row}}.model_id)
        ) SELECT place FROM step
    )) % {KIND}"""
# Its driver would take a % for a parameter.
_MODEL_POSTGRESQL = f"""
    {KIND} + mod((SELECT coalesce(sum(ascii(letter) * mod(place * 7919, 104729)), 0)
    FROM unnest(string_to_array({{row}}.model_id, NULL)) WITH ORDINALITY AS step(letter, place)), {KIND})::bigint"""


def _mark_of(key: str) -> str:
    three = ", ".join(f"57344 + key / {6400**power} % 6400" for power in (2, 1, 0))
    return f"(SELECT char({three}) FROM (SELECT {key} AS key))"


SQLITE_MARKS = " || char(2) || ".join(_mark_of(key) for key in (f"{{row}}.owner_id % {KIND}", _MODEL_SQLITE))
_SECONDS = "extract(epoch FROM {row}.created_at)"
_OF_SPANS = (f"{kind * KIND} + floor({_SECONDS} / {seconds})::bigint" for kind, seconds in enumerate(SPANS, 2))
POSTGRESQL_KEYS = f"""
    ARRAY[mod({{row}}.owner_id, {KIND}), {_MODEL_POSTGRESQL}, {", ".join(_OF_SPANS)}]"""
# Of a row of the stars, and of the items.
POSTGRESQL_STAR_KEY = f"{7 * KIND} + mod({{row}}.user_id, {KIND})"
_FIRST_BITS = "('x' || left(replace({row}.collection_id::text, '-', ''), 9))::bit(36)::bigint"
POSTGRESQL_COLLECTION_KEY = f"{8 * KIND} + {_FIRST_BITS}"
