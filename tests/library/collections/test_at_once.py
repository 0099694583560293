"""Several people or clicks at the same time."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from accounts.models import Token, User
from generations.dispatch import catalogue
from generations.library import collecting
from generations.models import Collection, CollectionItem, Generation
from generations.studio import submission
from generations.studio.form import GenerateForm
from tests.conftest import FastSandbox
from tests.helpers import form_data, make_generation
from tests.library.collections.making import make_collection


def at_once(*works: Callable[[], Any]) -> None:
    """Runs these in threads of their own that start together."""
    barrier = threading.Barrier(len(works))
    problems: list[Exception] = []

    def run(work: Callable[[], Any]) -> None:
        try:
            barrier.wait()
            work()
        except Exception as problem:  # noqa: BLE001
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


@pytest.mark.django_db(transaction=True)
class TestAtTheSameTime:
    def test_two_clicks_make_one_collection_with_everything_once(self, user: User) -> None:
        rows = [make_generation(user, status="done") for _ in range(5)]
        ids = [row.pk for row in rows]

        def click() -> None:
            collecting.add(user, collecting.create(user, "Foxes")[0].pk, ids)

        at_once(*[click] * 4)
        assert Collection.objects.get().generations.count() == 5

    def test_what_is_added_while_it_becomes_the_teams_is_shown(self, user: User) -> None:
        collection = make_collection(user, "Foxes")
        rows = [make_generation(user, status="done") for _ in range(6)]
        adds = [lambda pk=row.pk: collecting.add(user, collection.pk, [pk]) for row in rows]
        at_once(*adds, lambda: collecting.show(user, collection.pk, shown=True))
        assert collection.generations.filter(team_at__isnull=False).count() == 6

    def test_no_click_is_lost_to_a_collection_that_is_deleted_meanwhile(
        self, sandbox: FastSandbox, user: User, token: Token
    ) -> None:
        foxes = make_collection(user, "Foxes")
        offer = catalogue.offer()

        def click() -> None:
            form = GenerateForm(offer, data=form_data(into=str(foxes.pk)))
            assert form.is_valid()
            submission.create(user, token, form)

        at_once(*[click] * 4, lambda: collecting.delete(user, foxes.pk))
        assert Generation.objects.count() == 4
        assert not CollectionItem.objects.exists()

    def test_adding_merging_and_deleting_together_break_nothing(self, user: User) -> None:
        a, b, c = (make_collection(user, name) for name in "abc")
        rows = [make_generation(user, status="done") for _ in range(4)]
        for row in rows:
            collecting.add(user, a.pk, [row.pk])
        at_once(
            lambda: collecting.merge(user, a.pk, b.pk),
            lambda: collecting.merge(user, a.pk, b.pk),
            lambda: collecting.add(user, a.pk, [row.pk for row in rows]),
            lambda: collecting.move(user, a, c.pk, [rows[0].pk]),
            lambda: collecting.delete(user, c.pk),
        )
        assert set(Collection.objects.values_list("name", flat=True)) == {"b"}
        assert Generation.objects.count() == 4
        assert b.generations.filter(pk__in=[row.pk for row in rows[1:]]).count() == 3
