"""What was deleted long ago is erased: files, words and all; what the books need stays."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
from django.conf import settings as configured
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from accounts.models import Token, User
from generations.dispatch import failpoints, wake
from generations.library import collecting, curation, trash
from generations.media import attachments, fetch, verify
from generations.models import (
    Attempt,
    CollectionItem,
    Event,
    Generation,
    Lease,
    Reference,
    ReferenceUse,
    Result,
    Share,
    Star,
)
from generations.sharing import links
from generations.studio import presets
from meigen_api.client import Client as MeigenClient
from meigen_api.types import Status
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import make_generation, make_result, make_token, make_user, picture

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


def deleted(user: User, days: float = 31, **columns: object) -> Generation:
    """Deleted so many days ago, with all that may hang on a generation."""
    row = make_generation(user, prompt="CANARY", **{"status": "done", "credits_used": 7, **columns})
    make_result(row)
    links.share(user, [row])
    curation.star(make_user(), row)
    foxes, _ = collecting.create(user, "Foxes")
    collecting.add(user, foxes.pk, [row.pk])
    Star.objects.get_or_create(user=user, generation=row)
    Event.objects.create(generation=row, at=timezone.now(), status="done", note="CANARY")
    Attempt.objects.create(
        generation=row, number=1, token_fingerprint="a", token_revision=1, sent_at=timezone.now(), answer="CANARY"
    )
    since = timezone.now() - timedelta(days=days)
    Generation.objects.filter(pk=row.pk).update(deleted_at=since, message="CANARY", answer_body="CANARY", team_at=since)
    return row


def files() -> list[str]:
    return [path.name for path in Path(configured.MEDIA_ROOT).rglob("*") if path.is_file()]


def is_consistent() -> bool:
    """Whether no file is missing and none is left over, however young."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(verify, "ORPHAN_AGE", timedelta(seconds=-5))
        return not list(verify.findings(repair=False, hashes=False))


def test_nothing_of_it_is_left_but_the_bill(user: User, token: Token) -> None:
    row = deleted(user)
    trash.empty()
    assert files() == []
    for model in [Result, Share, Star, CollectionItem, Event]:
        assert not model._default_manager.exists()
    kept = Generation.objects.values().get()
    attempt = Attempt.objects.values().get()
    assert "CANARY" not in str([kept, attempt])
    assert (kept["body"], kept["wish"]) == ("", "")
    assert kept["erased_at"] is not None
    assert (kept["credits_used"], kept["model_name"], kept["status"]) == (7, "Z Image Turbo", "done")
    assert (kept["created_at"], kept["owner_id"]) == (row.created_at, user.pk)
    assert attempt["sent_at"] is not None


@each("days", [0, 29])
def test_what_was_deleted_lately_can_still_be_brought_back(user: User, browser: Client, days: float) -> None:
    row = deleted(user, days)
    trash.empty()
    browser.post(f"/generations/{row.pk}/restore/")
    assert "CANARY" in browser.get("/generations/").content.decode()
    assert browser.get(f"/generations/{row.pk}/results/0/").getvalue() == picture()


def test_the_days_are_a_setting(user: User, settings: Settings) -> None:
    deleted(user, 2)
    settings.TRASH_DAYS = 1
    trash.empty()
    assert not files()


@pytest.mark.parametrize("status", Generation.LIVE)
def test_what_is_under_way_is_never_erased(user: User, status: str) -> None:
    row = deleted(user, status=status)
    trash.empty()
    row.refresh_from_db()
    assert (row.prompt, row.erased_at) == ("CANARY", None)
    assert len(files()) == 3


def test_what_was_brought_back_in_the_last_moment_stays(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    row = deleted(user)
    curation.restore(user, [row.pk])
    trash.erase(row.pk, timezone.now())
    row.refresh_from_db()
    assert row.prompt == "CANARY"
    assert Result.objects.exists()


def test_an_erased_one_is_nowhere_to_be_seen(user: User, browser: Client) -> None:
    row, secret = deleted(user), Share.objects.get().secret
    colleague = Client()
    colleague.force_login(make_user())
    trash.empty()
    for visitor in [browser, colleague]:
        for page in ["", "results/0/", "results/0/thumbnail/", "results/0/preview/", "compare/"]:
            assert visitor.get(f"/generations/{row.pk}/{page}").status_code == 404
        for page in ["/", "/generations/", "/generations/?state=deleted", "/gallery/", "/collections/"]:
            assert str(row.pk) not in visitor.get(page).content.decode()
        for verb in ["restore", "delete", "star", "team", "share", "check-again", "fetch-again", "send-again"]:
            assert visitor.post(f"/generations/{row.pk}/{verb}/").status_code == 404
    assert Client().get(f"/s/{secret}/").status_code == 404
    assert curation.restore(user, [row.pk]) == 0


def test_files_of_a_try_that_was_killed_go_too(user: User) -> None:
    row = deleted(user)
    [result] = row.results.all()
    Result.objects.update(kept_at=None, file="", thumbnail="", preview="")
    assert files()
    trash.empty()
    assert files() == []
    assert not Result.objects.filter(pk=result.pk).exists()


def test_a_file_that_cannot_be_removed_keeps_no_other(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [deleted(user) for _ in range(3)]
    stuck, delete = Result.objects.get(generation=rows[0]), default_storage.delete

    def refuse(name: str) -> None:
        if stuck.pk.hex in name:
            raise PermissionError(13, "Permission denied")
        delete(name)

    monkeypatch.setattr(default_storage, "delete", refuse)
    trash.empty()
    assert Result.objects.get() == stuck
    monkeypatch.undo()
    trash.empty()
    assert files() == []


def test_a_reference_that_cannot_be_removed_keeps_nothing_else(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [deleted(user) for _ in range(3)]
    for row in rows:
        reference = attachments.add_file(user, "a.png", io.BytesIO(picture()), None)
        Reference.objects.update(created_at=timezone.now() - timedelta(days=50))
        ReferenceUse.objects.create(generation=row, reference=reference, number=0)
    delete = default_storage.delete

    def refuse(name: str) -> None:
        if name.startswith("references"):
            raise PermissionError(13, "Permission denied")
        delete(name)

    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "delete", refuse)
        trash.empty()
    assert Generation.objects.filter(erased_at=None).count() == 0
    assert not Result.objects.exists()
    monkeypatch.setattr(verify, "ORPHAN_AGE", timedelta(0))
    found = verify.findings(repair=False, hashes=False, delete_unknown=True)
    assert [finding.wrong for finding in found] == 3 * ["is not in the database"]


@each("state", ["processing", "completed"])
def test_what_meigen_says_of_it_meanwhile_brings_nothing_back(
    user: User,
    browser: Client,
    sandbox: FastSandbox,
    monkeypatch: pytest.MonkeyPatch,
    state: Literal["processing", "completed"],
) -> None:
    make_token(user)
    row = deleted(user, status="stalled")
    Generation.objects.filter(pk=row.pk).update(deleted_at=None)

    def asked(*args: object) -> Status:
        Generation.objects.filter(pk=row.pk).update(deleted_at=timezone.now() - timedelta(days=31))
        trash.erase(row.pk, timezone.now())
        return Status(state=state, generation_id="r1", image_urls=("https://images.meigen.ai/a.png",))

    monkeypatch.setattr(MeigenClient, "send", asked)
    browser.post(f"/generations/{row.pk}/check-again/")
    row.refresh_from_db()
    assert (row.status, bool(row.erased_at), bool(row.deleted_at)) == ("stalled", True, True)
    assert not Result.objects.filter(erased_at=None).exists()


def test_the_search_forgets_it_and_stays_whole(user: User) -> None:
    row = deleted(user)
    trash.empty()
    assert not Generation.objects.all().search("CANARY").exists()
    # An FTS5 index that somebody else has taken rows from breaks only when their words change.
    Generation.objects.filter(pk=row.pk).update(prompt="a fox")
    assert Generation.objects.all().search("fox").get() == row


def test_the_admin_still_has_it_in_the_books(user: User) -> None:
    row = deleted(user)
    trash.empty()
    boss = Client()
    boss.force_login(make_user("boss", is_staff=True, is_superuser=True))
    assert "Z Image Turbo" in boss.get("/admin/generations/generation/").content.decode()
    assert boss.get(f"/admin/generations/generation/{row.pk}/change/").status_code == 200


@each(
    ("days", "said"),
    [
        (30, "Deleted permanently after 30 days."),
        (1, "Deleted permanently after 1 day."),
        (7, "Deleted permanently after 7 days."),
    ],
)
def test_the_history_says_when_things_are_gone(
    user: User, browser: Client, settings: Settings, days: int, said: str
) -> None:
    settings.TRASH_DAYS = days
    deleted(user, 0)
    for headers in [{}, HTMX]:
        assert said in browser.get("/generations/?state=deleted", headers=headers).content.decode()
        assert "Deleted permanently after" not in browser.get("/generations/", headers=headers).content.decode()


class TestReferences:
    @pytest.fixture
    def reference(self, user: User) -> Reference:
        """Of a generation that was deleted long ago, and as old."""
        made = attachments.add_file(user, "CANARY.png", io.BytesIO(picture()), None)
        ReferenceUse.objects.create(generation=deleted(user), reference=made, number=0)
        Reference.objects.update(created_at=timezone.now() - timedelta(days=40))
        return made

    def test_it_goes_too(self, reference: Reference) -> None:
        trash.empty()
        assert not Reference.objects.exists()
        assert files() == []

    def test_it_stays_while_another_uses_it(self, user: User, reference: Reference) -> None:
        ReferenceUse.objects.create(generation=make_generation(user), reference=reference, number=0)
        trash.empty()
        assert files() == [Path(reference.file.name or "").name]

    def test_it_stays_while_a_preset_names_it(self, user: User, reference: Reference) -> None:
        presets.save(user, "Foxes", {}, [str(reference.pk)], is_team=False)
        trash.empty()
        assert Reference.objects.exists()

    def test_it_stays_when_it_was_given_lately(self, reference: Reference) -> None:
        Reference.objects.update(created_at=timezone.now())
        trash.empty()
        assert Reference.objects.exists()


@pytest.mark.parametrize("place", ["erased-with-files", "files-gone-row-left"])
def test_killed_at_any_step_it_goes_on_and_leaves_nothing(
    user: User, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    rows = [deleted(user) for _ in range(3)]
    living = make_result(make_generation(user, status="done"))

    def reach(name: str) -> None:
        if name == place:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(failpoints, "reach", reach)
        with pytest.raises(Killed):
            trash.empty()
    assert is_consistent()  # no living row has lost a file, and no file its row
    trash.empty()
    assert is_consistent()
    assert Generation.objects.filter(erased_at__isnull=False).count() == len(rows)
    assert Result.objects.get() == living
    assert len(files()) == 3


@each("is_removed", [True, False])
def test_a_file_that_comes_while_its_generation_is_erased_is_not_left_over(
    user: User, monkeypatch: pytest.MonkeyPatch, *, is_removed: bool
) -> None:
    row = make_generation(user, status="done", deleted_at=timezone.now() - timedelta(days=40))
    result = Result.objects.create(generation=row, number=0, source_url="https://images.meigen.ai/a.png")
    monkeypatch.setattr(fetch, "download", lambda *args, **kwargs: io.BytesIO(picture()))

    def reach(name: str) -> None:
        if name == "renamed":
            trash.erase(row.pk, timezone.now())
            if is_removed:
                trash.empty()

    with monkeypatch.context() as patch:
        patch.setattr(failpoints, "reach", reach)
        fetch.fetch(result.pk)
    assert files() == []
    trash.empty()
    assert not Result.objects.exists()


class TestTheWorker:
    def tasks(self) -> int:
        return sum("empty_trash" in str(row.task) for row in OrmQ.objects.all())

    def test_it_is_woken_once_an_hour_when_there_is_something(self, user: User) -> None:
        wake.watchdog()
        assert (self.tasks(), Lease.objects.filter(name=wake.TRASH).exists()) == (0, False)
        deleted(user)
        for _ in range(3):
            wake.watchdog()
        assert self.tasks() == 1
        Lease.objects.filter(name=wake.TRASH).update(expires_at=timezone.now() - timedelta(seconds=1))
        wake.watchdog()
        assert self.tasks() == 2

    def test_what_was_left_half_done_wakes_it_too(self, user: User) -> None:
        deleted(user)
        Generation.objects.update(erased_at=timezone.now())
        Result.objects.update(erased_at=timezone.now())
        wake.watchdog()
        assert self.tasks() == 1

    def test_much_is_done_in_runs(self, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
        for _ in range(5):
            deleted(user)
        monkeypatch.setattr(trash, "BATCH", 2)
        monkeypatch.setattr(trash, "RUN_SECONDS", 0.0)
        trash.empty()
        assert (len(files()), self.tasks()) == (15, 1)
        monkeypatch.setattr(trash, "RUN_SECONDS", 25.0)
        trash.empty()
        assert (len(files()), self.tasks()) == (0, 1)
