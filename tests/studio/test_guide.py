"""The first steps: ticked off by what the database knows, gone when all are done or put away."""

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Token, User
from generations.models import Generation, Share
from generations.sharing import links
from generations.studio.guide import first_steps
from tests.helpers import make_generation, make_result, make_token, make_user
from tests.library.deeds import HTMX

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sandbox")]

TITLE = "First steps"


def again(user: User) -> User:
    """The person as the next request has them."""
    return User.objects.get(pk=user.pk)


def test_each_step_is_ticked_off_by_what_was_done(browser: Client, user: User) -> None:
    assert first_steps(again(user)) == (False, False, False)
    body = browser.get("/").content.decode()
    assert "Add token" in body
    assert "A calico cat" in body
    make_token(user)
    assert first_steps(again(user)) == (True, False, False)
    make_generation(user, status="running")
    make_generation(make_user(), status="done", team_at=timezone.now())
    assert first_steps(again(user)) == (True, False, False)
    make_generation(user, status="done")
    assert first_steps(again(user)) == (True, True, False)
    body = browser.get("/").content.decode()
    assert "Your first picture is made." in body
    assert "A calico cat" not in body.split('id="guide"')[1]


@pytest.mark.parametrize("way", ["team", "link"])
def test_it_is_gone_for_good_when_all_is_done(browser: Client, user: User, token: Token, way: str) -> None:
    row = make_generation(user, status="done")
    make_result(row)
    assert TITLE in browser.get("/").content.decode()
    if way == "team":
        browser.post(f"/generations/{row.pk}/team/", {"shown": "1"})
    else:
        links.share(user, [row])
    assert TITLE not in browser.get("/").content.decode()
    Generation.objects.update(team_at=None)
    Share.objects.all().delete()
    assert TITLE not in browser.get("/").content.decode()


def test_it_can_be_put_away_and_asks_nothing_from_then_on(
    browser: Client, user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert browser.post("/studio/guide/end/")["Location"] == "/"
    assert TITLE not in browser.get("/").content.decode()
    ended = again(user).guide_ended_at
    assert 'id="guide"' in browser.post("/studio/guide/end/", headers=HTMX).content.decode()
    assert again(user).guide_ended_at == ended
    person = again(user)
    with django_assert_num_queries(0):
        assert first_steps(person) is None


def test_the_first_picture_ticks_its_step_off_on_the_open_page(browser: Client, user: User, token: Token) -> None:
    row = make_generation(user, status="done")
    headers = {**HTMX, "HX-Current-URL": "http://testserver/"}
    body = browser.post("/generations/live/", {"live": f"{row.pk}:0"}, headers=headers)
    words = body.content.decode()
    assert "Your first picture is made." in words
    assert 'hx-swap-oob="true"' in words.split('id="guide"')[1][:200]
