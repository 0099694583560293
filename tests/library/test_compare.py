"""Two pictures side by side."""

import pytest
from django.test import Client

from accounts.models import User
from generations.models import Generation
from tests.cases import each
from tests.helpers import make_generation, make_result, make_user
from tests.library.deeds import HTMX, do

pytestmark = pytest.mark.django_db


# Comparing


def test_two_selected_pictures_are_compared(browser: Client, user: User, done: Generation) -> None:
    other = make_generation(user, status="done", prompt="an owl")
    make_result(other)
    response = do(browser, "compare", done, other)
    body = browser.get(response["Location"]).content.decode()
    assert body.count('/results/0/"') == 2
    assert (
        "Select two"
        in browser.post("/generations/selected/", {"do": "compare", "selected": done.pk}, headers=HTMX).content.decode()
    )


@each("query", ["", "?with=nonsense", "?with=&number=x", "?picture=99", "?picture=-1"])
def test_one_picture_alone_has_nothing_to_compare_with(browser: Client, done: Generation, query: str) -> None:
    assert "no second picture" in browser.get(f"{done.get_absolute_url()}compare/{query}").content.decode()


def test_a_video_is_not_compared(browser: Client, user: User, done: Generation) -> None:
    clip = make_generation(user, status="done", media_type="video")
    make_result(clip, content_type="video/mp4")
    response = browser.post("/generations/selected/", {"do": "compare", "selected": [done.pk, clip.pk]}, headers=HTMX)
    assert "Select two pictures" in response.content.decode()
    assert "data-compare" not in browser.get(f"{clip.get_absolute_url()}compare/").content.decode()


def test_nobody_compares_with_what_they_may_not_see(browser: Client, done: Generation) -> None:
    theirs = make_generation(make_user(), status="done", prompt="THEIRS")
    make_result(theirs)
    body = browser.get(f"{done.get_absolute_url()}compare/?with={theirs.pk}&number=0").content.decode()
    assert "THEIRS" not in body
    assert f"{theirs.pk}/results" not in body
