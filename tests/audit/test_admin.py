"""The audit log in the admin: found, read and taken along, by those who may, and changed by nobody."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from audit import log
from audit.admin import NewestOnly
from audit.export import defused
from audit.models import Action, Entry
from tests.cases import each
from tests.helpers import make_user

LIST = "/admin/audit/entry/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor() -> Client:
    """Staff who may read the log and nothing else."""
    person = make_user("auditor", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="view_entry"))
    client = Client()
    client.force_login(person)
    return client


def entry(**values: Any) -> Entry:
    return Entry.objects.create(**{"action": Action.TOKEN_ADDED, "actor_name": "ana", **values})


def export(client: Client, **query: str) -> list[list[str]]:
    response = client.get(f"{LIST}export/", query)
    text = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.reader(io.StringIO(text)))


class TestTheList:
    def test_is_read_only_even_for_a_superuser(self) -> None:
        row = entry()
        boss = Client()
        boss.force_login(make_user("boss", is_staff=True, is_superuser=True))
        assert boss.get(LIST).status_code == 200
        for url in [f"{LIST}add/", f"{LIST}{row.pk}/change/", f"{LIST}{row.pk}/delete/"]:
            assert boss.post(url, {"post": "yes", "action": "signed-in"}).status_code == 403
        boss.post(LIST, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
        assert Entry.objects.filter(pk=row.pk).exists()

    def test_is_for_those_who_may_see_it(self, user: User) -> None:
        User.objects.filter(pk=user.pk).update(is_staff=True)
        client = Client()
        client.force_login(user)
        assert [client.get(url).status_code for url in [LIST, f"{LIST}export/"]] == [403, 403]

    @each(
        ("query", "found"),
        [
            ({"action__exact": "signed-out"}, {"ben"}),
            ({"q": "ben"}, {"ben"}),
            ({"q": "some-id"}, {"cleo"}),
            ({"q": "192.0.2.9"}, {"dora"}),
            ({"q": "be"}, set()),
            ({"actor": "nobody"}, {"ana", "ben", "cleo", "dora"}),
            ({"at__gte": "2031-01-01 00:00:00+00:00"}, {"eve"}),
        ],
    )
    def test_is_filtered_and_searched(self, auditor: Client, query: dict[str, str], found: set[str]) -> None:
        entry()
        entry(actor_name="ben", action=Action.SIGNED_OUT)
        entry(actor_name="cleo", object_id="some-id")
        entry(actor_name="dora", address="192.0.2.9")
        entry(actor_name="eve", actor_id=7, at=datetime(2031, 2, 3, tzinfo=UTC))
        assert {row[3] for row in export(auditor, **query)[1:]} - {"auditor"} == found
        page = auditor.get(LIST, query).content.decode()
        assert {name for name in ["ana", "ben", "cleo", "dora", "eve"] if f">{name}</td>" in page} == found

    def test_filters_by_a_person(self, auditor: Client, user: User) -> None:
        entry()
        log.record(Action.SIGNED_OUT, actor=user)
        assert [row[3] for row in export(auditor, actor=str(user.pk))[1:]] == [user.username]

    def test_gives_times_with_their_zone(self, auditor: Client) -> None:
        User.objects.filter(username="auditor").update(time_zone="Asia/Shanghai")
        entry(at=datetime(2026, 3, 1, 20, 0, tzinfo=UTC))
        assert "2026-03-02 04:00:00+08:00" in auditor.get(LIST).content.decode()
        assert export(auditor, action__exact="token-added")[1][0] == "2026-03-01T20:00:00+00:00"

    def test_never_counts_or_sorts_all_of_it(self, auditor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(NewestOnly, "most", 150)
        Entry.objects.bulk_create(Entry(action=Action.SIGNED_IN) for _ in range(200))
        with CaptureQueriesContext(
            connection,
        ) as queries:
            auditor.get(LIST)
        asked = [query["sql"] for query in queries if "audit_entry" in query["sql"] and "INSERT" not in query["sql"]]
        assert asked
        assert all("LIMIT" in sql for sql in asked), asked

    @pytest.mark.slow
    @each("query", [{}, {"action__exact": "signed-in"}, {"q": "ana"}, {"actor": "nobody"}])
    def test_finds_what_it_shows_by_an_index(self, auditor: Client, query: dict[str, str]) -> None:
        start = datetime(2026, 1, 1, tzinfo=UTC)
        people, kinds = ["ana", "ben", "cleo"], [Action.SIGNED_IN, Action.SIGNED_OUT, Action.TOKEN_ADDED]
        Entry.objects.bulk_create(
            Entry(
                action=kinds[n % 3], actor_name=people[n % 3], actor_id=n % 3 or None, at=start + timedelta(seconds=n)
            )
            for n in range(3000)
        )
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE audit_entry")
        with CaptureQueriesContext(connection) as queries:
            auditor.get(LIST, query)
        [shown] = [
            one["sql"] for one in queries if ".details" in one["sql"].replace('"', "") and " LIMIT " in one["sql"]
        ]
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{shown}")
            plan = "\n".join(map(str, cursor.fetchall()))
        assert "Seq Scan" not in plan
        assert "audit_" in plan


class TestTheExport:
    def test_has_what_the_filter_leaves_and_leaves_an_entry_itself(self, auditor: Client) -> None:
        entry(details={"factor": "totp"})
        entry(action=Action.SIGNED_OUT)
        rows = export(auditor, action__exact="token-added")
        assert rows[0][:3] == ["at", "action", "actor_id"]
        assert [row[1] for row in rows[1:]] == ["token-added"]
        assert rows[1][-1] == '{"factor": "totp"}'
        told = Entry.objects.get(action=Action.EXPORTED)
        assert (told.actor_name, told.details) == ("auditor", {"query": "action__exact=token-added"})

    def test_is_all_of_it_and_not_a_page(self, auditor: Client) -> None:
        Entry.objects.bulk_create(Entry(action=Action.TOKEN_ADDED) for _ in range(2500))
        assert len(export(auditor, action__exact="token-added")) == 2501

    @each("start", ["=", "+", "-", "@", "\t", "\r"])
    def test_has_no_formulas(self, auditor: Client, start: str) -> None:
        entry(object_words=f"{start}cmd|' /C calc'!A0")
        assert export(auditor, action__exact="token-added")[1][6].startswith("'")
        assert defused(f"{start}1") == f"'{start}1"

    def test_keeps_the_words_of_everybody(self, auditor: Client) -> None:
        entry(object_words='海鹭, "two"\nlines')
        assert export(auditor, action__exact="token-added")[1][6] == '海鹭, "two"\nlines'


def test_the_admins_first_page_leads_to_it(auditor: Client) -> None:
    page = auditor.get("/admin/").content.decode()
    assert f'href="{reverse("admin:audit_entry_changelist")}"' in page
