"""Each deed leaves exactly one entry, which says who, what and from where, and never a secret."""

import json
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from accounts import remote_tokens, tokens
from accounts.models import Token, User
from accounts.token_check import Verdict
from audit.models import Entry
from generations.models import Generation, Share
from generations.sharing import links
from meigen_api.secret import Secret
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import make_generation, make_result, make_token, make_user

PASSWORD = "a-long-password"
ADDRESS = "192.0.2.7"


@pytest.fixture
def browser(user: User) -> Client:
    """The user, signed in, somewhere else."""
    client = Client(REMOTE_ADDR=ADDRESS)
    client.force_login(user)
    return client


def told(since: int = 0) -> list[tuple[str, str, str, str]]:
    """(action, actor, object, address) of every entry after this one, but for who came in to do it."""
    rows = Entry.objects.filter(pk__gt=since).order_by("pk")
    return [(entry.action, entry.actor_name, entry.object_words, entry.address) for entry in rows]


def last() -> int:
    return Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


class TestComingIn:
    def sign_in(self, login: str, password: str = PASSWORD) -> Client:
        client = Client(REMOTE_ADDR=ADDRESS)
        client.post(reverse("account_login"), {"login": login, "password": password})
        return client

    def test_by_name_or_address(self, user: User) -> None:
        for login in [user.username, user.email]:
            self.sign_in(login)
        assert told() == [("signed-in", user.username, user.username, ADDRESS)] * 2

    def test_and_going(self, browser: Client, user: User) -> None:
        since = last()
        browser.post(reverse("account_logout"))
        assert told(since) == [("signed-out", user.username, user.username, ADDRESS)]

    def test_with_a_wrong_password_names_the_account(self, user: User) -> None:
        for login in [user.username, user.email]:
            self.sign_in(login, "wrong-password")
        assert told() == [("sign-in-failed", "", login, ADDRESS) for login in [user.username, user.email]]
        assert {*Entry.objects.values_list("object_id", flat=True)} == {str(user.pk)}

    def test_with_a_password_in_the_field_of_the_name_keeps_its_beginning_alone(self, user: User) -> None:
        self.sign_in("correct horse battery", "staple")
        assert told() == [("sign-in-failed", "", "cor…", ADDRESS)]

    def test_as_a_name_without_end_keeps_its_beginning_alone(self, db: None) -> None:
        self.sign_in("x" * 100_000, "wrong")
        assert [words for _, _, words, _ in told()] == ["xxx…"]

    def test_once_more_with_a_wrong_password_says_who_tried(self, browser: Client, user: User) -> None:
        since = last()
        browser.post(reverse("account_reauthenticate"), {"password": "wrong"})
        [(action, actor, _, _)] = told(since)
        assert (action, actor) == ("sign-in-failed", user.username)

    def test_with_a_new_password(self, browser: Client, user: User) -> None:
        since = last()
        typed = {"oldpassword": PASSWORD, "password1": "a-longer-heron", "password2": "a-longer-heron"}
        browser.post(reverse("account_change_password"), typed)
        assert told(since) == [("password-changed", user.username, user.username, ADDRESS)]


class TestATokenThatIs:
    @pytest.fixture
    def since(self, browser: Client, token: Token) -> int:
        return last()

    def test_added(self, sandbox: FastSandbox, browser: Client, user: User) -> None:
        since = last()
        browser.post(reverse("tokens"), {"token": f"meigen_sk_{'b' * 32}", "label": "Team"})
        assert told(since) == [("token-added", user.username, "Team (meigen_sk_...bbbb)", ADDRESS)]

    def test_replaced(self, sandbox: FastSandbox, browser: Client, user: User, token: Token, since: int) -> None:
        browser.post(reverse("replace_token", args=[token.pk]), {"token": f"meigen_sk_{'c' * 32}"})
        assert told(since) == [("token-replaced", user.username, "Mine (meigen_sk_...cccc)", ADDRESS)]

    def test_chosen(self, browser: Client, token: Token, since: int) -> None:
        browser.post(reverse("use_token", args=[token.pk]))
        assert [action for action, *_ in told(since)] == ["token-chosen"]

    def test_removed(self, browser: Client, token: Token, since: int) -> None:
        browser.post(reverse("remove_token", args=[token.pk]))
        assert [action for action, *_ in told(since)] == ["token-removed"]
        assert Entry.objects.get(pk__gt=since).object_id == str(token.pk)

    def test_made_and_revoked_at_meigen(self, sandbox: FastSandbox, browser: Client, user: User) -> None:
        tokens.add(user, Secret(sandbox.session_token("ana")), "Browser", Verdict.GOOD)
        since = last()
        browser.post(reverse("remote_tokens"), {"name": "Made there"})
        [(action, *_)] = told(since)
        assert action == "token-added"
        [listed, *_] = remote_tokens.listed(Token.objects.sessions_of(user)[0])
        browser.post(reverse("revoke_remote", args=[listed.id]))
        assert told(since)[1:] == [("token-revoked", user.username, listed.id, ADDRESS)]


class TestALinkThatIs:
    @pytest.fixture
    def done(self, user: User) -> Generation:
        generation = make_generation(user, status="done")
        make_result(generation)
        return generation

    @pytest.fixture
    def locked(self, user: User, done: Generation) -> Share:
        return links.share(user, [done], password="open sesame", title="Herons")

    def test_made(self, browser: Client, user: User, done: Generation) -> None:
        since = last()
        browser.post(reverse("share", args=[done.pk]))
        [(action, actor, _, address)] = told(since)
        assert (action, actor, address) == ("share-created", user.username, ADDRESS)

    def test_changed_tells_what_and_not_how(self, browser: Client, locked: Share) -> None:
        since = last()
        data = {"title": "Cranes", "shows_prompts": "on", "allows_downloads": "on", "password": "another one"}
        browser.post(reverse("share_link", args=[locked.pk]), data)
        entry = Entry.objects.get(pk__gt=since)
        assert (entry.action, entry.details) == ("share-changed", {"fields": ["title", "password"]})

    def test_opened_counts_a_visitor_once(self, user: User, done: Generation) -> None:
        share, guest = links.share(user, [done], title="Herons"), Client(REMOTE_ADDR=ADDRESS)
        since = last()
        for _ in range(3):
            guest.get(reverse("shared", args=[share.secret]), headers={"User-Agent": "Firefox"})
        assert told(since) == [("share-opened", "", "Herons", ADDRESS)]

    def test_unlocked_after_a_wrong_password(self, locked: Share) -> None:
        since, guest = last(), Client(REMOTE_ADDR=ADDRESS)
        for password in ["guess", "open sesame"]:
            guest.post(reverse("unlock", args=[locked.secret]), {"password": password})
        assert told(since) == [
            ("share-refused", "", "Herons", ADDRESS),
            ("share-unlocked", "", "Herons", ADDRESS),
        ]

    def test_revoked_twice(self, browser: Client, user: User, locked: Share) -> None:
        since = last()
        for _ in range(2):
            browser.post(reverse("revoke", args=[locked.pk]))
        assert told(since) == [("share-revoked", user.username, "Herons", ADDRESS)]


class TestAnAdminWho:
    @pytest.fixture
    def boss(self, db: None) -> Client:
        client = Client(REMOTE_ADDR=ADDRESS)
        client.force_login(make_user("boss", is_staff=True, is_superuser=True))
        return client

    def look(self, boss: Client, url: str) -> list[tuple[str, str, str, str]]:
        since = last()
        assert boss.get(url).status_code == 200
        return told(since)

    @each("make", [make_token, make_generation, lambda user: user])
    def test_looks_at_a_page(self, boss: Client, user: User, make: Callable[[User], Model]) -> None:
        row = make(user)
        name = row._meta.label_lower
        [(action, actor, words, _)] = self.look(boss, reverse(f"admin:{name.replace('.', '_')}_change", args=[row.pk]))
        assert (action, actor) == ("admin-looked", "boss")
        entry = Entry.objects.latest("pk")
        assert (entry.object_kind, entry.object_id) == (name, str(row.pk))
        assert "a red fox" not in words

    def test_looks_in_other_ways(self, boss: Client, user: User) -> None:
        """A list is also the answer to a POST without an action, and a page to a form that is not valid."""
        page, since = f"/admin/accounts/user/{user.pk}", last()
        boss.post("/admin/accounts/user/")
        boss.post(f"{page}/change/", {"username": ""})
        boss.get(f"{page}/history/")
        assert [row[0] for row in told(since)] == ["admin-listed", "admin-looked", "admin-looked"]

    def test_looks_at_a_list(self, boss: Client) -> None:
        assert [row[0] for row in self.look(boss, "/admin/generations/generation/?q=heron")] == ["admin-listed"]
        assert Entry.objects.latest("pk").details == {"query": "q=heron"}

    def test_adds_changes_and_deletes(self, boss: Client) -> None:
        since = last()
        boss.post("/admin/auth/group/add/", {"name": "Painters"})
        boss.post(self.group_page(), {"name": "Drawers"})
        boss.post(self.group_page().replace("change", "delete"), {"post": "yes"})
        assert [(row[0], row[2]) for row in told(since)] == [
            ("admin-added", "Painters"),
            ("admin-changed", "Drawers"),
            ("admin-deleted", "Drawers"),
        ]

    def group_page(self) -> str:
        return reverse("admin:auth_group_change", args=[Group.objects.exclude(name="Reviewers").get().pk])

    def test_deletes_many_at_once(self, boss: Client) -> None:
        people = [make_user() for _ in range(3)]
        since = last()
        chosen = {"action": "delete_selected", "_selected_action": [person.pk for person in people], "post": "yes"}
        boss.post("/admin/accounts/user/", chosen)
        assert [row[0] for row in told(since)] == ["admin-deleted"] * 3

    def test_sets_a_password(self, boss: Client, user: User) -> None:
        since = last()
        typed = {"password1": "a-longer-heron", "password2": "a-longer-heron", "usable_password": "true"}
        boss.post(reverse("admin:auth_user_password_change", args=[user.pk]), typed)
        assert [row[0] for row in told(since)] == ["admin-changed"]

    def test_revokes_the_links_of_others(self, boss: Client, user: User) -> None:
        generation = make_generation(user, status="done")
        made = [links.share(user, [generation]) for _ in range(2)]
        since = last()
        chosen = {"action": "take_back", "_selected_action": [share.pk for share in made]}
        boss.post("/admin/generations/share/", chosen)
        assert [(row[0], row[1]) for row in told(since)] == [("share-revoked", "boss")] * 2


def test_no_entry_holds_a_secret(sandbox: FastSandbox, user: User) -> None:
    plain, shared = f"meigen_sk_{'q' * 28}wxyz", "open sesame"
    browser = Client()
    browser.post(reverse("account_login"), {"login": user.username, "password": "wrong-password-of-mine"})
    browser.post(reverse("account_login"), {"login": "password-as-name", "password": PASSWORD})
    browser.post(reverse("account_login"), {"login": user.username, "password": PASSWORD})
    browser.post(reverse("tokens"), {"token": plain, "label": "Mine"})
    generation = make_generation(user, status="done", prompt="CANARY prompt")
    make_result(generation)
    share = links.share(user, [generation], password=shared)
    guest = Client()
    for password in ["guessed-for-a-link", shared]:
        guest.post(reverse("unlock", args=[share.secret]), {"password": password})
    guest.get(reverse("shared", args=[share.secret]), headers={"User-Agent": "Firefox"})
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    token = Token.objects.get()
    for url in ["accounts/user", "accounts/token", "generations/generation", "generations/share"]:
        browser.get(f"/admin/{url}/")
    for row in [token, generation, share]:
        name = row._meta.label_lower.replace(".", "_")
        browser.get(reverse(f"admin:{name}_change", args=[row.pk]))
    secrets = [
        *[PASSWORD, "wrong-password", "sword-as-name", plain, plain[:-4], token.ciphertext, token.fingerprint],
        *[shared, "guessed-for", share.secret, share.secret_hash, share.password, "CANARY"],
        *[cookie.value for client in [browser, guest] for cookie in client.cookies.values() if len(cookie.value) > 9],
        User.objects.get().password,
    ]
    log = json.dumps([*Entry.objects.values()], default=str)
    assert len(json.loads(log)) >= 13
    assert [secret for secret in filter(None, secrets) if secret in log] == []
