"""What an admin decides about the work of others, and how it is written down; a reviewer decides nothing."""

import csv
import io
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from accounts.models import Token, User
from audit.models import Entry
from generations.models import Generation
from tests.helpers import make_generation, make_user

LIST = "/admin/generations/generation/"
RIGHT: dict[str, dict[str, Any]] = {
    "send_again": {"status": "rejected", "answer_status": 402, "answer_body": "{}", "message": "Too few"},
    "check_again": {"status": "stalled", "remote_id": "job-1"},
    "cancel": {"status": "queued"},
    "close_from_team": {"status": "done", "team_at": timezone.now()},
}
AFTER = {"send_again": "queued", "check_again": "running", "cancel": "cancelled", "close_from_team": "done"}


@pytest.fixture
def viewer(db: None) -> Client:
    """Staff who may look at generations and nothing else."""
    person = make_user("viewer", is_staff=True)
    person.user_permissions.add(Permission.objects.get(codename="view_generation"))
    client = Client()
    client.force_login(person)
    return client


def decide(client: Client, action: str, *rows: Generation, **more: str) -> Any:
    return client.post(LIST, {"action": action, "_selected_action": [row.pk for row in rows], **more}, follow=True)


@pytest.mark.parametrize("action", RIGHT)
class TestADecision:
    def test_is_carried_out_once_and_logged(self, boss: Client, user: User, token: Token, action: str) -> None:
        row, other = make_generation(user, **RIGHT[action]), make_generation(user, status="failed")
        for _ in range(2):
            decide(boss, action, row, other)
        row.refresh_from_db()
        assert row.status == AFTER[action]
        assert row.team_at is None
        logged = Entry.objects.filter(action="admin-changed")
        assert [(entry.actor_name, entry.object_id) for entry in logged] == [("boss", str(row.pk))]
        assert not LogEntry.objects.exists()

    def test_has_a_button_on_the_page_and_comes_back_to_it(
        self, boss: Client, user: User, token: Token, action: str
    ) -> None:
        row = make_generation(user, **RIGHT[action])
        page = reverse("admin:generations_generation_change", args=[row.pk])
        assert f'value="{action}"' in boss.get(page).content.decode()
        assert decide(boss, action, row, back="page").redirect_chain == [(page, 302)]

    def test_is_offered_and_granted_to_nobody_who_may_only_look(
        self, viewer: Client, user: User, token: Token, action: str
    ) -> None:
        row = make_generation(user, **RIGHT[action])
        pages = [LIST, reverse("admin:generations_generation_change", args=[row.pk])]
        assert not any(f'value="{action}"' in viewer.get(page).content.decode() for page in pages)
        decide(viewer, action, row)
        row.refresh_from_db()
        assert (row.status, row.team_at) == (RIGHT[action]["status"], RIGHT[action].get("team_at"))


def test_what_is_sent_again_keeps_its_key_and_is_left_to_the_workers(boss: Client, user: User, token: Token) -> None:
    row = make_generation(user, **RIGHT["send_again"])
    OrmQ.objects.all().delete()
    decide(boss, "send_again", row)
    assert Generation.objects.get().idempotency_key == row.idempotency_key
    assert OrmQ.objects.exists()
    assert not row.attempts.exists()
    assert "Sent again by an admin." in boss.get(f"{LIST}{row.pk}/change/").content.decode()


class TestTheExport:
    def rows(self, client: Client, **query: str) -> list[dict[str, str]]:
        answer = client.get(f"{LIST}export/", query)
        return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[attr-defined]

    def test_is_what_the_filters_leave_and_is_logged(self, viewer: Client, user: User) -> None:
        make_generation(user, status="done", credits_used=7, prompt="kept")
        make_generation(user, prompt="waiting")
        [row] = self.rows(viewer, status__exact="done")
        assert (row["person"], row["prompt"], row["credits_used"]) == (user.username, "kept", "7")
        assert Entry.objects.latest("pk").details == {"export": "csv", "query": "status__exact=done"}

    @pytest.mark.parametrize("start", "=+-@\t\r")
    def test_holds_no_formulas(self, viewer: Client, user: User, start: str) -> None:
        make_generation(user, prompt=f"{start}cmd", message=f"{start}x", model_name=f"{start}y")
        [row] = self.rows(viewer)
        assert [row[name][0] for name in ["prompt", "message", "model"]] == ["'"] * 3

    def test_is_for_those_who_may_look(self, db: None) -> None:
        client = Client()
        client.force_login(make_user(is_staff=True))
        assert client.get(f"{LIST}export/").status_code == 403
