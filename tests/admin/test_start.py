"""The admin's first page says what needs attention; tokens, links and the people who look after them."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from accounts import reviewers
from accounts.models import Token, User
from generations.dispatch.wake import HEARTBEAT
from generations.models import Attempt, Collection, Lease
from generations.sharing import links
from tests.admin.conftest import questions
from tests.helpers import make_generation, make_token, make_user

TOKENS, LINKS = "/admin/accounts/token/", "/admin/generations/share/"


def attention(client: Client) -> list[str]:
    page = client.get("/admin/").content.decode()
    table = page.partition('<div class="module" id="attention">')[2].partition("</table>")[0]
    return [" ".join(unescape(strip_tags(row)).split()) for row in re.findall(r"<tr>.*?</tr>", table, re.DOTALL)]


def rows(client: Client, address: str, **query: str) -> list[str]:
    page = client.get(address, query).content.decode()
    found = re.findall(r"<tr>(.*?)</tr>", page.partition("<tbody>")[2], re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in found]


class TestTheFirstPage:
    def test_names_what_needs_attention(self, boss: Client, user: User, token: Token) -> None:
        make_generation(user, status="rejected", answer_status=402, error_code="insufficient_credits")
        make_generation(user, status="failed", credits_used=5, credits_status="charged", error_code="blocked")
        old = make_generation(user, created_at=timezone.now() - timedelta(hours=3))
        Lease.objects.create(name=HEARTBEAT, expires_at=timezone.now() - timedelta(minutes=1))
        told = attention(boss)
        assert f"! 1 x 402 insufficient_credits on {user}'s token Mine" in told
        assert "! 1 x Failed blocked" in told
        assert "2 failures in the past 24 hours: the error clinic" in told
        assert "! 1 charged, failed and not refunded" in told
        assert "! Without a working token: boss" in told
        assert f"1 queued, the oldest since {old.created_at:%Y-%m-%d %H:%M:%S} UTC" in told
        assert any(line.startswith("! The workers are silent since") for line in told)
        assert any("free for results" in line for line in told)

    def test_leads_to_each_list(self, boss: Client, user: User) -> None:
        make_generation(user, status="failed", credits_used=5, credits_status="charged")
        make_generation(user)
        page = boss.get("/admin/").content.decode().partition('id="attention"')[2].partition("</table>")[0]
        addresses = re.findall(r'href="([^"]+)"', page)
        assert len(addresses) >= 5
        for address in addresses:
            assert boss.get(address.replace("&amp;", "&")).status_code == 200, address

    def test_tells_nobody_what_they_may_not_see(self, db: None) -> None:
        client = Client()
        client.force_login(make_user(is_staff=True))
        assert attention(client) == []

    def test_has_a_few_groups_and_no_empty_one(self, boss: Client) -> None:
        page = boss.get("/admin/").content.decode()
        groups = re.findall(r'class="section"[^>]*>([^<]+)<', page)
        assert groups == ["Generations and links", "People and tokens", "Audit log"]
        people = page.partition('class="app-accounts')[2].partition("</table>")[0]
        assert all(word in people for word in ["Authenticators", "Groups", "Tokens", "Users"])

    @pytest.mark.parametrize("label", ["auth", "mfa", "generations"])
    def test_still_has_every_groups_own_page(self, boss: Client, label: str) -> None:
        assert boss.get(f"/admin/{label}/").status_code == 200


class TestTheTokens:
    def test_say_their_state_in_words(self, boss: Client, user: User, token: Token) -> None:
        now = timezone.now()
        generation = make_generation(user)
        sent = {"generation": generation, "token_fingerprint": token.fingerprint, "token_revision": 1}
        Attempt.objects.create(number=1, sent_at=now, outcome="refused", error="Too few credits", **sent)
        [row] = rows(boss, TOKENS)
        for words in [user.username, "Mine", token.masked, "Works, confirmed", f"{now:%Y-%m-%d %H:%M:%S}", "Too few"]:
            assert words in row
        Token.objects.update(refused_at=now, credits=12)
        [row] = rows(boss, TOKENS)
        assert f"Refused by Meigen since {now:%Y-%m-%d %H:%M:%S}" in row
        assert "12 credits" in row

    def test_come_with_the_people_who_have_none(self, boss: Client, user: User, token: Token) -> None:
        make_user("leaver", is_active=False)
        assert "Without a working token: boss." in strip_tags(self.page(boss))
        Token.objects.update(refused_at=timezone.now())
        assert f"Without a working token: boss, {user}." in strip_tags(self.page(boss))

    def page(self, boss: Client) -> str:
        return re.sub(r"\s+", " ", boss.get(TOKENS).content.decode())


class TestTheLinks:
    def test_say_whose_they_are_and_what_they_show(self, boss: Client, user: User) -> None:
        done = make_generation(user, status="done")
        links.share(user, [done], title="Foxes", expires_at=timezone.now() - timedelta(days=1))
        collection = Collection.objects.create(owner=user, name="Herons")
        links.share(user, [], follow=collection)
        following, chosen = rows(boss, LINKS)
        assert "Whatever is in the collection Herons Live, without an end" in following
        assert f"{user} Foxes 1 result Ended" in chosen
        assert len(rows(boss, LINKS, state="live")) == len(rows(boss, LINKS, state="ended")) == 1

    def test_are_revoked_by_one_button(self, boss: Client, reviewer: Client, user: User) -> None:
        share = links.share(user, [make_generation(user, status="done")])
        assert "Revoke" not in rows(reviewer, LINKS)[0]
        reviewer.post(LINKS, {"revoke": str(share.pk)})
        share.refresh_from_db()
        assert share.revoked_at is None
        boss.post(LINKS, {"revoke": str(share.pk)})
        share.refresh_from_db()
        assert share.revoked_at


class TestAReviewer:
    def test_sees_every_list_and_page(self, reviewer: Client, user: User, token: Token) -> None:
        row = make_generation(user)
        share = links.share(user, [make_generation(user, status="done")])
        for address in ["/admin/", LINKS, TOKENS, "/admin/accounts/user/", "/admin/audit/entry/"]:
            assert reviewer.get(address).status_code == 200
        pages = [f"/admin/generations/generation/{row.pk}", f"{LINKS}{share.pk}", f"{TOKENS}{token.pk}"]
        assert [reviewer.get(f"{page}/change/").status_code for page in pages] == [200, 200, 200]
        assert "Timeline" in reviewer.get(f"{pages[0]}/change/").content.decode()

    def test_changes_nothing(self, reviewer: Client, user: User, token: Token) -> None:
        row = make_generation(user)
        pages = [f"/admin/generations/generation/{row.pk}", f"{TOKENS}{token.pk}", f"/admin/accounts/user/{user.pk}"]
        for page in pages:
            for verb in ["change", "delete"]:
                assert reviewer.post(f"{page}/{verb}/", {"post": "yes"}).status_code == 403
        assert Token.objects.exists()

    def test_has_no_right_but_to_view(self) -> None:
        names = {right.codename for right in Group.objects.get(name=reviewers.NAME).permissions.all()}
        assert {"view_generation", "view_token", "view_user", "view_entry", "view_project"} <= names
        assert all(name.startswith("view_") for name in names)

    def test_keeps_what_an_admin_took_away(self) -> None:
        group = Group.objects.get(name=reviewers.NAME)
        group.permissions.clear()
        reviewers.make_group()
        assert not group.permissions.exists()

    pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("number", [1, 12])
def test_every_list_asks_few_questions(boss: Client, number: int) -> None:
    for _ in range(number):
        person = make_user()
        make_token(person)
        links.share(person, [make_generation(person, status="done")])
    for one in admin.site._registry.values():
        assert questions(boss, f"/admin/{one.opts.label_lower.replace('.', '/')}/") <= 8, one
