"""Whoever leaves leaves their work to a colleague, or it is erased: said before, done whole, nothing paid is lost."""

from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import Token, User
from audit.models import Action, Entry
from generations.dispatch import submit, sweep
from generations.library import collecting, trash
from generations.models import (
    Attempt,
    Collection,
    DailyUsage,
    Generation,
    Preset,
    Reference,
    ReferenceUse,
    Result,
    Share,
)
from generations.sharing import links
from generations.studio import presets
from tests.conftest import FastSandbox
from tests.helpers import make_generation, make_result, make_user

pytestmark = pytest.mark.django_db
S = Generation.Status


@pytest.fixture
def heir(db: None) -> User:
    return make_user("heir")


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(make_user("boss", is_staff=True, is_superuser=True))
    return client


def page(person: User) -> str:
    return reverse("admin:accounts_user_leave", args=[person.pk])


def let_go(desk: Client, person: User, what: str, **choice: Any) -> Any:
    return desk.post(page(person), {"what": what, "sure": "on", **choice})


def done(owner: User) -> Generation:
    row = make_generation(owner, status=S.DONE)
    make_result(row)
    return row


def opens(share: Share) -> bool:
    return Client().get(reverse("shared", args=[share.secret])).status_code == 200


class TestHandingOver:
    def test_the_page_says_before_what_there_is(self, desk: Client, user: User, token: Token) -> None:
        done(user)
        make_generation(user)
        make_generation(user, status=S.RUNNING, remote_id="r")
        lost = make_generation(user, status=S.STALLED)
        Attempt.objects.create(generation=lost, number=1, outcome="unknown", token_revision=1, sent_at=timezone.now())
        collecting.create(user, "Foxes", is_team=True)
        said = desk.get(page(user)).content.decode()
        for line in [
            "4 generations, with 1 kept files",
            "1 of them waiting",
            "1 of them still running",
            "1 of them with an unknown charge",
            "1 collections, 1 of them of the team",
            "1 Meigen tokens",
        ]:
            assert line in said, line

    def test_makes_the_colleague_the_owner_of_everything(
        self, desk: Client, user: User, token: Token, heir: User
    ) -> None:
        row, waiting = done(user), make_generation(user)
        share = links.share(user, [row])
        for person in [user, heir]:
            collecting.create(person, "Foxes")
            presets.save(person, "Plain", {}, [], is_team=False)
        answer = let_go(desk, user, "hand over", heir=heir.pk, keep_links="on")
        assert answer.status_code == 302
        user.refresh_from_db()
        waiting.refresh_from_db()
        assert (user.is_active, waiting.status, waiting.owner) == (False, S.CANCELLED, heir)
        mine = Client()
        mine.force_login(heir)
        assert mine.get(reverse("generation", args=[row.pk])).status_code == 200
        assert not waiting.can_send_again  # the leaver's token pays for nobody
        named = f"({user.username})"
        for model in [Collection, Preset]:
            names = {row.name for row in model.objects.filter(owner=heir)}  # type: ignore[attr-defined]
            assert names in [{"Foxes", f"Foxes {named}"}, {"Plain", f"Plain {named}"}]
        assert opens(share)
        [entry] = Entry.objects.filter(action=Action.HANDED_OVER)
        assert (entry.actor_name, entry.details["to"], entry.details["generations"]) == ("boss", "heir", 2)

    def test_links_are_revoked_unless_they_shall_open_again(self, desk: Client, user: User, heir: User) -> None:
        share = links.share(user, [done(user)])
        let_go(desk, user, "hand over", heir=heir.pk)
        assert not opens(share)

    def test_no_link_shows_what_the_colleague_has_collected(self, desk: Client, user: User, heir: User) -> None:
        """Nor does a link of the colleague's show what the leaver put into the same collection."""
        collection, _ = collecting.create(user, "Foxes", is_team=True)
        other, _ = collecting.create(heir, "Owls", is_team=True)
        collecting.add(heir, collection.pk, [done(heir).pk])
        collecting.add(user, other.pk, [done(user).pk])
        theirs = links.share(user, [], follow=collection)
        own = links.share(heir, [], follow=other)
        let_go(desk, user, "hand over", heir=heir.pk, keep_links="on")
        assert not opens(theirs)
        assert [*Share.objects.get(pk=own.pk).contents()] == []

    def test_an_address_that_both_have_given_becomes_one(self, desk: Client, user: User, heir: User) -> None:
        both = [
            Reference.objects.create(owner=each, name="a", public_url="https://a.example/b") for each in (user, heir)
        ]
        row = done(user)
        ReferenceUse.objects.create(generation=row, reference=both[0], number=1)
        preset = presets.save(user, "Plain", {}, [str(both[0].pk)], is_team=False)
        let_go(desk, user, "hand over", heir=heir.pk)
        preset.refresh_from_db()
        assert [*row.references.all()] == [both[1]]
        assert preset.references == [str(both[1].pk)]

    @pytest.mark.django_db(transaction=True)
    def test_what_runs_arrives_at_the_colleague(
        self, sandbox: FastSandbox, looks_often: None, desk: Client, user: User, token: Token, heir: User
    ) -> None:
        row = make_generation(user)
        submit.send(row.pk)
        let_go(desk, user, "hand over", heir=heir.pk, delete="on")
        sweep.run_slice(seconds=20)
        row.refresh_from_db()
        assert (row.status, row.owner, row.results.count()) == (S.DONE, heir, 1)
        assert not User.objects.get(pk=user.pk).is_active  # the books keep the name of who spent it
        assert DailyUsage.objects.filter(owner=user, charged=2).exists()

    def test_is_for_superusers_and_not_of_oneself(self, desk: Client, user: User, heir: User) -> None:
        clerk = Client()
        clerk.force_login(make_user("clerk", is_staff=True))
        assert let_go(clerk, user, "hand over", heir=heir.pk).status_code == 403
        assert let_go(desk, User.objects.get(username="boss"), "hand over", heir=heir.pk).status_code == 403
        wrongs: list[dict[str, Any]] = [{"heir": ""}, {"heir": user.pk}, {"heir": heir.pk, "sure": ""}]
        for wrong in wrongs:
            assert let_go(desk, user, "hand over", **wrong).status_code == 422
        user.refresh_from_db()
        assert user.is_active


class TestErasing:
    def test_leaves_the_books_and_nothing_else(
        self,
        desk: Client,
        user: User,
        token: Token,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        row = done(user)
        share = links.share(user, [row])
        collecting.create(user, "Foxes")
        reference = Reference.objects.create(owner=user, name="a", file="references/a.png")
        name = Result.objects.get().file.name or ""
        with django_capture_on_commit_callbacks(execute=True):
            assert let_go(desk, user, "erase", delete="on").status_code == 302
        trash.empty()
        row.refresh_from_db()
        user.refresh_from_db()
        assert (row.prompt, row.owner, row.credits_estimated) == ("", user, 2)
        assert not default_storage.exists(name)
        assert not opens(share)
        assert (user.is_active, user.email, user.has_usable_password()) == (False, "", False)
        assert not Token.objects.exists()
        assert not Collection.objects.exists()
        assert not Reference.objects.filter(pk=reference.pk).exists()

    def test_waits_for_what_is_paid_and_not_finished(self, desk: Client, user: User) -> None:
        make_generation(user, status=S.RUNNING, remote_id="r")
        answer = let_go(desk, user, "erase")
        assert (answer.status_code, "still running" in answer.content.decode()) == (422, True)
        assert Generation.objects.get().deleted_at is None


def test_djangos_own_page_deletes_nobody_who_has_made_something(desk: Client, user: User) -> None:
    collection, _ = collecting.create(user, "Foxes")
    own = f"/admin/accounts/user/{user.pk}/delete/"
    assert page(user) in desk.get(own).content.decode()
    desk.post(own, {"post": "yes"})
    desk.post("/admin/accounts/user/", {"action": "delete_selected", "_selected_action": [user.pk], "post": "yes"})
    assert Collection.objects.filter(pk=collection.pk, owner=user).exists()
