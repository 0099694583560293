"""A filled database of every release so far becomes one of today, and nothing of it is lost."""

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts import factors, sealing
from accounts.models import Token, User
from generations.dispatch import pending
from generations.models import Collection, DailyUsage, Generation, Share
from tests.backup.elsewhere import empty_place, run
from tests.conftest import FastSandbox
from tests.helpers import make_generation
from tests.upgrade.filling import PLAIN, PROMPT

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

HERE = Path(__file__).parent
RELEASES = sorted(folder.name for folder in HERE.iterdir() if (folder / "sqlite.sql").exists())
# What the database has beside its tables and columns.
MADE = {
    "sqlite": "SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'",
    "postgresql": """
        SELECT 'index', indexname::text FROM pg_indexes WHERE schemaname = 'public'
        UNION SELECT 'trigger', tgname::text FROM pg_trigger WHERE NOT tgisinternal
        UNION SELECT 'column', table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable
            FROM information_schema.columns WHERE table_schema = 'public'
    """,
}


def load(release: str) -> None:
    text = (HERE / release / f"{connection.vendor}.sql").read_text()
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(connection.settings_dict["NAME"])) as database:
            database.executescript(text)
    else:
        with connection.cursor() as cursor:
            cursor.execute(text)


def made() -> set[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(MADE[connection.vendor])
        return set(cursor.fetchall())


@pytest.mark.parametrize("release", RELEASES)
def test_a_studio_of_that_release_goes_on(
    release: str, sandbox: FastSandbox, settings: Settings, tmp_path: Path
) -> None:
    fresh = made()
    with empty_place(settings, tmp_path):
        load(release)
        before = Counter(Generation.objects.values_list("status", flat=True))
        assert before.keys() >= {"queued", "sending", "running", "done", "failed", "rejected", "stalled", "cancelled"}
        assert pending.migrations()
        call_command("migrate", verbosity=0)
        assert not pending.migrations()
        assert "No migrations to apply" in run("migrate")
        assert made() == fresh

        assert Counter(Generation.objects.values_list("status", flat=True)) == before
        assert [token.secret().reveal() for token in Token.objects.order_by("pk")] == [f"{PLAIN}_ada", f"{PLAIN}_ben"]
        for token in Token.objects.all():  # else its rate window would be forgotten
            assert token.fingerprint == sealing.fingerprint(token.secret())
        assert all(map(factors.opens, Authenticator.objects.all()))
        found = Generation.objects.search("LIGHTHOUSE 灯塔")
        assert found.count() == sum(before.values())
        assert {row.prompt for row in found} == {PROMPT}
        later = make_generation(User.objects.get(username="ben"), prompt="a heron")
        assert list(Generation.objects.search("heron")) == [later]
        assert_booked()
        assert_pages_open()


def assert_booked() -> None:
    """What every generation stands at is in the ledger, and in the sums of its day."""
    days: dict[tuple[object, ...], Counter[str]] = {}
    for row in Generation.objects.prefetch_related("entries"):
        entries, standing = list(row.entries.all()), row.booking.standing
        for name in ["reserved", "charged"]:
            assert sum(getattr(entry, name) for entry in entries) == standing[name], (row.status, name)
        days.setdefault(tuple(row.booking.key), Counter()).update(standing)
    assert days
    assert DailyUsage.objects.count() == len(days)
    for day in DailyUsage.objects.all():
        sums = days[day.day, day.owner_id, day.project_id, day.model_id, day.media_type]
        names = ["generations", "done", "failed", "announced", "reserved", "charged", "refunded", "unrefunded"]
        assert {name: getattr(day, name) for name in names} == {name: sums[name] for name in names}


def assert_pages_open() -> None:
    ada, browser = User.objects.get(username="ada"), Client()
    browser.force_login(ada)
    names = ["studio", "generations", "gallery", "collections", "shares", "presets", "usage", "tokens", "sessions"]
    pages = [*map(reverse, names), reverse("mfa_index"), reverse("admin:index")]
    pages += [row.get_absolute_url() for row in Generation.objects.owned_by(ada)]
    pages += [reverse("collection", args=[row.pk]) for row in Collection.objects.all()]
    for model in admin.site._registry:
        pages.append(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
    for page in pages:
        assert browser.get(page).status_code == 200, page
    shares = list(Share.objects.all())
    assert shares
    for share in shares:
        assert share.title in Client().get(reverse("shared", args=[share.secret])).content.decode()
