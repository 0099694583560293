"""What an index is asked for: the few trigrams that a sample of the prompts says are rare, and rarely together."""

import random
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import User
from generations.models import Generation
from generations.models.search import sample
from generations.models.search.sample import SIZE, Sample
from generations.search_keys import mark, model_key, owner_key
from tests.helpers import make_generation

NOW = datetime(2026, 11, 24, tzinfo=UTC)
WORD = ["por", "ort", "rtr", "tra", "rai", "ait"]
ROW = 80  # entries of an index


def sampled(*texts: str) -> Sample:
    return Sample([(uuid.UUID(int=number), NOW, text) for number, text in enumerate(texts, 1)])


def test_of_one_word_one_trigram_is_enough() -> None:
    assert len(sampled(*["a portrait"] * 300, *["a fox"] * 700).cheapest(WORD, ROW)) == 1


def test_of_words_that_never_meet_one_trigram_each_is_enough() -> None:
    known = sampled(*["a portrait"] * 300, *["水彩画"] * 45, *["a fox"] * 655)
    rare, other = known.cheapest([*WORD, "水彩画"], ROW)
    assert rare == "水彩画"
    assert other in WORD


def test_trigrams_that_are_common_apart_and_rare_together_are_asked_for_together() -> None:
    chance = random.Random(1)
    shares = {"eri": 0.014, "rin": 0.06, "her": 0.09, "the": 0.25, "ing": 0.6}
    texts = [" ".join(gram for gram, share in shares.items() if chance.random() < share) for _ in range(SIZE)]
    assert sampled(*texts).cheapest(shares, ROW) == ["eri", "rin"]
    assert sampled(*texts).cheapest(shares, 4 * ROW) == ["eri", "rin", "her"]  # where it costs more to compare


def test_the_next_trigram_is_that_which_leaves_least_and_not_the_next_rare() -> None:
    known = sampled(*["shimmering"] * 40, "a series", "a ring", "a ring", *["a leather chair"] * 60, *["a fox"] * 897)
    assert known.cheapest(["eri", "rin", "ing", "her"], ROW) == ["eri", "her"]


def test_where_words_never_meet_more_trigrams_of_the_same_word_tell_nothing() -> None:
    known = sampled(*["a portrait"] * 300, *["水彩画"] * 45, *["a fox"] * 655)
    assert len(known.cheapest([*WORD, "水彩画"], 10 * ROW)) == 2


def test_what_the_sample_does_not_know_is_asked_for_first() -> None:
    known = sampled(*["a portrait of a zebra"] * 500, *["a fox"] * 500)
    chosen = known.cheapest(["por", "fox", "zzz", "qqq"], ROW)
    assert chosen[0] in {"zzz", "qqq"}
    assert "fox" not in chosen


def test_a_common_word_before_a_rare_one_of_other_people_is_no_reason_to_read_all_of_theirs() -> None:
    known = sampled(*["me a fox"] * 900, *["you a portrait"] * 100)
    assert set(known.cheapest(["me ", "por", "fox"], ROW)) == {"por", "me "}


@pytest.mark.parametrize("grams", [[], ["abc"], ["abc", "abc"], [f"{number:03}" for number in range(5000)]])
def test_anything_may_be_asked_of_no_texts(grams: list[str]) -> None:
    chosen = sampled().cheapest(grams, ROW)
    assert set(chosen) <= set(grams)
    assert bool(chosen) == bool(grams)


@pytest.mark.parametrize(
    ("mine", "chance"),
    [
        (100, 0.0),  # nobody but they write of it
        (10, 0.9),  # too few are theirs to tell
        (0, 0.9),
    ],
)
def test_how_likely_a_word_is_in_a_list_those_like_it_tell(mine: int, chance: float) -> None:
    known = sampled(*["me a fox"] * mine, *["you a portrait"] * (1000 - mine))
    assert known.chance(["portrait"], ["me "]) == pytest.approx(chance, abs=0.11)
    assert known.chance([], ["me "]) == 1


def test_how_likely_a_word_is_no_texts_do_not_tell() -> None:
    assert 0 < sampled().chance(["portrait"], ["me "]) <= 1


def test_it_is_told_in_whatever_case() -> None:
    assert sampled("a red fox").having("FOX") == 1


@pytest.mark.parametrize(("gram", "rows"), [("4\x01k", 0b100), ("\x01k\x01", 0b110), ("k\x014", 0)])
def test_it_tells_of_one_and_two_letters_as_the_index_has_them(gram: str, rows: int) -> None:
    assert sampled("in 4k", "a kite", "a fox").having(gram) == rows


def test_a_full_sample_tells_how_many_rows_there_are() -> None:
    chance = random.Random(2)
    ids = sorted(uuid.UUID(int=chance.getrandbits(128)) for _ in range(20_000))
    rows = [(pk, NOW - timedelta(hours=n), "a fox" if n % 10 else "an owl") for n, pk in enumerate(ids[:SIZE])]
    known = Sample(rows)
    assert known.total == pytest.approx(20_000, rel=0.1)
    assert known.expected(["OWL"]) == pytest.approx(2_000, rel=0.4)
    assert known.expected(["zebra"]) == pytest.approx(10, rel=0.1)  # half a row of the sample: it may be anywhere
    assert known.share(NOW - timedelta(hours=99), None) == 0.1
    assert known.share(NOW - timedelta(hours=99), NOW - timedelta(hours=50)) == 0.05


def hourly(*texts: str, each: int = 1) -> Sample:
    """The newest first, an hour between them; each stands for so many rows."""
    rows = [(uuid.UUID(int=number), NOW - timedelta(hours=number), text) for number, text in enumerate(texts)]
    known = Sample(rows)
    known.total *= each
    return known


@pytest.mark.parametrize(
    ("rows", "hours"),
    [
        (4, 6),  # the fourth fox
        (5, 8),
        (2, 3),  # half of the stretch that four of them take
        (6, None),  # more than half of all
    ],
)
def test_it_tells_since_when_so_many_rows_have_a_word(rows: int, hours: int | None) -> None:
    known = hourly(*["a fox", "an owl"] * 10)
    assert known.since(["fox"], rows, NOW) == (hours and NOW - timedelta(hours=hours))


def test_what_a_text_stands_for_is_spread_over_its_time() -> None:
    known = hourly(*["a fox"] * 41, each=1000)
    assert known.since(["fox"], 1000, NOW + timedelta(hours=1)) == NOW


def test_since_when_is_counted_back_from_any_time() -> None:
    known = hourly(*["an owl"] * 10, *["a fox"] * 10)
    assert known.since(["fox"], 4, NOW - timedelta(hours=12)) == NOW - timedelta(hours=15)
    assert known.since(["owl"], 4, NOW - timedelta(hours=12)) is None


def test_words_that_may_meet_and_words_that_never_do() -> None:
    foxes = hourly(*["a fox", "a red owl", "an owl", "an owl"] * 5, each=1000)
    assert foxes.since(["fox", "red"], 500, NOW) is not None  # once or twice in the sample, if they met by chance
    assert hourly(*["a fox", "a red owl"] * 20, each=1000).since(["fox", "red"], 500, NOW) is None


def test_of_no_texts_it_tells_no_time() -> None:
    assert sampled().since([], 1, NOW) is None
    assert sampled("a fox").since(["owl"], 0, NOW) is None


@pytest.mark.django_db
def test_it_is_read_once_in_a_while_and_says_what_is_there(user: User) -> None:
    assert sample.taken().total == 0
    row = make_generation(user, prompt="A Fox")
    assert sample.taken().total == 0
    sample.forget()
    assert sample.taken().texts == [f"{mark(owner_key(user.pk))}{mark(model_key(row.model_id))}a fox"]
    assert Generation.objects.search("fox").count() == 1
