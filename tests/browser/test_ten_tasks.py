"""The ten commonest tasks by hand, each from the studio's page, and what each takes: clicks, and keys beside what is
written into a prompt, a name or a password."""

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Studio, enter

MADE = """
from datetime import timedelta
from accounts.models import User
from django.utils import timezone
from generations.library import collecting
from generations.sharing import links
from tests.helpers import make_generation, make_result, picture
user = User.objects.get(username={name!r})
now = timezone.now()
friday = now - timedelta(days=now.weekday() + 3)
make_result(make_generation(user, prompt="an owl of last week", status="done", created_at=friday))
rows = []
for n in range(10):
    row = make_generation(
        user, prompt=f"a fox {{n}}", status="done", credits_used=5, model_id="nanobanana-2", model_name="Nanobanana 2",
        created_at=now - timedelta(seconds=20 - n),
    )
    make_result(row, data=picture(size=(1600, 1200)), width=1600, height=1200)
    rows.append(row)
refused = "Refused by the safety filter."
make_generation(user, prompt="a dragon", status="failed", message=refused, credits_status="refunded")
collecting.create(user, "Client A")
links.share(user, rows[:4], title="For the client", allows_hearts=True)
"""


@dataclass
class Hand:
    """A hand that counts."""

    page: Page
    clicks: int = 0
    keys: int = 0

    def click(self, target: Locator | str, **how: object) -> None:
        self.clicks += 1
        (self.page.locator(target) if isinstance(target, str) else target).click(**how)  # type: ignore[arg-type]

    def write(self, target: str, words: str) -> None:
        """Into a field that has the keyboard already, or is clicked into."""
        if not self.page.locator(target).evaluate("field => field === document.activeElement"):
            self.clicks += 1
        self.page.fill(target, words)

    def has_taken(self, clicks: int, keys: int = 0) -> None:
        assert (self.clicks, self.keys) == (clicks, keys)


@pytest.fixture
def person(studio: Studio) -> str:
    """Somebody with ten pictures of today, one of last week, a failure, a collection and a link with hearts."""
    name = studio.person()
    studio.python(MADE.format(name=name))
    return name


@pytest.fixture
def hand(person: str, page: Page) -> Hand:
    enter(page, person)
    return Hand(page)


def card(page: Page, words: str) -> Locator:
    return page.locator("#wall article.card").filter(has=page.get_by_text(words, exact=True))


def test_a_first_picture(studio: Studio, page: Page) -> None:
    enter(page, studio.person())
    hand = Hand(page)
    hand.write("[name=prompt]", "a red fox")
    hand.click("#generate .button.primary")
    expect(page.locator("#wall article.card")).to_have_count(1)
    hand.has_taken(clicks=2)


def test_four_variations(hand: Hand) -> None:
    hand.write("[name=prompt]", "a red fox")
    hand.click("[data-count='4']")
    expect(hand.page.locator("#generate .button.primary")).to_have_text(re.compile("8 credits"))
    hand.click("#generate .button.primary")
    expect(hand.page.locator("#wall article.card")).to_have_count(16)
    hand.has_taken(clicks=3)


def test_the_same_with_another_model(hand: Hand) -> None:
    hand.click(card(hand.page, "a fox 3").locator(".frame"))
    hand.click("#viewer summary[title=More]")
    hand.click(hand.page.locator("#viewer .same-prompt a", has_text="Z Image Turbo"))
    expect(hand.page.locator("[name=prompt]")).to_have_value("a fox 3")
    hand.click("#generate .button.primary")
    expect(card(hand.page, "a fox 3")).to_have_count(2)
    hand.has_taken(clicks=4)


def test_a_picture_as_a_reference(hand: Hand) -> None:
    card(hand.page, "a fox 3").hover()
    hand.click(card(hand.page, "a fox 3").get_by_role("button", name="Use as reference"))
    expect(hand.page.locator("#reference-list .reference")).to_have_count(1)
    hand.has_taken(clicks=1)


def test_what_was_made_last_week(hand: Hand) -> None:
    hand.click(hand.page.get_by_role("link", name="History"))
    hand.click("#chip-period")
    hand.click(hand.page.locator(".pill[open] label.chip", has_text="Last week"))
    expect(hand.page.locator("#wall article.card")).to_have_count(1)
    expect(card(hand.page, "an owl of last week")).to_be_visible()
    hand.has_taken(clicks=3)


def test_three_are_starred_and_shared_with_a_password(hand: Hand) -> None:
    hand.click(hand.page.get_by_role("link", name="History"))
    for words in ["a fox 1", "a fox 2", "a fox 3"]:
        card(hand.page, words).hover()
        hand.click(card(hand.page, words).locator(".pick"))
    hand.click("#selection button[value=star]")
    expect(hand.page.get_by_text("3 starred.")).to_be_visible()
    hand.click("#selection button[value=share]")
    hand.write("[name=password]", "open sesame")
    hand.click(hand.page.get_by_role("button", name="Create link"))
    expect(hand.page.locator("#link")).to_be_visible()
    hand.has_taken(clicks=8)


def test_what_the_client_liked_is_looked_at_and_finished(studio: Studio, person: str, hand: Hand) -> None:
    studio.python(f"""
from generations.models import Heart, Share
share = Share.objects.get(created_by__username={person!r})
for result in [row.results.get() for row in share.generations.all()[:2]]:
    Heart.objects.create(share=share, result=result, name="Ada", guest="0" * 32)
""")
    page = hand.page
    hand.click("summary[aria-label^='Your account']")
    hand.click(page.get_by_role("link", name="Share links"))
    hand.click(page.get_by_role("link", name="2 hearts"))
    expect(page.locator(".loved li")).to_have_count(2)
    hand.click(page.get_by_role("button", name="Finish these 2"))
    page.wait_for_url("**/")
    expect(page.locator("#wall article.card")).to_have_count(14)
    hand.has_taken(clicks=4)


def test_why_it_failed_is_read_without_a_click(hand: Hand) -> None:
    expect(card(hand.page, "a dragon")).to_contain_text("Refused by the safety filter. Credits refunded.")
    hand.has_taken(clicks=0)


def test_ten_of_a_day_are_downloaded(hand: Hand) -> None:
    page = hand.page
    hand.click(page.get_by_role("link", name="History"))
    page.locator(".day").first.hover()
    hand.click(page.get_by_role("button", name="Select: Today"))
    expect(page.locator("#selection [data-selected]")).to_have_text("11 selected")
    with page.expect_download() as download:
        hand.click("#selection button[value=download]")
    assert download.value.suggested_filename.endswith(".zip")
    hand.has_taken(clicks=3)


def test_one_is_put_into_a_collection(hand: Hand) -> None:
    hand.click(card(hand.page, "a fox 3").locator(".frame"))
    hand.click(hand.page.get_by_role("button", name="Add to Client A"))
    expect(hand.page.locator("#viewer .collected")).to_contain_text("Client A")
    hand.has_taken(clicks=2)
