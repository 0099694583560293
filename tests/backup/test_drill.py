"""The drill: a backup under load, more work after it, a new machine, and not one second charge."""

import hashlib
import io
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.apps import apps
from django.core.files.storage import default_storage
from django.db import close_old_connections, connection, transaction
from django.utils import timezone
from pytest_django import Settings

from accounts import remote_tokens
from accounts.models import Token, User
from generations.dispatch import submit, sweep
from generations.media import attachments, fetch
from generations.models import Generation, Lease, Pause, Reference, Result
from tests.backup.elsewhere import empty_place, run
from tests.conftest import FastSandbox
from tests.helpers import make_generation, make_token, picture

pytestmark = pytest.mark.django_db(transaction=True)

S = Generation.Status
# What a restore leaves out, or writes.
APART = {"django_session", "django_q_ormq", "generations_pause", "generations_searchable", "generations_lease"}


@contextmanager
def load() -> Iterator[None]:
    """Somebody who writes two rows at a time all the while."""
    over, begun = threading.Event(), threading.Event()

    def write() -> None:
        number = 0
        while not over.is_set():
            with transaction.atomic():
                for name in ["left", "right"]:
                    Lease.objects.create(name=f"{name}-{number}", expires_at=timezone.now())
            number += 1
            begun.set()
        connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    begun.wait()
    try:
        yield
    finally:
        over.set()
        thread.join()


def finish_all() -> None:
    """What the workers do until there is nothing left."""
    sweep.run_slice(seconds=20)
    fetch.run()
    close_old_connections()


def counts() -> dict[str, int]:
    return {
        model._meta.db_table: model._default_manager.count()
        for model in apps.get_models()
        if model._meta.db_table not in APART
    }


def hashes() -> dict[str, str]:
    """The hash of every file that a row names, small pictures too."""
    rows = [*Result.objects.values_list("file", "thumbnail", "preview"), *Reference.objects.values_list("file")]
    found = {}
    for name in filter(None, [name for row in rows for name in row]):
        with default_storage.open(name) as file:
            found[name] = hashlib.sha256(file.read()).hexdigest()
    return found


def tokens() -> dict[int, str]:
    return {token.pk: token.secret().reveal() for token in Token.objects.all()}


def charged(sandbox: FastSandbox) -> Counter[str | None]:
    return Counter(charge.idempotency_key for charge in sandbox.ledger.charges() if charge.reason == "charge")


@pytest.mark.slow
def test_an_old_backup_is_restored_whole_and_charges_nothing_twice(
    sandbox: FastSandbox, user: User, settings: Settings, tmp_path: Path, looks_often: None
) -> None:
    settings.MEIGEN_RATE = sandbox.rate = (1000, 60)
    session = make_token(user, sandbox.session_token())
    remote_tokens.create(session, "Studio")
    finished = make_generation(user)
    finish_all()
    attachments.add_file(user, "a.png", io.BytesIO(picture()), None)
    running = make_generation(user)
    submit.send(running.pk)
    queued, cancelled = make_generation(user), make_generation(user)
    with load():
        known, had, could = counts(), hashes(), tokens()
        said = run("backup", tmp_path / "backups")
    assert "the database and 2 files, 2 of them new" in said

    cancelled.move(S.CANCELLED, expecting=S.QUEUED)
    newer = [make_generation(user) for _ in range(3)]
    finish_all()
    assert Generation.objects.filter(status=S.DONE).count() == 6
    before, jobs = charged(sandbox), [Generation.objects.get(pk=row.pk).remote_id for row in newer]

    with empty_place(settings, tmp_path):
        run("restore", tmp_path / "backups")
        assert (counts(), hashes(), tokens()) == (known, had, could)
        assert (
            Lease.objects.filter(name__startswith="left").count()
            == Lease.objects.filter(name__startswith="right").count()
        )
        finish_all()
        assert Pause.is_on()
        assert Generation.objects.get(pk=queued.pk).status == S.QUEUED

        said = run("resume")
        for job in jobs:
            assert f"Charged and not here: {job}" in said
        assert "3 charged at Meigen since the backup and not here" in said
        finish_all()
        states = dict(Generation.objects.values_list("pk", "status"))
        assert states == {finished.pk: S.DONE, running.pk: S.DONE, queued.pk: S.DONE, cancelled.pk: S.CANCELLED}
        assert not Result.objects.filter(kept_at=None).exists()
    assert charged(sandbox) == before
    assert set(before.values()) == {1}
