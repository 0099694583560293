"""Guessing passwords: attackers are stopped, and the person they guess at is not."""

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import caches
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts import throttles
from accounts.models import Throttle, User
from accounts.throttles import Count, Limit, Waiting
from audit.models import Entry
from generations import tasks
from tests.cases import each
from tests.helpers import make_user
from tests.library.collections.test_at_once import at_once

RIGHT = "a-long-password"
TOO_MANY = "Too many wrong passwords."
OWN = "192.0.2.1"
STRANGE = "198.51.100.7"


def sign_in(client: Client, login: str, password: str, address: str = STRANGE) -> str:
    """What came of it: `in`, `wrong` or `waits`."""
    answer = client.post("/accounts/login/", {"login": login, "password": password}, REMOTE_ADDR=address)
    if answer.status_code == 302:
        return "in"
    return "waits" if TOO_MANY in answer.content.decode() else "wrong"


def guess(login: str, number: int, address: str = STRANGE) -> list[str]:
    return [sign_in(Client(), login, f"guess {n}", address) for n in range(number)]


@pytest.fixture
def known(user: User) -> Client:
    """A browser in which the person has signed in before, and out."""
    client = Client()
    assert sign_in(client, user.username, RIGHT, OWN) == "in"
    client.post("/accounts/logout/")
    return client


@pytest.mark.django_db
class TestAStranger:
    def test_has_five_guesses_at_a_person_by_name_and_address_together(self, user: User) -> None:
        assert guess(user.username, 3) == ["wrong"] * 3
        assert guess(user.email.upper(), 3) == ["wrong", "wrong", "waits"]
        assert sign_in(Client(), user.username.upper(), RIGHT) == "waits"
        assert sign_in(Client(), user.email, RIGHT, OWN) == "waits"

    def test_is_in_the_audit_log_also_while_they_wait(self, user: User) -> None:
        guess(user.username, 8)
        assert Entry.objects.filter(action="sign-in-failed", object_words=user.username).count() == 8

    def test_has_as_many_at_a_name_that_is_nobodys(self, user: User) -> None:
        assert guess("nobody", 6) == [*["wrong"] * 5, "waits"]

    @pytest.mark.slow
    def test_waits_longer_and_longer(self, user: User) -> None:
        tried = 0
        with time_machine.travel(timezone.now(), tick=False) as clock:
            for _ in range(24 * 12):
                tried += sign_in(Client(), user.username, "guess") == "wrong"
                clock.shift(timedelta(minutes=5))
        assert tried <= 32  # in a day

    def test_tries_thirty_names_from_one_network(self, user: User) -> None:
        outcomes = [guess(f"nobody{n}", 1, f"2001:db8:1:2::{n}")[0] for n in range(31)]
        assert outcomes == [*["wrong"] * 30, "waits"]
        assert guess("another", 1, "2001:db8:1:3::1") == ["wrong"]

    def test_gains_nothing_by_filling_the_caches(self, user: User) -> None:
        guess(user.username, 5)
        for name in ("default", "gallery"):
            caches[name]._max_entries = 50
            for n in range(120):
                caches[name].set(f"filler-{n}", "x")
        assert sign_in(Client(), user.username, RIGHT) == "waits"

    def test_gains_nothing_by_an_account_of_their_own(self, user: User) -> None:
        other, client = make_user("mallory"), Client()
        for n in range(8):
            assert sign_in(client, other.username, RIGHT) == "in"
            client.post("/accounts/logout/")
            assert sign_in(client, user.username, f"guess {n}") == ("wrong" if n < 5 else "waits")

    def test_gains_nothing_by_browsers_they_used_under_an_old_password(self, user: User) -> None:
        browsers = [Client() for _ in range(4)]
        for client in browsers:
            assert sign_in(client, user.username, RIGHT) == "in"
            client.post("/accounts/logout/")
        user.refresh_from_db()
        user.set_password("another-long-password")
        user.save()
        outcomes = [sign_in(client, user.username, f"guess {n}") for client in browsers for n in range(5)]
        assert outcomes == [*["wrong"] * 5, *["waits"] * 15]

    def test_gains_nothing_by_a_cookie_they_made_up(self, user: User) -> None:
        guess(user.username, 5)
        for value in ["", "x", "x:y:z", f'{{"{user.pk}": "mine"}}']:
            client = Client()
            client.cookies["known"] = value
            assert sign_in(client, user.username, RIGHT) == "waits"


@pytest.mark.django_db
class TestThePerson:
    @pytest.mark.slow
    def test_signs_in_from_a_known_browser_whatever_strangers_do(self, user: User, known: Client) -> None:
        assert guess(user.username, 40)[-1] == "waits"
        assert guess(user.username, 40, OWN)[-1] == "waits"
        assert sign_in(known, user.username, RIGHT, OWN) == "in"

    def test_has_a_limit_in_a_known_browser_too(self, user: User, known: Client) -> None:
        outcomes = [sign_in(known, user.username, f"guess {n}", OWN) for n in range(11)]
        assert outcomes == [*["wrong"] * 10, "waits"]

    @pytest.mark.slow
    def test_signs_in_as_often_as_they_like(self, user: User) -> None:
        assert [sign_in(Client(), user.username, RIGHT, OWN) for _ in range(40)] == ["in"] * 40

    def test_who_mistypes_four_times_has_still_one_try(self, user: User) -> None:
        assert guess(user.username, 4) == ["wrong"] * 4
        assert sign_in(Client(), user.username, RIGHT) == "in"
        assert sign_in(Client(), user.username, RIGHT) == "in"

    def test_comes_in_again_after_the_pause(self, user: User) -> None:
        guess(user.username, 6)
        with time_machine.travel(timezone.now() + timedelta(minutes=5, seconds=1)):
            assert sign_in(Client(), user.username, RIGHT) == "in"

    def test_shares_a_known_browser_with_others(self, user: User, known: Client) -> None:
        others = [make_user(f"colleague{n}") for n in range(12)]
        for other in others:
            assert sign_in(known, other.username, RIGHT, OWN) == "in"
            known.post("/accounts/logout/")
        guess(others[-1].username, 6)
        assert sign_in(known, others[-1].username, RIGHT, OWN) == "in"

    def test_reads_how_long_to_wait(self, user: User) -> None:
        guess(user.username, 5)
        answer = Client().post("/accounts/login/", {"login": user.username, "password": RIGHT})
        assert f"{TOO_MANY} Try again in 5 minutes." in answer.content.decode()


PASSWORD_FORMS: dict[str, Callable[[str], dict[str, str]]] = {
    "/accounts/password/change/": lambda guess: {"oldpassword": guess, "password1": "n3w-and-long", "password2": "x"},
    "/accounts/reauthenticate/": lambda guess: {"password": guess},
}


@pytest.mark.django_db
@each("url", PASSWORD_FORMS)
def test_somebody_at_an_open_session_has_five_guesses_at_its_password(browser: Client, user: User, url: str) -> None:
    data = PASSWORD_FORMS[url]
    pages = [browser.post(url, data(f"guess {n}")).content.decode() for n in range(8)]
    assert [TOO_MANY in page for page in pages] == [*[False] * 5, *[True] * 3]
    assert TOO_MANY in browser.post(url, data(RIGHT)).content.decode()
    assert sign_in(Client(), user.username, RIGHT) == "waits"


@pytest.mark.django_db
def test_a_member_guesses_no_admins_password_at_the_admins_own_sign_in(browser: Client) -> None:
    make_user("root", is_staff=True, is_superuser=True)
    for password in ["guess", RIGHT]:
        answer = browser.post("/admin/login/", {"username": "root", "password": password})
        assert answer.status_code == 403
    assert Client().post("/admin/login/", {"username": "root", "password": RIGHT})["Location"].startswith("/accounts/")
    assert not Throttle.objects.exists()


TEN = Limit("ten", 10, timedelta(minutes=1), timedelta(minutes=4), timedelta(minutes=8))


class TestALimit:
    @pytest.mark.django_db(transaction=True)
    def test_lets_so_many_pass_however_many_come_at_once(self) -> None:
        passed: list[int] = []

        def come() -> None:
            try:
                throttles.begin(Count(TEN, "a"), Count(TEN, "b"))
            except Waiting:
                return
            passed.append(1)

        at_once(*[come] * 24)
        assert len(passed) == 10

    @pytest.mark.django_db
    def test_counts_nothing_while_one_of_the_counts_waits(self) -> None:
        for _ in range(10):
            throttles.begin(Count(TEN, "a"))
        for _ in range(20):
            with pytest.raises(Waiting):
                throttles.begin(Count(TEN, "a"), Count(TEN, "b"))
        throttles.begin(Count(TEN, "b"))
        assert Throttle.objects.get(key=Count(TEN, "b").key).tries == 1

    @pytest.mark.django_db
    def test_takes_back_what_was_right_but_not_the_pause_that_others_began(self) -> None:
        tries = [throttles.begin(Count(TEN, "a")) for _ in range(10)]
        tries[0].was_right()
        with pytest.raises(Waiting):
            throttles.begin(Count(TEN, "a"))
        tries[-1].was_right()
        throttles.begin(Count(TEN, "a"))

    @pytest.mark.django_db
    def test_forgets_in_time_and_leaves_no_row(self) -> None:
        with time_machine.travel(timezone.now(), tick=False) as clock:
            throttles.begin(Count(TEN, "a"))
            clock.shift(timedelta(minutes=7))
            tasks.tidy()
            assert Throttle.objects.exists()
            clock.shift(timedelta(minutes=1))
            tasks.tidy()
            assert not Throttle.objects.exists()

    @pytest.mark.django_db
    def test_writes_down_no_name_and_no_address(self, settings: Settings) -> None:
        throttles.begin(Count(TEN, "ada 192.0.2.1"))
        assert "ada" not in str(Throttle.objects.values().get())
