"""Where a person is signed in: the list, ending a session, and when one ends by itself."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import Token, User
from accounts.sessions import device_of
from generations.library import tick
from tests.cases import each
from tests.helpers import make_generation, make_user

PASSWORD = "a-long-password"
PAGE = "/accounts/sessions/"
LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile Safari/604.1"
NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)


def sign_in(user: User, agent: str = LINUX, **headers: str) -> Client:
    client = Client(headers={"User-Agent": agent}, **headers)  # type: ignore[arg-type]
    client.post("/accounts/login/", {"login": user.username, "password": PASSWORD})
    return client


def is_in(client: Client) -> bool:
    return client.get("/accounts/time-zone/").status_code == 200


class TestTheList:
    def test_names_browser_address_and_this_one_first(self, user: User) -> None:
        sign_in(user, PHONE, REMOTE_ADDR="192.0.2.7")
        here = sign_in(user)
        page = here.get(PAGE).content.decode()
        assert page.index("Firefox on Linux") < page.index("<strong") < page.index("Safari on iPhone")
        assert "192.0.2.7" in page
        assert page.count("Last seen on") == 2

    def test_shows_nobody_elses(self, user: User) -> None:
        sign_in(make_user("other"), PHONE)
        assert "iPhone" not in sign_in(user).get(PAGE).content.decode()

    def test_forgets_those_that_have_ended(self, user: User) -> None:
        sign_in(user, PHONE).post("/accounts/logout/")
        assert "iPhone" not in sign_in(user).get(PAGE).content.decode()

    def test_also_names_who_signed_in_before_there_was_a_list(self, user: User) -> None:
        earlier = Client(headers={"User-Agent": PHONE})
        earlier.force_login(user)
        earlier.get("/")
        assert "Safari on iPhone" in sign_in(user).get(PAGE).content.decode()

    def test_does_without_an_address_that_nothing_names(self, user: User) -> None:
        here = sign_in(user, REMOTE_ADDR="")
        page = here.get(PAGE)
        assert page.status_code == 200
        assert "0.0.0.0" not in page.content.decode()


class TestEnding:
    def test_one_ends_that_one(self, user: User) -> None:
        phone, laptop, here = sign_in(user, PHONE), sign_in(user), sign_in(user)
        session = UserSession.objects.get(session_key=phone.session.session_key)
        assert here.post(reverse("end_session", args=[session.pk]))["Location"] == PAGE
        assert [is_in(client) for client in (phone, laptop, here)] == [False, True, True]

    def test_all_others_leaves_this_one_and_other_people(self, user: User) -> None:
        phone, here, other = sign_in(user, PHONE), sign_in(user), sign_in(make_user("other"))
        assert here.post(reverse("end_other_sessions"))["Location"] == PAGE
        assert [is_in(client) for client in (phone, here, other)] == [False, True, True]

    def test_a_changed_password_ends_the_others(self, user: User) -> None:
        phone, here = sign_in(user, PHONE), sign_in(user)
        new = {"oldpassword": PASSWORD, "password1": "another-long-one", "password2": "another-long-one"}
        here.post("/accounts/password/change/", new)
        assert [is_in(client) for client in (phone, here)] == [False, True]
        assert here.get(PAGE).content.decode().count("Last seen on") == 1


class TestIdleTime:
    @pytest.fixture(autouse=True)
    def _an_hour(self, settings: Settings) -> None:
        settings.SESSION_COOKIE_AGE = 3600

    def test_ends_a_session_that_nobody_uses(self, user: User) -> None:
        with time_machine.travel(NOW, tick=False) as clock:
            here = sign_in(user)
            assert is_in(here)
            clock.shift(timedelta(minutes=61))
            assert not is_in(here)

    def test_begins_anew_with_every_use(self, user: User) -> None:
        with time_machine.travel(NOW, tick=False) as clock:
            here = sign_in(user)
            for _ in range(5):
                clock.shift(timedelta(minutes=50))
                assert is_in(here)
            assert here.cookies["sessionid"]["max-age"] == 3600

    def test_passes_while_a_page_is_only_open(self, user: User) -> None:
        with time_machine.travel(NOW, tick=False) as clock:
            here = sign_in(user)
            here.get("/")
            for _ in range(7):
                clock.shift(timedelta(minutes=10))
                here.post(reverse("live"))
            assert not is_in(here)

    def test_does_not_prolong_a_session_for_ever(self, user: User, settings: Settings) -> None:
        settings.SESSION_LASTS = 4 * 3600
        with time_machine.travel(NOW, tick=False) as clock:
            here = sign_in(user)
            assert is_in(here)
            stays = []
            for _ in range(6):
                clock.shift(timedelta(minutes=50))
                stays.append(is_in(here))
            assert stays == [True, True, True, True, False, False]

    def test_a_shorter_one_counts_at_the_next_use(self, user: User, settings: Settings) -> None:
        with time_machine.travel(NOW, tick=False) as clock:
            here = sign_in(user)
            settings.SESSION_COOKIE_AGE = 600
            clock.shift(timedelta(minutes=6))
            assert is_in(here)
            clock.shift(timedelta(minutes=11))
            assert not is_in(here)


def test_a_session_in_use_is_written_once_in_five_minutes(
    user: User, token: Token, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        here = sign_in(user)
        assert is_in(here)
        clock.shift(timedelta(minutes=4))
        before = Session.objects.get().expire_date
        with django_assert_num_queries(2):  # the session, the person with their token
            assert is_in(here)
        clock.shift(timedelta(minutes=2))
        assert is_in(here)
        assert Session.objects.get().expire_date > before


def test_a_tick_writes_nothing(user: User, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    here = sign_in(user)
    row = make_generation(user)
    with django_assert_num_queries(1):
        here.post(reverse("tick"), {"tick": tick.token_for(user), "live": f"{row.pk}:{row.version}"})


@each(
    ("agent", "device"),
    [
        (LINUX, "Firefox on Linux"),
        (PHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/143.0 Safari/537.36 Edg/143.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/143.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605 Version/19 Safari/605", "Safari on macOS"),
        ("curl/8.9", "Unknown browser"),
        ("", "Unknown browser"),
    ],
)
def test_a_browser_is_named_in_words(agent: str, device: str) -> None:
    assert device_of(agent) == device
