"""The list of members says who can work and what waits, and switches people off and on."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import reviewers
from accounts.models import Token, User
from audit.models import Entry
from generations.models import Generation
from tests.helpers import make_generation, make_token, make_user

pytestmark = pytest.mark.django_db
LIST = "/admin/accounts/user/"
S = Generation.Status


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(make_user("boss", is_staff=True, is_superuser=True))
    return client


def listed(desk: Client, **query: str) -> str:
    return desk.get(LIST, query).content.decode()


def test_the_list_says_who_can_work_and_what_waits(desk: Client, user: User, token: Token) -> None:
    for _ in range(3):
        make_generation(user)
    page = listed(desk)
    assert f'owner={user.pk}&amp;status__exact=queued">3</a>' in page
    assert f"accepted {timezone.localtime():%Y-%m-%d}" in page
    Token.objects.update(refused_at=timezone.now())
    assert "refused since" in listed(desk)
    reviewer = make_user("ria", is_staff=True)
    reviewer.groups.add(Group.objects.get(name=reviewers.NAME))
    assert "Reviewer" in listed(desk, q="ria")


def test_people_without_a_working_token_are_one_click_away(desk: Client, user: User, token: Token) -> None:
    lacking, refused = make_user("lacking"), make_user("refused")
    make_token(refused)
    Token.objects.filter(owner=refused).update(refused_at=timezone.now())
    for choice, name in [("none", lacking), ("refused", refused), ("yes", user)]:
        page = listed(desk, working_token=choice)
        shown = [person for person in [lacking, refused, user] if f">{person}</bdi>" in page]
        assert shown == [name]


def test_many_people_take_no_more_queries(desk: Client) -> None:
    for _ in range(60):
        person = make_user()
        make_token(person)
        make_generation(person)
    listed(desk)  # the first visit of a session notes it
    with CaptureQueriesContext(connection) as queries:
        listed(desk)
    assert len([query for query in queries if query["sql"].startswith("SELECT")]) <= 8


def test_an_action_switches_people_off_and_on_and_the_log_says_who_did(desk: Client, user: User, token: Token) -> None:
    make_generation(user)
    boss = User.objects.get(username="boss")
    for action, is_active in [("switch_off", False), ("switch_on", True)]:
        desk.post(LIST, {"action": action, "_selected_action": [user.pk, boss.pk]})
        user.refresh_from_db()
        boss.refresh_from_db()
        assert (user.is_active, boss.is_active) == (is_active, True)
    assert Generation.objects.get().status == S.CANCELLED
    told = Entry.objects.filter(object_id=str(user.pk), details__has_key="changes").order_by("pk")
    assert [(entry.actor_name, entry.details["changes"]) for entry in told] == [
        ("boss", "Switched off."),
        ("boss", "Switched on."),
    ]
