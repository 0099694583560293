"""Every time stands in the zone of whoever looks, the page names that zone once, and machines get the exact time."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Token, User
from accounts.templatetags.times import told, when
from accounts.time_zones import by_area, zone_of
from generations.models import Attempt, Event, Generation, Share
from generations.sharing import links
from tests.cases import each
from tests.helpers import make_generation, make_result, make_user
from tests.sharing.links import path

pytestmark = pytest.mark.django_db
# 22:30 on 31 July in UTC is 07:30 on 1 August in Tokyo.
LATE = datetime(2026, 7, 31, 22, 30, 15, tzinfo=UTC)
TOKYO = "2026-08-01T07:30:15+09:00"


@pytest.fixture(autouse=True)
def _studio_in_berlin(settings: Settings) -> None:
    settings.TIME_ZONE = "Europe/Berlin"


@pytest.fixture
def row(user: User, token: Token) -> Generation:
    """Something that shows a time wherever a page has one."""
    made = make_generation(user, status="done", created_at=LATE, finished_at=LATE)
    make_result(made)
    Event.objects.create(generation=made, at=LATE, status="done", note="Saved.")
    Attempt.objects.create(generation=made, number=1, token_fingerprint="a", token_revision=1, sent_at=LATE)
    share = links.share(user, [made])
    Share.objects.filter(pk=share.pk).update(viewed_at=LATE, expires_at=datetime(2999, 7, 31, 22, 30, 15, tzinfo=UTC))
    Token.objects.update(checked_at=LATE)
    return made


def in_zone(user: User, name: str) -> None:
    User.objects.filter(pk=user.pk).update(time_zone=name)


def pages(row: Generation) -> list[str]:
    share = Share.objects.get()
    return [
        row.get_absolute_url(),
        reverse("tokens"),
        reverse("shares"),
        reverse("share_link", args=[share.pk]),
    ]


def times(body: str) -> list[tuple[str, str]]:
    return re.findall(r'<time datetime="([^"]+)">([^<]+)</time>', body)


def test_every_page_shows_times_in_ones_own_zone_and_names_it_once(
    browser: Client, user: User, row: Generation
) -> None:
    for zone, hour in [("", "00:30"), ("Asia/Tokyo", "07:30"), ("America/New_York", "18:30")]:
        in_zone(user, zone)
        for url in pages(row):
            body = browser.get(url).content.decode()
            assert body.count(f"Times in {zone or 'Europe/Berlin'}") == body.count("Times in") == 1, url
            shown = times(body)
            assert shown, url
            for exact, words in shown:
                assert datetime.fromisoformat(exact).tzinfo is not None
                assert datetime.fromisoformat(exact).astimezone(UTC).strftime("%H:%M:%S") == "22:30:15"
                if ":" in words:
                    assert hour in words, (url, zone)


def test_no_page_shows_a_time_of_day_outside_a_time_element(browser: Client, user: User, row: Generation) -> None:
    for url in pages(row):
        body = browser.get(url).content.decode().partition("<main")[2]
        bare = re.sub(r"<time .*?</time>|<[^>]+>", "", body)
        assert not re.search(r"\b\d\d:\d\d\b|\b\d{1,2} (Jul|Aug)\b", bare), url


def test_a_day_is_the_day_where_the_person_is(browser: Client, user: User, row: Generation) -> None:
    in_zone(user, "Asia/Tokyo")
    body = browser.get(row.get_absolute_url()).content.decode()
    assert (TOKYO, "1 Aug 2026, 07:30") in times(body)
    assert ("2999-08-01T07:30:15+09:00", "1 Aug 2999") in times(browser.get(reverse("shares")).content.decode())
    for day, is_found in [("2026-07-31", False), ("2026-08-01", True)]:
        listed = browser.get("/generations/", {"since": day, "until": day}).content.decode()
        assert (str(row.pk) in listed) == is_found
    assert "no-such" not in listed


def test_templates_format_times_in_one_way_only() -> None:
    own = re.compile(r"\|(date|time|naturaltime|naturalday|timesince|timeuntil)\b|\.isoformat|\{% now\b")
    folder = Path(configured.BASE_DIR) / "templates"
    assert [str(file) for file in folder.rglob("*.html") if own.search(file.read_text())] == []


def test_a_person_chooses_a_zone_and_others_keep_theirs(browser: Client, user: User, row: Generation) -> None:
    url = reverse("time_zone")
    page = browser.get(url).content.decode()
    assert '<option value="" selected>As the studio: Europe/Berlin</option>' in page
    assert f'href="{url}"' in browser.get("/").content.decode()
    answer = browser.post(url, {"time_zone": "Asia/Tokyo"}, follow=True).content.decode()
    assert "Times in Asia/Tokyo" in answer
    assert "Time zone saved." in answer
    assert '<option value="Asia/Tokyo" selected>' in answer
    other = Client()
    other.force_login(make_user())
    assert "Times in Europe/Berlin" in other.get("/").content.decode()
    browser.post(url, {"time_zone": ""})
    assert "Times in Europe/Berlin" in browser.get("/").content.decode()


@each("name", ["Mars/Olympus", "../UTC", "/etc/localtime", "Asia", "\x00", "x" * 100])
def test_what_is_no_zone_is_refused_and_changes_nothing(browser: Client, user: User, name: str) -> None:
    in_zone(user, "Asia/Tokyo")
    assert browser.post(reverse("time_zone"), {"time_zone": name}).status_code == 422
    user.refresh_from_db()
    assert user.time_zone == "Asia/Tokyo"


def test_a_zone_that_the_system_has_forgotten_is_the_studios(browser: Client, user: User) -> None:
    for name in ["Mars/Olympus", "../UTC", "Asia"]:
        in_zone(user, name)
        assert "Times in Europe/Berlin" in browser.get("/").content.decode()


def test_every_zone_that_is_offered_exists() -> None:
    names = [name for _, zones in by_area() for name, _ in zones]
    assert {"Europe/Berlin", "Asia/Shanghai", "America/New_York"} <= set(names)
    assert all(zone_of(User(time_zone=name)) for name in names)


def test_the_zone_of_one_request_is_not_the_next_ones(browser: Client, user: User, row: Generation) -> None:
    in_zone(user, "Asia/Tokyo")
    browser.get(row.get_absolute_url())
    assert timezone.get_current_timezone_name() == "Europe/Berlin"


def test_a_guest_sees_nothing_of_a_members_zone(user: User, row: Generation) -> None:
    in_zone(user, "Asia/Tokyo")
    body = Client().get(path(Share.objects.get())).content.decode()
    assert "Tokyo" not in body
    assert not re.search(r"\b\d\d:\d\d\b", body)


def test_the_admin_shows_ones_own_zone_and_names_it(row: Generation) -> None:
    boss = Client()
    boss.force_login(make_user("boss", is_staff=True, is_superuser=True, time_zone="Asia/Tokyo"))
    body = boss.get(f"/admin/generations/generation/{row.pk}/change/").content.decode()
    assert "Aug. 1, 2026, 7:30 a.m." in body
    assert body.count("Times in Asia/Tokyo") == 1
    assert "2026-07-31" not in boss.get("/admin/generations/share/").content.decode()


@each(
    ("text", "shown"),
    [
        ("2026-07-31T22:30:15Z", "1 Aug 2026, 00:30"),
        ("2026-08-01T07:30:15+09:00", "1 Aug 2026, 00:30"),
        ("2026-07-31T22:30:15", "1 Aug 2026, 00:30"),
        ("yesterday", "yesterday"),
        ("<b>", "<b>"),
        ("9999-99-99T00:00", "9999-99-99T00:00"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_a_time_of_meigens_is_shown_alike_or_as_it_came(text: str, shown: str) -> None:
    assert re.sub(r"</?time[^>]*>", "", told(text)) == shown


def test_no_time_is_nothing() -> None:
    assert when(None, "time") == ""
