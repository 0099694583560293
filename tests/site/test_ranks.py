"""Staff who may edit people rise no higher by it, and nobody asks the admin for a secret letter by letter."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db.models import Field, Model
from django.test import Client
from django.urls import reverse

from accounts.models import Token, User
from tests.cases import each
from tests.helpers import make_user

pytestmark = pytest.mark.django_db
PEOPLE = [f"{may}_{what}" for may in ["view", "add", "change", "delete"] for what in ["user", "group"]]
FORM = "/admin/password_change/"
PASSWORDS = {"password1": "a-longer-heron", "password2": "a-longer-heron", "usable_password": "true"}


def give(person: User | Group, *codenames: str) -> None:
    owned = person.permissions if isinstance(person, Group) else person.user_permissions
    owned.add(*Permission.objects.filter(codename__in=codenames))


@pytest.fixture
def clerk() -> User:
    """Staff who may do everything with people and groups, and nothing else."""
    person = make_user("clerk", is_staff=True)
    give(person, *PEOPLE)
    return person


@pytest.fixture
def desk(clerk: User) -> Client:
    client = Client()
    client.force_login(clerk)
    return client


@pytest.fixture
def boss() -> User:
    return make_user("boss", is_staff=True, is_superuser=True)


@pytest.fixture
def auditor() -> User:
    """Staff who may read what the clerk may not."""
    person = make_user("auditor", is_staff=True)
    give(person, "view_generation")
    return person


def page(person: Model) -> str:
    return reverse(f"admin:{person._meta.label_lower.replace('.', '_')}_change", args=[person.pk])


def form(person: User, **changes: Any) -> dict[str, Any]:
    """What the page of a person posts."""
    joined = person.date_joined
    data = {
        "username": person.username,
        "email": person.email,
        "is_active": "on",
        "is_staff": "on",
        "date_joined_0": f"{joined:%Y-%m-%d}",
        "date_joined_1": f"{joined:%H:%M:%S}",
        "user_permissions": [*person.user_permissions.values_list("pk", flat=True)],
        "groups": [*person.groups.values_list("pk", flat=True)],
    }
    return {**data, **changes}


def state() -> list[Any]:
    """Everything about who is who."""
    models: list[Any] = [User, User.user_permissions.through, User.groups.through]
    return [row for model in models for row in model._default_manager.order_by("pk").values()]


class TestAClerk:
    def test_edits_those_who_have_no_more(self, desk: Client, clerk: User) -> None:
        member = make_user("member")
        own = Permission.objects.get(codename="view_user")
        assert desk.post(page(member), form(member, username="renamed", user_permissions=[own.pk])).status_code == 302
        member.refresh_from_db()
        assert (member.username, member.is_staff, [*member.user_permissions.all()]) == ("renamed", True, [own])
        assert desk.post(reverse("admin:auth_user_password_change", args=[member.pk]), PASSWORDS).status_code == 302
        assert desk.post(f"{page(member).removesuffix('change/')}delete/", {"post": "yes"}).status_code == 302
        assert not User.objects.filter(pk=member.pk).exists()

    def test_adds_people(self, desk: Client) -> None:
        assert desk.post("/admin/accounts/user/add/", {"username": "new", **PASSWORDS}).status_code == 302
        assert not User.objects.get(username="new").is_staff

    @each("who", ["member", "clerk"])
    def test_makes_nobody_a_superuser(self, desk: Client, clerk: User, who: str) -> None:
        person = User.objects.filter(username=who).first() or make_user(who)
        desk.post(page(person), form(person, is_superuser="on"))
        desk.post("/admin/accounts/user/add/", {"username": "new", "is_superuser": "on", "is_staff": "on", **PASSWORDS})
        assert not User.objects.filter(is_superuser=True).exists()

    @each("who", ["member", "clerk"])
    def test_gives_nobody_what_they_do_not_have(self, desk: Client, clerk: User, who: str) -> None:
        person = User.objects.filter(username=who).first() or make_user(who)
        theirs = form(person)["user_permissions"]
        strong = Group.objects.create(name="Strong")
        give(strong, "view_generation")
        beyond = Permission.objects.get(codename="delete_token")
        desk.post(page(person), form(person, user_permissions=[*theirs, beyond.pk]))
        desk.post(page(person), form(person, groups=[strong.pk]))
        assert not person.groups.exists()
        assert form(person)["user_permissions"] == theirs

    @pytest.mark.slow
    @each("above", ["boss", "auditor", "of a strong group", "a superuser who is switched off"])
    def test_touches_nobody_who_has_more(self, desk: Client, boss: User, auditor: User, above: str) -> None:
        person = {"boss": boss, "auditor": auditor}.get(above) or make_user("third")
        if above == "of a strong group":
            strong = Group.objects.create(name="Strong")
            give(strong, "view_generation")
            person.groups.add(strong)
        if above == "a superuser who is switched off":
            User.objects.filter(pk=person.pk).update(is_superuser=True, is_active=False)
        before = state()
        url = page(person)
        assert desk.get(url).status_code == 200
        for address, data in [
            (url, form(person, email="mine@example.com")),
            (url, {"username": person.username}),
            (reverse("admin:auth_user_password_change", args=[person.pk]), PASSWORDS),
            (f"{url.removesuffix('change/')}delete/", {"post": "yes"}),
        ]:
            assert desk.post(address, data).status_code == 403, address
        member = make_user()
        chosen = {"action": "delete_selected", "_selected_action": [member.pk, person.pk], "post": "yes"}
        desk.post("/admin/accounts/user/", chosen)
        assert User.objects.filter(pk=member.pk).delete()[0] == 1
        assert state() == before

    def test_sees_no_hash_of_those_who_have_more(self, desk: Client, boss: User) -> None:
        assert boss.password.rsplit("$", 1)[1] not in desk.get(page(boss)).content.decode()

    def test_makes_no_group_stronger_than_themselves(self, desk: Client) -> None:
        weak, strong = Group.objects.create(name="Weak"), Group.objects.create(name="Strong")
        give(strong, "view_generation")
        own = Permission.objects.get(codename="view_user").pk
        beyond = Permission.objects.get(codename="delete_token").pk
        desk.post(page(weak), {"name": "Weak", "permissions": [own, beyond]})
        desk.post("/admin/auth/group/add/", {"name": "New", "permissions": [beyond]})
        assert not Permission.objects.get(pk=beyond).group_set.exists()
        assert desk.post(page(strong), {"name": "Mine", "permissions": []}).status_code == 403
        assert desk.post(f"{page(strong).removesuffix('change/')}delete/", {"post": "yes"}).status_code == 403
        chosen = {"action": "delete_selected", "_selected_action": [strong.pk], "post": "yes"}
        desk.post("/admin/auth/group/", chosen)
        assert strong.permissions.exists()
        assert desk.post(page(weak), {"name": "Renamed", "permissions": [own]}).status_code == 302
        assert Group.objects.filter(name="Renamed", permissions=own).exists()


def test_a_superuser_does_all_of_it(boss: User, auditor: User) -> None:
    client = Client()
    client.force_login(boss)
    assert client.post(page(auditor), form(auditor, is_superuser="on")).status_code == 302
    auditor.refresh_from_db()
    assert auditor.is_superuser
    assert client.post(reverse("admin:auth_user_password_change", args=[auditor.pk]), PASSWORDS).status_code == 302


SECRET = re.compile(r"password|cipher|fingerprint|secret|hash|guest|visitor|session|token_|last4|key_id|data$")


def secret_columns(model: type[Model]) -> Iterator[str]:
    for field in model._meta.get_fields():
        if isinstance(field, Field) and not field.is_relation and SECRET.search(field.name):
            yield field.name


def ways(model: type[Model], depth: int = 2) -> Iterator[str]:
    """Every lookup that leads from the model to a secret column, through at most so many relations."""
    yield from secret_columns(model)
    for field in model._meta.get_fields(include_hidden=True) if depth else []:
        related = getattr(field, "related_model", None)
        if isinstance(related, type):
            yield from (f"{field.name}__{way}" for way in ways(related, depth - 1))


def registered() -> list[Any]:
    return [*admin.site._registry.values()]


LOOKUPS = ["", "__startswith", "__gte", "__regex", "__isnull"]


class TestNoListIsAsked:
    @pytest.mark.slow
    def test_by_what_it_must_not_show(self, boss: User, token: Token) -> None:
        """A column of the list's own by every lookup; one behind a relation by each of them in turn."""
        client = Client()
        client.force_login(boss)
        found = [(one, way) for one in registered() for way in ways(one.model)]
        assert len(found) > 50
        for number, (one, way) in enumerate(found):
            address = reverse(f"admin:{one.opts.label_lower.replace('.', '_')}_changelist")
            for lookup in LOOKUPS if "__" not in way else [LOOKUPS[number % len(LOOKUPS)]]:
                assert client.get(address, {f"{way}{lookup}": "a"}).status_code == 400, (address, way, lookup)

    def test_by_its_search(self) -> None:
        for one in registered():
            assert [name for name in one.search_fields if SECRET.search(name)] == []

    @pytest.mark.slow
    def test_but_its_own_filters_work(self, boss: User, token: Token) -> None:
        client = Client()
        client.force_login(boss)
        for one in registered():
            address = reverse(f"admin:{one.opts.label_lower.replace('.', '_')}_changelist")
            body = client.get(address).content.decode()
            for query in set(re.findall(r'<li[^>]*>\s*<a href="(\?[^"]+)"', body)):
                assert client.get(address + query.replace("&amp;", "&")).status_code == 200, (address, query)


def test_the_admins_own_form_for_a_password_is_the_studios(boss: User) -> None:
    client = Client()
    client.force_login(boss)
    for answer in [client.get(FORM), client.post(FORM, {"old_password": "x"})]:
        assert (answer.status_code, answer["Location"]) == (302, reverse("account_change_password"))
