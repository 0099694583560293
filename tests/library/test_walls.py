"""The wall: days, and clicks that go on as groups with a line of their own."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Token, User
from generations.models import Generation
from tests.helpers import make_generation, make_result

S = Generation.Status


def batch(owner: User, *states: str, prompts: tuple[str, ...] = ("a fox",)) -> list[Generation]:
    """One click with a generation in each of these states."""
    now = timezone.now()
    rows = []
    for number, status in enumerate(states, 1):
        row = make_generation(
            owner,
            nonce="one-click",
            number=number,
            batch_size=len(states),
            status=status,
            prompt=prompts[(number - 1) % len(prompts)],
            credits_used=2 if status == S.DONE else None,
            **({"running_at": now, "expected_wait": 60.0} if status == S.RUNNING else {}),
        )
        if status == S.DONE:
            make_result(row)
        rows.append(row)
    return rows


def lines(page: str) -> list[str]:
    """The words of every click's line."""
    found = re.findall(r'<div class="click-line".*?</div>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", line).split()) for line in found]


@pytest.mark.django_db
def test_a_click_that_goes_on_is_a_group_in_its_order_with_one_line(browser: Client, token: Token) -> None:
    rows = batch(token.owner, S.DONE, S.FAILED, S.RUNNING, S.CANCELLED, prompts=("a fox", "an owl"))
    page = browser.get("/").content.decode()
    [line] = lines(page)
    assert line.startswith("a fox 2 prompts 1 of 4 done 1 failed 1 cancelled all done in ~")
    group = page.split('<section class="click"')[1].split("</section>")[0]
    assert re.findall(r'id="generation-([0-9a-f-]+)"', group) == [str(row.pk) for row in rows]


@pytest.mark.django_db
def test_its_line_changes_with_its_cards(browser: Client, token: Token) -> None:
    first, second = batch(token.owner, S.RUNNING, S.QUEUED)
    seen = [f"{first.pk}:{first.version}", f"{second.pk}:{second.version}.1"]
    first.move(S.FAILED, expecting=S.RUNNING, finished_at=timezone.now())
    answer = browser.post(
        "/generations/live/", {"live": seen, "line": first.pk}, headers={"HX-Request": "true"}
    ).content.decode()
    [line] = lines(answer)
    assert "0 of 2 done 1 failed" in line
    assert "Cancel the rest" in line
    assert f'id="line-{first.pk}" hx-swap-oob="true"' in answer
    # A page that does not have the line is not sent it.
    assert (
        lines(browser.post("/generations/live/", {"live": seen}, headers={"HX-Request": "true"}).content.decode()) == []
    )


@pytest.mark.django_db
def test_what_is_over_stands_among_the_others_under_its_day(browser: Client, token: Token) -> None:
    batch(token.owner, S.DONE, S.DONE)
    for days in (1, 40):
        make_result(make_generation(token.owner, status=S.DONE, created_at=timezone.now() - timedelta(days=days)))
    # In the studio new cards come in above the first one, so that today has no heading there.
    for path, names in [("/", ["Yesterday"]), ("/generations/", ["Today", "Yesterday"])]:
        page = browser.get(path).content.decode()
        assert lines(page) == []
        headings = re.findall(r'<h2 class="day">([^<]+) <', page)
        assert headings[:-1] == names


@pytest.mark.django_db
def test_a_page_that_goes_on_begins_no_day_twice(browser: Client, token: Token) -> None:
    moment = timezone.now().replace(hour=12) - timedelta(days=3)
    for number in range(30):
        made = moment - timedelta(seconds=number)
        make_result(make_generation(token.owner, status=S.DONE, created_at=made))
    page = browser.get("/generations/").content.decode()
    [rest] = re.findall(r'hx-get="([^"]+before=[^"]+)"', page)
    older = browser.get(rest.replace("&amp;", "&"), headers={"HX-Request": "true"}).content.decode()
    assert page.count('class="day"') == 1
    assert older.count("<article") == 6
    assert 'class="day"' not in older
