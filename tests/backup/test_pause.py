"""A restored studio is paused: nothing is sent, polled or tidied up by itself, until `manage.py resume` has asked."""

from datetime import timedelta

import pytest
from django.core.management import CommandError
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from accounts import remote_tokens
from accounts.models import Token, User
from generations import tasks
from generations.dispatch import submit, sweep
from generations.models import Generation, Lease, Pause
from generations.models.sentences import Sentence
from generations.usage import digest
from meigen_api.errors import MeigenError
from meigen_api.secret import Secret
from sandbox.answers import Response, html, refusal
from tests.backup.resuming import open_row, resume, sent_since
from tests.conftest import FastSandbox
from tests.helpers import make_generation, make_token, make_user

pytestmark = pytest.mark.django_db

S = Generation.Status


@pytest.fixture
def pause(db: None) -> Pause:
    return Pause.objects.create(backup_at=timezone.now() - timedelta(hours=1))


class TestWhilePaused:
    def test_nothing_is_sent_polled_or_mailed(
        self, sandbox: FastSandbox, user: User, token: Token, pause: Pause, settings: Settings
    ) -> None:
        settings.DIGEST_MAIL = True
        Lease.objects.create(name=digest.LEASE, expires_at=timezone.now() - timedelta(hours=1))
        waiting = make_generation(user)
        running = make_generation(user, status=S.RUNNING, remote_id="nobody-knows-it")
        submit.send(waiting.pk)
        OrmQ.objects.all().delete()
        sweep.run_slice(seconds=0.5)
        tasks.watchdog()
        assert not OrmQ.objects.exists()
        for row, status in [(waiting, S.QUEUED), (running, S.RUNNING)]:
            row.refresh_from_db()
            assert row.status == status
        assert not waiting.attempts.exists()

    def test_health_the_admin_and_the_studio_say_so(self, browser: Client, token: Token, pause: Pause) -> None:
        answer = browser.get("/healthz")
        assert (answer.status_code, answer.json()["ok"]) == (200, True)
        assert answer.json()["paused_since"].startswith(f"{pause.since:%Y-%m-%dT%H:%M}")
        assert "is paused" in browser.get("/").content.decode()
        boss = Client()
        boss.force_login(make_user(is_staff=True, is_superuser=True))
        assert "nothing is sent until manage.py resume" in boss.get("/admin/").content.decode()


class TestResume:
    def test_finds_what_was_sent_since_the_backup_and_charges_nothing(
        self, sandbox: FastSandbox, user: User, token: Token, pause: Pause
    ) -> None:
        rows = [open_row(user, status) for status in [S.HELD, S.QUEUED, S.SENDING, S.STALLED]]
        refused = open_row(user, S.QUEUED, prompt="a fox sandbox:402 sandbox:lost")
        gone = open_row(user, S.RUNNING, remote_id="forgotten")
        for row in rows:
            sent_since(row, token)
        with pytest.raises(MeigenError):
            sent_since(refused, token)
        said = resume("--send")
        for row in rows:
            row.refresh_from_db()
            assert row.status in {S.RUNNING, S.DONE}
            assert row.remote_id
        refused.refresh_from_db()
        assert (refused.status, refused.answer_status) == (S.REJECTED, 402)
        gone.refresh_from_db()
        assert gone.status == S.FAILED
        assert "6 were open: 5 newer at Meigen, 1 gone, 0 as before." in said
        assert len(sandbox.ledger.charges()) == len(rows)

    @pytest.mark.parametrize("option", ["", "--send"])
    def test_leaves_what_never_arrived_to_its_owner_unless_it_is_to_be_sent(
        self, sandbox: FastSandbox, user: User, token: Token, pause: Pause, option: str
    ) -> None:
        row, held = open_row(user, S.QUEUED), open_row(user, S.HELD, needs_approval=True)
        asked_since = make_generation(user)
        said = resume(*filter(None, [option]))
        for one in [row, held, asked_since]:
            one.refresh_from_db()
        assert (row.status, row.can_send_again) == ((S.QUEUED, False) if option else (S.CANCELLED, True))
        assert ("are sent now" in said) == bool(option)
        assert held.status == S.HELD
        assert asked_since.status == S.QUEUED  # by somebody who saw that the studio is paused
        submit.send(asked_since.pk)
        assert len(sandbox.ledger.charges()) == 1

    def test_never_sends_what_it_cannot_tell(
        self, sandbox: FastSandbox, user: User, token: Token, pause: Pause
    ) -> None:
        """Of a token that is dead, or under a receipt that Meigen does not know for now."""
        interrupted = open_row(user, S.QUEUED, prompt="a fox sandbox:interrupted")
        with pytest.raises(MeigenError):
            sent_since(interrupted, token)
        other = make_user()
        dead = make_token(other)
        sandbox.revoke(dead.secret().reveal())
        rows = [interrupted, open_row(other, S.QUEUED)]
        assert "not known what became of these 2" in resume("--send")
        for row in rows:
            row.refresh_from_db()
            assert (row.status, row.message) == (S.STALLED, Sentence.MAYBE_CHARGED.stored())

    @pytest.mark.parametrize("silence", [html(502), Response(200, drop=True), refusal(429, "Later")])
    def test_stays_paused_while_meigen_is_silent(
        self, sandbox: FastSandbox, user: User, token: Token, pause: Pause, silence: Response
    ) -> None:
        row = open_row(user, S.QUEUED)
        receipt = f"/api/generate/v2/requests/{row.idempotency_key}"
        sandbox.fail_next(receipt, silence)
        with pytest.raises(CommandError, match="stays paused"):
            resume("--send")
        row.refresh_from_db()
        assert (row.status, Pause.is_on()) == (S.QUEUED, True)
        sandbox.fail_next(receipt, silence)
        resume("--send", "--anyway")
        row.refresh_from_db()
        assert (row.status, Pause.is_on()) == (S.STALLED, False)

    def test_tells_what_was_charged_and_is_not_here(self, sandbox: FastSandbox, user: User, pause: Pause) -> None:
        session = make_token(user, sandbox.session_token())
        api = Secret(remote_tokens.create(session, "Studio"))
        token = Token.objects.exclude(pk=session.pk).get()
        assert token.secret() == api
        known, lost = open_row(user, S.QUEUED), make_generation(user, credits_estimated=0)
        sent_since(known, token)
        job = sent_since(lost, token)
        lost.delete()
        nobody_looks = make_token(make_user("bob"))
        said = resume()
        assert f"Charged and not here: {job.generation_id}" in said
        assert f"1 charged at Meigen since the backup and not here, {job.credits_used} credits" in said
        assert said.index(f"not known for {nobody_looks.owner}:") < said.index("1 charged at Meigen")

    def test_does_nothing_where_nothing_is_paused(self, db: None) -> None:
        assert "not paused" in resume()
