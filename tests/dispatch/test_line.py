"""Who goes next: fair between people, fair between one person's clicks, and everybody can see their place."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings as configured
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Token, User
from generations.dispatch import line, rate, submit
from generations.models import Attempt, Generation
from sandbox.answers import refusal
from tests.conftest import FastSandbox
from tests.helpers import make_generation, make_token, make_user

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


def batch(owner: User, size: int) -> list[Generation]:
    """One click of so many."""
    nonce = f"click-{Generation.objects.count()}"
    return [make_generation(owner, nonce=nonce, number=number) for number in range(1, size + 1)]


def everybody_in_line() -> list[Generation]:
    """What would be sent if there were room for all, first to last."""
    now = timezone.now()
    cards = list(Generation.objects.filter(status="queued").with_card())
    places = line.places(cards, now)
    return sorted(cards, key=lambda card: places[card.pk].number)


@pytest.fixture
def other(user: User, token: Token) -> User:
    """A second person with the same token."""
    person = make_user("other")
    make_token(person, token.secret().reveal())
    return person


def test_a_single_click_passes_another_persons_batch(user: User, token: Token, other: User) -> None:
    many, single = batch(user, 5), make_generation(other)
    assert everybody_in_line() == [many[0], single, *many[1:]]


def test_whoever_had_fewer_posts_in_the_window_goes_first(
    sandbox: FastSandbox, settings: Settings, user: User, token: Token, other: User
) -> None:
    settings.MEIGEN_RATE = (6, 60)
    many = batch(user, 8)
    for row in many:
        submit.send(row.pk)
    late = batch(other, 2)
    assert everybody_in_line() == [*late, *many[4:]]


def test_a_pile_leaves_places_for_the_others_who_have_the_token(
    sandbox: FastSandbox, user: User, token: Token, other: User
) -> None:
    posts = configured.MEIGEN_RATE[0]
    for row in batch(user, posts):
        submit.send(row.pk)
    assert Generation.objects.filter(status="running").count() == posts - rate.RESERVED
    late = make_generation(other)
    submit.send(late.pk)
    late.refresh_from_db()
    assert late.status == "running"


def test_one_persons_clicks_take_turns(user: User, token: Token) -> None:
    first, second = batch(user, 3), batch(user, 2)
    assert everybody_in_line() == [first[0], second[0], first[1], second[1], first[2]]


def test_nobody_can_jump_the_line(sandbox: FastSandbox, settings: Settings, user: User, token: Token) -> None:
    settings.MEIGEN_RATE = (1, 60)
    first, second = make_generation(user), make_generation(user)
    assert submit.claim(second.pk) is None
    assert submit.claim(first.pk) is not None


def test_what_may_be_charged_already_goes_before_its_owners_new_requests_and_nobody_elses(
    sandbox: FastSandbox, user: User, token: Token, other: User
) -> None:
    unknown = make_generation(user, prompt="a fox sandbox:lost")
    submit.send(unknown.pk)
    earlier = make_generation(user, queued_at=timezone.now() - timedelta(hours=1))
    others = make_generation(other)
    with time_machine.travel(timezone.now() + timedelta(seconds=5)):
        assert line.turns(timezone.now(), 16) == [others.pk, unknown.pk, earlier.pk]


def test_several_tokens_take_turns(user: User, token: Token) -> None:
    rival = make_user()
    make_token(rival)
    mine, theirs = batch(user, 3), batch(rival, 3)
    assert line.turns(timezone.now(), 4) == [mine[0].pk, theirs[0].pk, mine[1].pk, theirs[1].pk]


def test_turns_end_where_the_window_is_full(sandbox: FastSandbox, settings: Settings, user: User, token: Token) -> None:
    settings.MEIGEN_RATE = (3, 60)
    rows = batch(user, 5)
    submit.send(rows[0].pk)
    assert line.turns(timezone.now(), 16) == [rows[1].pk, rows[2].pk]


class TestThePlaceOnACard:
    def test_it_tells_the_place_and_when_its_turn_comes(
        self, sandbox: FastSandbox, settings: Settings, browser: Client, user: User, token: Token
    ) -> None:
        settings.MEIGEN_RATE = (2, 60)
        start = timezone.now()
        with time_machine.travel(start, tick=False):
            rows = batch(user, 5)
            for row in rows:
                submit.send(row.pk)
            page = browser.get("/").content.decode()
        assert "1st in line" in page
        assert "3rd in line" in page
        assert page.count("in ~60 s") == 2  # two places an hour's end; the third of the line waits for the next minute
        assert "in ~2 min" in page

    def test_a_limited_token_starts_when_meigen_says(self, sandbox: FastSandbox, user: User, token: Token) -> None:
        now = timezone.now()
        until = rate.note_limit(token.fingerprint, now, 30)
        card = make_generation(user)
        assert line.places([card], now)[card.pk].starts_at == until

    def test_the_tick_tells_a_new_place_though_the_row_is_the_same(
        self, sandbox: FastSandbox, settings: Settings, browser: Client, user: User, token: Token
    ) -> None:
        settings.MEIGEN_RATE = (1, 60)
        start = timezone.now()
        with time_machine.travel(start, tick=False) as clock:
            rows = batch(user, 3)
            submit.send(rows[0].pk)
            version = Generation.objects.get(pk=rows[2].pk).version
            seen = {"live": [f"{rows[2].pk}:{version}.2"]}
            assert browser.post("/generations/live/", seen, headers=HTMX).status_code == 204
            clock.shift(61)
            submit.send(rows[1].pk)
            answer = browser.post("/generations/live/", seen, headers=HTMX)
            assert answer.status_code == 200
            assert f'value="{rows[2].pk}:{version}.1"' in answer.content.decode()

    def test_what_waits_for_its_own_reasons_says_so_instead(
        self, sandbox: FastSandbox, browser: Client, user: User, token: Token
    ) -> None:
        sandbox.fail_next("/api/generate/v2", refusal(429, "Too many", {"Retry-After": "30"}))
        submit.send(make_generation(user).pk)
        page = browser.get("/").content.decode()
        assert "asked us to wait (429)" in page
        assert "in line" not in page


class TestASharedToken:
    def test_the_token_page_says_with_whom(self, browser: Client, user: User, token: Token, other: User) -> None:
        make_token(make_user("stranger"))
        page = browser.get("/accounts/tokens/").content.decode()
        assert "other also uses this token: its 12 requests per minute are shared" in page
        assert "stranger" not in page

    def test_an_unshared_one_says_nothing(self, browser: Client, token: Token) -> None:
        assert "this token:" not in browser.get("/accounts/tokens/").content.decode()

    def test_its_places_are_counted_for_both(self, sandbox: FastSandbox, user: User, token: Token, other: User) -> None:
        for _ in range(7):
            for person in (user, other):
                submit.send(make_generation(person).pk)
        assert Attempt.objects.count() == configured.MEIGEN_RATE[0]
