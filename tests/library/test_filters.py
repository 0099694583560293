"""The filters of a list: each says what is chosen and how to clear it; periods, places and views have names."""

import re
from datetime import UTC, date, datetime
from html import unescape
from typing import Any

import pytest
import time_machine
from django.core.cache import caches
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Token, User
from generations.library import collecting
from generations.library.filters import HistoryForm
from generations.library.periods import Period, days_of
from generations.models import Generation, Project, SavedView
from tests.cases import each
from tests.helpers import make_generation, make_user
from tests.library.deeds import HTMX

pytestmark = pytest.mark.django_db

VIEWS = "/generations/views/"


@pytest.fixture(autouse=True)
def _fresh() -> None:
    caches["local"].clear()


def shown(browser: Client, address: str, **more: Any) -> str:
    return unescape(browser.get(address, **more).content.decode())


def found(body: str) -> list[str]:
    return re.findall(r'id="generation-([0-9a-f-]+)"', body)


def made_on(user: User, *days: str) -> list[Generation]:
    return [
        make_generation(user, status="done", created_at=datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC))
        for day in days
    ]


# What is chosen


def test_what_is_chosen_stands_on_its_pill_beside_a_link_to_the_list_without_it(browser: Client, user: User) -> None:
    make_generation(user, status="done")
    body = shown(browser, "/generations/?q=fox&state=done&model=z-image-turbo&starred=on")
    assert '<span class="value" dir="auto">Done</span>' in body
    assert '<span class="value" dir="auto">Z Image Turbo</span>' in body
    assert 'id="clear-state" href="/generations/?q=fox&model=z-image-turbo&starred=on"' in body
    assert 'id="clear-model" href="/generations/?q=fox&state=done&starred=on"' in body
    assert "clear-kind" not in body
    assert 'id="clear-state" href="/generations/"' in shown(browser, "/generations/?state=done")


def test_a_filter_chosen_on_the_page_brings_its_pills_and_a_short_address(browser: Client, user: User) -> None:
    make_generation(user, status="done")
    asked = "/generations/?q=&state=done&kind=&model=&collection=&period=&since=&until=&day="
    response = browser.get(asked, headers=HTMX)
    assert response["HX-Push-Url"] == "/generations/?state=done"
    body = unescape(response.content.decode())
    assert re.search(r'<div id="chips" hx-swap-oob="true">.*id="clear-state" href="/generations/"', body, re.DOTALL)
    rest = browser.get("/generations/?state=done&before=2026-01-01T00:00:00%2B00:00_" + "0" * 32, headers=HTMX)
    assert "HX-Push-Url" not in rest
    assert 'id="chips"' not in rest.content.decode()


def test_a_warm_page_of_the_history_and_the_gallery_takes_one_query_beside_the_session(
    browser: Client, user: User, token: Token
) -> None:
    SavedView.objects.create(owner=user, name="Foxes", query="q=fox")
    for _ in range(30):
        make_generation(user, status="done", team_at=timezone.now())
    for address in ["/generations/", "/gallery/", "/generations/?period=last-7-days", "/generations/?starred=on"]:
        browser.get(address)
        with CaptureQueriesContext(connection) as queries:
            browser.get(address)
        assert len(queries) == 3, address


@each(
    ("name", "value"),
    [("model", "gone"), ("project", "77"), ("collection", "00000000-0000-0000-0000-000000000001"), ("author", "77")],
)
def test_what_a_filter_names_may_be_gone_and_the_page_says_so(
    browser: Client, user: User, name: str, value: str
) -> None:
    row = make_generation(user, status="done", team_at=timezone.now())
    Project.objects.create(name="Another", code="A")
    list_of = "/gallery/" if name == "author" else "/generations/"
    for more in [{}, {"headers": HTMX}]:
        body = shown(browser, f"{list_of}?{name}={value}&kind=image", **more)
        assert "no longer available, so this filter is ignored." in body
        assert f'id="clear-{name}" href="{list_of}?kind=image"' in body
        assert found(body) == [str(row.pk)]


# Periods


@each(
    ("period", "first", "last"),
    [
        ("today", "2026-03-04", "2026-03-04"),
        ("yesterday", "2026-03-03", "2026-03-03"),
        ("last-7-days", "2026-02-26", "2026-03-04"),
        ("last-week", "2026-02-23", "2026-03-01"),
        ("this-month", "2026-03-01", "2026-03-04"),
        ("last-month", "2026-02-01", "2026-02-28"),
    ],
)
def test_a_period_is_counted_from_today(period: str, first: str, last: str) -> None:
    a_wednesday = date(2026, 3, 4)
    assert days_of(period, a_wednesday) == (date.fromisoformat(first), date.fromisoformat(last))


def test_a_week_begins_on_monday_and_a_month_may_follow_another_year() -> None:
    assert days_of("last-week", date(2026, 3, 2)) == (date(2026, 2, 23), date(2026, 3, 1))
    assert days_of("last-month", date(2026, 1, 31)) == (date(2025, 12, 1), date(2025, 12, 31))


def test_a_period_finds_its_days_in_the_time_zone_of_the_page(browser: Client, user: User, settings: Settings) -> None:
    with time_machine.travel(datetime(2026, 3, 4, 20, tzinfo=UTC), tick=False):
        rows = made_on(user, "2026-03-04", "2026-03-03", "2026-02-28", "2026-01-31")
        assert list(HistoryForm(user, {"period": "today"}).rows()) == rows[:1]
        assert list(HistoryForm(user, {"period": "last-month"}).rows()) == rows[2:3]
        settings.TIME_ZONE = "Asia/Shanghai"  # where it is the next day already
        assert list(HistoryForm(user, {"period": "yesterday"}).rows()) == rows[:1]


def test_days_need_no_period_and_count_for_nothing_beside_another(browser: Client, user: User) -> None:
    now = timezone.now()
    row = make_generation(user, status="done", created_at=now)
    days = "since=2020-01-01&until=2020-01-02"
    for given in [days, f"period=days&{days}"]:
        body = shown(browser, f"/generations/?{given}")
        assert "01/01/2020\N{EN DASH}01/02/2020" in body
        assert 'id="clear-period" href="/generations/"' in body
        assert found(body) == []
    for given in [f"period=&{days}", f"period=today&{days}"]:
        assert found(shown(browser, f"/generations/?{given}")) == [str(row.pk)]
    assert HistoryForm(user, {"period": "days", "since": "2020-01-01"}).query == "since=2020-01-01"
    assert HistoryForm(user, {"period": "today", "since": "2020-01-01"}).query == "period=today"


def test_dates_that_are_not_chosen_yet_leave_everything_in_and_their_fields_open(browser: Client, user: User) -> None:
    make_generation(user, status="done")
    body = shown(browser, "/generations/?period=days")
    assert len(found(body)) == 1
    assert re.search(r'value="days" checked', body)
    assert HistoryForm(user, {"period": "days"}).in_force == {}


@each("period", [*Period.values, "", "nonsense"])
@each("day", ["9999-12-31", "0001-01-01", "2026-02-30"])
def test_no_period_or_day_breaks_a_page(browser: Client, user: User, period: str, day: str) -> None:
    make_generation(user, status="done")
    query = {"period": period, "since": day, "until": day, "day": day, "counts": "charged"}
    for address in ["/generations/", "/gallery/", "/generations/months/"]:
        assert browser.get(address, query).status_code == 200


# Places


def test_a_list_begins_at_a_day_and_goes_on_below_it(browser: Client, user: User) -> None:
    rows = made_on(user, *(f"2026-03-{day:02}" for day in range(30, 0, -1)))
    body = shown(browser, "/generations/?day=2026-03-28&kind=image")
    assert found(body) == [str(row.pk) for row in rows[2:26]]
    assert '<a href="/generations/?kind=image">Back to the newest</a>' in body
    following = re.search(r'href="([^"]+before=[^"]+)"', body)
    assert following
    rest = shown(browser, following[1], headers=HTMX)
    assert found(rest) == [str(row.pk) for row in rows[26:]]
    assert "Back to the newest" not in rest
    response = browser.get("/generations/?day=2026-03-28&state=", headers=HTMX)
    assert response["HX-Push-Url"] == "/generations/?day=2026-03-28"


def test_a_result_opened_from_a_day_still_knows_what_is_newer(browser: Client, user: User) -> None:
    newer, _older = made_on(user, "2026-03-02", "2026-03-01")
    body = shown(browser, "/generations/?day=2026-03-01&kind=image")
    result = re.search(r'class="frame" href="([^"]+)"', body)
    assert result
    assert newer.get_absolute_url() in shown(browser, result[1])


def test_the_months_that_have_results_lead_to_their_last_day(browser: Client, user: User) -> None:
    made_on(user, "2026-03-30", "2026-03-02", "2026-01-31", "2025-12-31", "2025-12-01")
    make_generation(make_user(), status="done", created_at=datetime(2026, 2, 3, tzinfo=UTC))
    addresses = re.findall(r'href="([^"]+)"', shown(browser, "/generations/months/?kind=image&period=&since="))
    days = ["2026-03-30", "2026-01-31", "2025-12-31"]
    assert addresses == [f"/generations/?kind=image&day={day}" for day in days]
    assert "No results match." in shown(browser, "/generations/months/?kind=video")
    assert "No results match." in shown(browser, "/generations/months/?list=gallery")


# Views


def save(browser: Client, name: str, query: str, **more: Any) -> Any:
    return browser.post(VIEWS, {"view_name": name, "filter": query}, **more)


def test_a_filter_is_saved_under_a_name_and_opens_by_it(browser: Client, user: User) -> None:
    place, _ = collecting.create(user, "Client A")
    make_generation(user, status="done")
    query = f"collection={place.pk}&starred=on&period=last-week"
    body = save(browser, "Client A,  starred", query, headers=HTMX).content.decode()
    assert "“Client A, starred” saved." in body
    view = SavedView.objects.get(owner=user)
    assert (view.name, view.query, view.of_team) == ("Client A, starred", query, False)
    menu = shown(browser, f"{VIEWS}?{query}", headers=HTMX)
    assert f'href="/generations/?{query}" aria-current="true"' in menu
    assert browser.get(view.get_absolute_url()).status_code == 200
    assert save(browser, "Gallery of films", "list=gallery&kind=video")["Location"] == "/gallery/?kind=video"


def test_a_name_is_given_once_and_the_newer_filter_stays(browser: Client, user: User) -> None:
    save(browser, "Foxes", "q=fox")
    save(browser, "foxes", "q=red+fox")
    view = SavedView.objects.get(owner=user)
    assert (view.name, view.query) == ("Foxes", "q=red+fox")
    with pytest.raises(IntegrityError), transaction.atomic():
        SavedView.objects.create(owner=user, name="FOXES", query="")
    SavedView.objects.create(owner=make_user(), name="Foxes", query="")


def test_a_view_is_renamed_and_deleted(browser: Client, user: User) -> None:
    save(browser, "Foxes", "q=fox")
    save(browser, "Owls", "q=owl")
    view = SavedView.objects.get(name="Foxes")
    browser.post(f"{VIEWS}{view.pk}/rename/", {"view_name": " Red foxes "})
    view.refresh_from_db()
    assert view.name == "Red foxes"
    for name, problem in [("owls", "already have another view"), ("", "Give the view a name"), ("x" * 81, "too many")]:
        assert problem in browser.post(f"{VIEWS}{view.pk}/rename/", {"view_name": name}, follow=True).content.decode()
        view.refresh_from_db()
        assert view.name == "Red foxes"
    body = browser.post(f"{VIEWS}{view.pk}/delete/", follow=True).content.decode()
    assert "“Red foxes” deleted." in body
    assert [*SavedView.objects.values_list("name", flat=True)] == ["Owls"]


@each(
    ("name", "query", "problem"),
    [
        ("", "q=fox", "Give the view a name"),
        ("x" * 81, "q=fox", "too many"),
        ("All", "", "Choose a filter first."),
        ("All", "model=gone&period=days&day=2026-01-01&nonsense=1", "Choose a filter first."),
    ],
)
def test_what_cannot_be_saved_is_said(browser: Client, name: str, query: str, problem: str) -> None:
    response = save(browser, name, query, headers=HTMX)
    assert response.status_code == 422
    assert problem in response.content.decode()
    assert not SavedView.objects.exists()


def test_a_view_is_its_owners_alone(browser: Client, colleague: Client, user: User) -> None:
    save(browser, "CANARY foxes", "q=fox")
    view = SavedView.objects.get()
    assert "CANARY" not in shown(colleague, VIEWS)
    for verb in ["rename", "delete"]:
        assert colleague.post(f"{VIEWS}{view.pk}/{verb}/", {"view_name": "Mine"}).status_code == 404
    view.refresh_from_db()
    assert view.name == "CANARY foxes"


def test_a_view_of_what_is_gone_opens_and_says_so(browser: Client, user: User) -> None:
    place, _ = collecting.create(user, "Client A")
    row = make_generation(user, status="done")
    save(browser, "Client A", f"collection={place.pk}&kind=image")
    place.delete()
    body = shown(browser, SavedView.objects.get().get_absolute_url())
    assert "Collection: no longer available, so this filter is ignored." in body
    assert found(body) == [str(row.pk)]


def test_days_are_shown_once_where_they_are_one(user: User) -> None:
    def words(**days: str) -> str:
        return next(chip.value for chip in HistoryForm(user, days).chips if chip.field.name == "period")

    assert words(since="2026-03-04", until="2026-03-04") == "03/04/2026"
    assert words(since="2026-03-04") == "from 03/04/2026"
    assert words(until="2026-03-04") == "until 03/04/2026"
    assert words(since="nonsense") == "Choose dates"
