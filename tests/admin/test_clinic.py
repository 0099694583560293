"""The error clinic: failures by cause, what each is about, and the act that mends it."""

import json
import re
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Token, User
from audit.models import Entry
from generations.models import Generation, Preset, TooMany
from tests.admin.conftest import questions
from tests.helpers import make_generation, make_token, make_user

CLINIC = "/admin/generations/generation/clinic/"
AN_HOUR = timedelta(hours=1)


def fail(owner: User, status: int | None, code: str = "", message: str = "No", **more: Any) -> Generation:
    answer = json.dumps({"code": code, **more.pop("answer", {})})
    state = "rejected" if status else "failed"
    values = {"status": state, "answer_status": status, "error_code": code, "message": message, "answer_body": answer}
    return make_generation(owner, **{**values, **more})


def poor(owner: User, required: int = 87, available: int = 13, **more: Any) -> Generation:
    return fail(owner, 402, "insufficient_credits", answer={"required": required, "available": available}, **more)


def wrong_ratio(owner: User, ratio: str = "7:3", **more: Any) -> Generation:
    answer = {"field": "aspectRatio", "received": ratio, "allowed": ["1:1", "16:9"]}
    return fail(owner, 400, "invalid_ratio", f"aspectRatio {ratio} is wrong", answer=answer, **more)


def shown(client: Client, **query: str) -> list[str]:
    """The causes on the page, as text."""
    page = client.get(CLINIC, query).content.decode()
    return [
        " ".join(unescape(re.sub(r"<[^>]+>", " ", part)).split()) for part in page.split('<div class="module">')[1:]
    ]


def links(client: Client, word: str, **query: str) -> list[str]:
    page = client.get(CLINIC, query).content.decode()
    return [found.replace("&amp;", "&") for found in re.findall(rf'<a href="([^"]+)"[^>]*>{word}', page)]


@pytest.fixture
def troubles(user: User, token: Token) -> None:
    """Credits missing on two tokens, a wrong field on one model, and a filter that said no to both people."""
    other = make_user("other")
    User.objects.filter(pk=other.pk).update(email="")
    make_token(other)
    for _ in range(3):
        poor(user)
    poor(other, required=20)
    wrong_ratio(user)
    wrong_ratio(user)
    wrong_ratio(user, "5:4")
    fail(user, None, "content_blocked", "Blocked 17 by the safety filter")
    fail(other, None, "content_blocked", "Blocked 18 by the safety filter")
    make_generation(user, status="done")


class TestACause:
    def test_is_the_token_where_credits_are_missing(self, boss: Client, user: User, troubles: None) -> None:
        causes = [text for text in shown(boss) if "402 insufficient_credits" in text]
        assert [text.partition(" Since")[0] for text in causes] == [
            f"3 x 402 insufficient_credits on {user}'s token Mine Message No Missing 222 credits in all",
            "1 x 402 insufficient_credits on other's token Mine Message No Missing 7 credits in all",
        ]

    def test_is_the_field_where_a_value_is_wrong(self, boss: Client, troubles: None) -> None:
        causes = [text for text in shown(boss) if "400 invalid_ratio" in text]
        assert [text.partition(" x")[0] for text in causes] == ["2", "1"]
        assert all("aspectRatio: 1:1, 16:9 allowed" in text for text in causes)

    def test_is_the_code_where_it_is_anybodys(self, boss: Client, troubles: None) -> None:
        [text] = [text for text in shown(boss) if "content_blocked" in text]
        assert text.startswith("2 x Failed content_blocked Message Blocked 18 by the safety filter")
        assert "People 2:" in text

    def test_leads_to_its_list(self, boss: Client, troubles: None) -> None:
        counts = [int(text.partition(" x")[0]) for text in shown(boss)]
        for count, address in zip(counts, links(boss, "List"), strict=True):
            assert boss.get(address).content.decode().count('class="field-when') == count, address

    def test_lies_within_the_period_of_the_address(self, boss: Client, user: User) -> None:
        poor(user, created_at=timezone.now() - 25 * AN_HOUR)
        poor(user, created_at=timezone.now() - 20 * 24 * AN_HOUR)
        periods = ["24h", "7d", "30d", "nonsense"]
        assert [[text[0] for text in shown(boss, period=period)] for period in periods] == [[], ["1"], ["2"], []]

    def test_has_its_newest_answer_escaped(self, boss: Client, user: User) -> None:
        fail(user, 422, "odd", "<b>odd</b>", answer={"why": "<script>alert(1)</script>\u202e"})
        page = boss.get(CLINIC).content.decode()
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert(1)" not in page
        assert "<b>odd" not in page
        assert "\u202e" not in page


class TestTheAct:
    def test_sends_all_of_the_cause_again_and_nothing_else(self, boss: Client, user: User, troubles: None) -> None:
        address, body = self.button(boss.get(CLINIC).content.decode())
        assert boss.post(address, body)["Location"] == CLINIC
        assert Generation.objects.filter(status="queued", owner=user).count() == 3
        assert Generation.objects.filter(status="queued").count() == 3
        assert Entry.objects.filter(action="admin-changed").count() == 3

    def button(self, page: str) -> tuple[str, dict[str, str]]:
        form = page.partition('<form method="post" action="/admin/generations')[2].partition("</form>")[0]
        assert "Send all again · 6 credits" in form
        address = "/admin/generations" + form.partition('"')[0].replace("&amp;", "&")
        return address, dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)">', form))

    def test_tells_the_owner_by_mail_or_names_them(self, boss: Client, user: User, troubles: None) -> None:
        mail = unquote(links(boss, f"Tell {user}")[0])
        assert mail.startswith(f"mailto:{user.email}?subject=Meigen Studio: 402")
        assert "222 credits missing in all" in mail
        assert any("other (no email address)" in text for text in shown(boss))

    def test_opens_the_preset_that_holds_the_wrong_value(self, boss: Client, user: User, troubles: None) -> None:
        values = {"model_id": "z-image-turbo", "aspect_ratio": "7:3"}
        team = Preset.objects.create(owner=user, name="Wide", values=values, is_team=True)
        Preset.objects.create(owner=user, name="Narrow", values={**values, "aspect_ratio": "1:1"}, is_team=True)
        Preset.objects.create(owner=user, name="Private", values=values)
        assert links(boss, "Open") == [f"{reverse('studio')}?preset={team.pk}"]
        assert sum(f"Private of {user}" in text for text in shown(boss)) == 1

    def test_is_offered_to_nobody_who_may_only_look(self, reviewer: Client, troubles: None) -> None:
        assert len(shown(reviewer)) == 5
        assert "Send all again" not in reviewer.get(CLINIC).content.decode()


def test_the_clinic_is_for_those_who_may_see_generations(db: None) -> None:
    client = Client()
    client.force_login(make_user(is_staff=True))
    assert client.get(CLINIC).status_code == 403


def test_a_look_is_logged(boss: Client) -> None:
    boss.get(CLINIC, {"period": "7d"})
    assert Entry.objects.latest("pk").details == {"clinic": "7d"}


def test_what_takes_too_long_ends_with_a_word(boss: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_given: Any) -> None:
        raise TooMany

    monkeypatch.setattr("generations.admin.failures.causes", slow)
    assert "too much to look through" in boss.get(CLINIC).content.decode()
    assert boss.get("/admin/").status_code == 200


def test_the_clinic_asks_few_questions(boss: Client, troubles: None) -> None:
    assert questions(boss, CLINIC) <= 8
