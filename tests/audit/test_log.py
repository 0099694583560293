"""The audit log grows at one end: nobody changes an entry, and only age takes one away."""

import threading
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from accounts.models import Throttle, User
from audit import log
from audit.models import Action, AppendOnly, Entry
from generations import tasks
from generations.dispatch import wake
from generations.models import Lease
from tests.accounts.test_guessing import sign_in
from tests.cases import each
from tests.helpers import make_user


def aged(days: float) -> Entry:
    return Entry.objects.create(action=Action.SIGNED_IN, at=timezone.now() - timedelta(days=days))


class TestNobodyRewritesIt:
    @pytest.fixture
    def entry(self, db: None) -> Entry:
        return aged(1)

    def test_through_a_row(self, entry: Entry) -> None:
        entry.actor_name = "somebody else"
        for attempt in [entry.save, entry.delete]:
            with pytest.raises(AppendOnly):
                attempt()

    def test_through_a_queryset(self, entry: Entry) -> None:
        rows = Entry.objects.all()
        with pytest.raises(AppendOnly):
            rows.update(action="")
        with pytest.raises(AppendOnly):
            rows.delete()
        with pytest.raises(AppendOnly):
            rows.bulk_update([entry], ["action"])

    @each("statement", ["UPDATE audit_entry SET actor_name = 'mallory'", "DELETE FROM audit_entry"])
    def test_through_plain_sql(self, entry: Entry, statement: str) -> None:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert Entry.objects.get() == entry

    def test_through_a_purge_that_goes_too_far(self, entry: Entry) -> None:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            Entry.objects.purge(timezone.now())
        assert Entry.objects.exists()

    def test_by_deleting_who_did_it(self, user: User) -> None:
        log.record(Action.SIGNED_IN, user, actor=user)
        pk = user.pk
        user.delete()
        entry = Entry.objects.get()
        assert (entry.actor_id, entry.actor_name, entry.object_words) == (pk, user.username, user.username)


class TestWhatIsOld:
    def test_is_purged_and_the_rest_stays(self, db: None, settings: Settings) -> None:
        settings.AUDIT_DAYS = 90
        old, young = aged(91), aged(89)
        tasks.tidy()
        assert [*Entry.objects.all()] == [young]
        assert old != young

    def test_is_purged_in_batches(self, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("audit.models.BATCH", 2)
        for _ in range(5):
            aged(400)
        tasks.tidy()
        assert not Entry.objects.exists()

    @each("what", ["entry", "session", "count"])
    def test_wakes_the_worker_at_most_once_an_hour(self, db: None, what: str) -> None:
        def woken() -> int:
            return sum("tidy" in str(row.task) for row in OrmQ.objects.all())

        wake.watchdog()
        assert (woken(), Lease.objects.filter(name=wake.TIDY).exists()) == (0, False)
        if what == "entry":
            aged(400)
        elif what == "count":
            past = timezone.now() - timedelta(seconds=1)
            Throttle.objects.create(key="a", tries=1, waits_until=past, forgotten_at=past)
        else:
            Session.objects.create(pk="a", expire_date=timezone.now() - timedelta(seconds=1))
        for _ in range(3):
            wake.watchdog()
        assert woken() == 1
        Lease.objects.filter(name=wake.TIDY).update(expires_at=timezone.now() - timedelta(seconds=1))
        wake.watchdog()
        assert woken() == 2


class TestAFlood:
    def test_of_failures_is_kept_in_part_and_says_so(self, db: None) -> None:
        for _ in range(50):
            log.record(Action.SIGN_IN_FAILED, words="adm…")
        kept = Entry.objects.order_by("pk")
        assert len(kept) == 20
        assert [entry.details for entry in kept] == [{}] * 19 + [{"more_followed": True}]

    def test_that_goes_on_for_a_day_ends(self, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(log, "MOST_OF_ALL", [(timedelta(minutes=1), 20), (timedelta(days=1), 50)])
        for hour in range(20):
            Entry.objects.bulk_create(
                Entry(action=Action.SHARE_OPENED, at=timezone.now() - timedelta(hours=hour + 1)) for _ in range(3)
            )
        log.record(Action.SHARE_OPENED)
        assert Entry.objects.count() == 60

    def test_hides_nothing_that_comes_from_elsewhere(self, user: User) -> None:
        for n in range(25):
            sign_in(Client(), f"noise{n}", "x", "203.0.113.9")
        for n in range(4):
            sign_in(Client(), user.username, f"guess {n}", "198.51.100.7")
        assert Entry.objects.filter(object_words=user.username).count() == 4

    def test_hides_nothing_that_members_do(self, user: User) -> None:
        for _ in range(30):
            log.record(Action.SIGN_IN_FAILED)
            log.record(Action.TOKEN_ADDED, actor=user)
        assert Entry.objects.filter(action=Action.TOKEN_ADDED).count() == 30


def test_what_did_not_happen_is_not_recorded(user: User) -> None:
    with transaction.atomic():
        log.record(Action.TOKEN_ADDED, user)
        transaction.set_rollback(True)
    assert not Entry.objects.exists()


def test_a_request_leaves_nothing_behind_for_the_next(user: User, browser: Client) -> None:
    browser.get(reverse("tokens"), REMOTE_ADDR="192.0.2.7")
    log.record(Action.SIGNED_OUT)
    entry = Entry.objects.get(action=Action.SIGNED_OUT)
    assert (entry.actor_id, entry.address) == (None, "")


@pytest.mark.django_db(transaction=True)
def test_two_threads_do_not_mix_up_who_asks() -> None:
    people = [make_user(), make_user()]
    ready = threading.Barrier(2)

    def act(person: User) -> None:
        request = HttpRequest()
        request.user = person
        with log.answering(request, f"192.0.2.{person.pk % 200}"):
            ready.wait(5)
            log.record(Action.TOKEN_CHOSEN, person)
        connection.close()

    threads = [threading.Thread(target=act, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = Entry.objects.values_list("actor_id", "object_id", "address")
    assert {*told} == {(person.pk, str(person.pk), f"192.0.2.{person.pk % 200}") for person in people}
