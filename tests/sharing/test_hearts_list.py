"""The owner of a link sees what guests like, and finishes it with one click."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from generations.dispatch import catalogue
from generations.models import Catalogue, Generation, Project, Share
from generations.sharing import links
from tests.helpers import make_generation, make_result, make_user
from tests.studio.test_finishing import buttons, said

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sandbox", "token")]


def make_done(owner: User, prompt: str = "a heron", model: str = "nanobanana-2", **fields: Any) -> Generation:
    row = make_generation(owner, status="done", prompt=prompt, model_id=model, fields=fields)
    make_result(row)
    return row


@pytest.fixture
def rows(user: User) -> list[Generation]:
    return [make_done(user, f"heron {number}", resolution="2K") for number in range(4)]


def loved(user: User, *rows: Generation, guests: tuple[str, ...] = ("Ana",)) -> Share:
    """A link to these with a heart of each guest for each of them."""
    catalogue.offer()
    share = links.share(user, rows, allows_hearts=True)
    for row in rows:
        for guest in guests:
            links.heart(share, row.results.get(), guest, guest)
    return share


def page(browser: Client, share: Share) -> str:
    return browser.get(reverse("share_link", args=[share.pk])).content.decode()


def test_the_list_names_who_likes_each_picture_with_the_most_liked_first(
    browser: Client, user: User, rows: list[Generation]
) -> None:
    share = loved(user, rows[0])
    for guest in ("Ben", "Cleo"):
        links.heart(share, rows[1].results.get(), guest, guest)
    shown = page(browser, share)
    assert shown.index(f"{rows[1].get_absolute_url()}?picture=0") < shown.index(
        f"{rows[0].get_absolute_url()}?picture=0"
    )
    for name in ("Ana", "Ben", "Cleo"):
        assert name in shown


def test_one_click_finishes_them_all_at_the_price_on_the_button(
    browser: Client, user: User, rows: list[Generation]
) -> None:
    share = loved(user, *rows)
    shown = page(browser, share)
    assert "Finish these 4 · 20 credits" in shown
    [button] = buttons(shown)
    assert browser.post(reverse("finish"), button)["Location"] == reverse("studio")
    made = list(Generation.objects.filter(made_from__in=rows).order_by("number"))
    assert [row.made_from for row in made] == rows
    assert {row.nonce for row in made} == {made[0].nonce}
    assert [(row.number, row.batch_size) for row in made] == [(number, 4) for number in (1, 2, 3, 4)]
    assert all(row.request_fields["resolution"] == "4K" for row in made)


def test_only_what_is_chosen_is_counted_on_the_button_and_sent(
    browser: Client, user: User, rows: list[Generation]
) -> None:
    share = loved(user, *rows)
    [button] = buttons(page(browser, share))
    chosen = button["finish"][:2]
    asked = reverse("share_link", args=[share.pk])
    shown = browser.get(asked, {"chosen": "1", "finish": chosen}).content.decode()
    assert "Finish these 2 · 10 credits" in shown
    assert shown.count(' name="finish" ') == 4
    assert shown.count(" checked> heron") == 2
    nothing = browser.get(asked, {"chosen": "1"}).content.decode()
    assert "disabled>Select what to finish<" in nothing
    assert "Select what to finish." in said(browser.post(reverse("finish"), button | {"finish": []}))
    assert not Generation.objects.filter(made_from__in=rows).exists()
    [button] = buttons(shown)
    assert button["finish"] == chosen
    browser.post(reverse("finish"), button)
    assert set(Generation.objects.filter(made_from__in=rows).values_list("made_from", flat=True)) == {
        row.pk for row in rows[:2]
    }


def test_pressed_twice_it_pays_once(browser: Client, user: User, rows: list[Generation]) -> None:
    [button] = buttons(page(browser, loved(user, *rows)))
    for _ in range(2):
        browser.post(reverse("finish"), button)
    assert Generation.objects.filter(made_from__in=rows).count() == 4


def test_a_heart_given_meanwhile_is_not_part_of_the_click(browser: Client, user: User, rows: list[Generation]) -> None:
    share = loved(user, *rows[:3])
    [button] = buttons(page(browser, share))
    links.heart(share, rows[3].results.get(), "Ben", "Ben")
    browser.post(reverse("finish"), button)
    assert Generation.objects.filter(made_from__in=rows).count() == 3


def test_if_one_is_deleted_meanwhile_nothing_is_sent(browser: Client, user: User, rows: list[Generation]) -> None:
    [button] = buttons(page(browser, loved(user, *rows)))
    Generation.objects.filter(pk=rows[0].pk).update(deleted_at=timezone.now())
    assert "Not all of these can still be finished." in said(browser.post(reverse("finish"), button))
    assert not Generation.objects.filter(made_from__in=rows).exists()


def test_it_compares_the_price_of_all(browser: Client, user: User, rows: list[Generation]) -> None:
    [button] = buttons(page(browser, loved(user, *rows)))
    response = browser.post(reverse("finish"), button | {"shown_price": "19"})
    assert "The price is now 20 credits. Nothing was sent" in said(response)
    assert not Generation.objects.filter(made_from__in=rows).exists()


def test_what_is_finished_is_offered_no_more(browser: Client, user: User, rows: list[Generation]) -> None:
    share = loved(user, *rows)
    [button] = buttons(page(browser, share))
    browser.post(reverse("finish"), button)
    shown = page(browser, share)
    assert buttons(shown) == []
    assert "Already finished" in shown
    for made in Generation.objects.filter(made_from__in=rows):
        assert f'<a href="{made.get_absolute_url()}"' in shown


def test_what_cannot_be_finished_is_said(browser: Client, user: User, rows: list[Generation]) -> None:
    top = make_done(user, "at the top", resolution="4K")
    gone = make_done(user, "of yesterday", model="no-such-model")
    shown = page(browser, loved(user, rows[0], top, gone))
    assert "Finish this 1 · 5 credits" in shown
    assert "Nanobanana 2 offers nothing above these settings." in shown
    assert "Meigen no longer offers this model." in shown


def test_without_meigen_it_says_so(browser: Client, user: User, rows: list[Generation], settings: Settings) -> None:
    share = loved(user, *rows)
    Catalogue.objects.all().delete()
    settings.MEIGEN_BASE_URL = "http://127.0.0.1:1"
    shown = page(browser, share)
    assert buttons(shown) == []
    assert shown.count("Could not reach Meigen for its models.") == 4


def test_each_project_has_its_own_button(browser: Client, user: User, rows: list[Generation]) -> None:
    spring = Project.objects.create(name="Spring")
    Generation.objects.filter(pk=rows[0].pk).update(project=spring)
    both = buttons(page(browser, loved(user, *rows)))
    assert sorted(len(button["finish"]) for button in both) == [1, 3]
    for button in both:
        browser.post(reverse("finish"), button)
    assert Generation.objects.get(made_from=rows[0]).project == spring


def test_nobody_else_finishes_it(user: User, browser: Client, rows: list[Generation]) -> None:
    share = loved(user, *rows)
    [button] = buttons(page(browser, share))
    stranger = Client()
    stranger.force_login(make_user("ben"))
    assert stranger.get(reverse("share_link", args=[share.pk])).status_code == 404
    stranger.post(reverse("finish"), button)
    assert not Generation.objects.filter(made_from__in=rows).exists()


def test_the_list_of_links_leads_to_the_hearts(browser: Client, user: User, rows: list[Generation]) -> None:
    share = loved(user, *rows)
    assert f"{reverse('share_link', args=[share.pk])}#hearts" in browser.get(reverse("shares")).content.decode()


def test_a_button_takes_what_a_click_may_make_and_the_rest_comes_next(browser: Client, user: User) -> None:
    many = [make_done(user, f"heron {number}", resolution="2K") for number in range(43)]
    share = loved(user, *many)
    for left in (40, 3):
        [button] = buttons(page(browser, share))
        assert len(button["finish"]) == left
        browser.post(reverse("finish"), button)
    assert Generation.objects.filter(made_from__in=many).count() == 43


def test_hearts_for_what_was_deleted_finish_nothing(browser: Client, user: User, rows: list[Generation]) -> None:
    share = loved(user, *rows)
    Generation.objects.filter(pk__in=[row.pk for row in rows[:3]]).update(deleted_at=timezone.now())
    [button] = buttons(page(browser, share))
    assert len(button["finish"]) == 1
