"""The usage page: sums that add up, lists behind them, and files for accounting."""

import csv
import io
import re
import zipfile
from datetime import UTC, date, datetime

import pytest
from django.test import Client

from accounts.models import User
from generations.models import DailyUsage, Generation, Project, Star
from tests.helpers import form_data, make_generation, make_user

S = Generation.Status
MARCH = {"since": "2026-03-01", "until": "2026-03-31"}


def made(owner: User, day: int, credits: int, **overrides: object) -> Generation:
    moment = datetime(2026, 3, day, 12, tzinfo=UTC)
    values = {"status": S.DONE, "credits_used": credits, "created_at": moment}
    return make_generation(owner, **{**values, **overrides})


def figures(page: str) -> dict[str, list[str]]:
    """The cells of the table by the heading of their row."""
    table = page.split('class="sums"')[1].split("<tbody>")[1].split("</table>", maxsplit=1)[0]
    rows = {}
    for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL):
        heading, *cells = [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.split(r"</t[hd]>", row)[:-1]]
        rows[heading] = cells
    return rows


def test_a_member_sees_what_they_used_and_nothing_of_others(browser: Client, user: User) -> None:
    made(user, 3, 5)
    made(user, 4, 2, model_id="veo", media_type="video")
    made(user, 4, 3, status=S.FAILED, credits_status="confirmed")
    made(make_user("stranger"), 3, 700)
    page = browser.get("/usage/", {**MARCH, "by": "kind", "person": "1"}).content.decode()
    found = figures(page)
    assert found["Pictures"][:6] == ["2", "1", "1", "8", "0", "3"]
    assert found["Videos"][:4] == ["1", "1", "0", "2"]
    assert found["Total"][:4] == ["3", "2", "1", "10"]
    assert "700" not in page
    assert "stranger" not in page


def test_the_lead_sees_everybody_by_person_and_each_number_leads_to_its_list(lead: Client, user: User) -> None:
    other = make_user("other")
    made(user, 3, 5)
    made(other, 3, 7, status=S.FAILED, credits_status="confirmed")
    page = lead.get("/usage/", MARCH).content.decode()
    assert figures(page)[user.username][3] == "5"
    assert figures(page)["other"][5] == "7"
    listed = f"/admin/generations/generation/?since=2026-03-01&amp;until=2026-03-31&amp;owner={other.pk}"
    assert f'{listed}&amp;counts=unrefunded">7</a>' in page
    one = lead.get("/usage/", {**MARCH, "person": str(user.pk), "by": "model"}).content.decode()
    assert figures(one)["Total"][3] == "5"


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("day", ["03/03/2026", "03/04/2026", "03/20/2026"]),
        ("week", ["03/02/2026", "03/16/2026"]),
        ("month", ["March 2026"]),
    ],
)
def test_times_are_counted_in_their_order(browser: Client, user: User, by: str, expected: list[str]) -> None:
    for day in (20, 3, 4):
        made(user, day, day)
    page = browser.get("/usage/", {**MARCH, "by": by}).content.decode()
    assert [*figures(page)][:-1] == expected
    assert page.count("<rect") == 31


def test_a_result_that_somebody_keeps_divides_the_credits(browser: Client, user: User) -> None:
    kept = made(user, 3, 5)
    made(user, 3, 6)
    Star.objects.create(user=user, generation=kept, made_at=kept.created_at)
    page = browser.get("/usage/", MARCH).content.decode()
    assert re.search(r"Credits per kept result</dt><dd class=\"number\">11.0<", page)


def test_a_file_for_accounting_has_the_same_numbers_and_no_formulas(lead: Client, user: User) -> None:
    project = Project.objects.create(name='=HYPERLINK("https://evil.example")', code="@1")
    made(user, 3, 5, project=project)
    asked = {**MARCH, "by": "project"}
    text = b"".join(lead.get("/usage/", {**asked, "format": "csv"}).streaming_content).decode()  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0][:2] == ["Project", "Generations"]
    assert rows[1][0].startswith("'=HYPERLINK")
    assert rows[1][1:5] == ["1", "1", "0", "5"]
    book = zipfile.ZipFile(io.BytesIO(lead.get("/usage/", {**asked, "format": "xlsx"}).content))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "HYPERLINK" in book.read("xl/sharedStrings.xml").decode()


def test_a_statement_is_for_one_project_and_month_and_for_the_lead_alone(
    lead: Client, browser: Client, user: User
) -> None:
    project = Project.objects.create(name="Spring <b>", code="CC-7")
    made(user, 3, 5, project=project)
    made(user, 3, 9)
    page = lead.get(f"/usage/projects/{project.pk}/", {"month": "2026-03"}).content.decode()
    assert "Spring &lt;b&gt;" in page
    assert "CC-7" in page
    assert figures(page)["Total"] == ["1", "5"]
    assert browser.get(f"/usage/projects/{project.pk}/").status_code == 403


@pytest.mark.parametrize(
    "query",
    [
        {"since": "yesterday"}, {"since": "2026-04-01", "until": "2026-03-01"}, {"by": "nonsense"},
        {"project": "7" * 30}, {"project": "77"}, {"project": "x"}, {"since": "0001-01-01", "until": "9999-12-31"},
    ],
)  # fmt: skip
def test_what_is_no_period_is_said_and_breaks_nothing(browser: Client, user: User, query: dict[str, str]) -> None:
    made(user, 3, 5)
    assert browser.get("/usage/", query).status_code == 200


def test_a_huge_number_of_a_project_breaks_no_page_of_the_studio(browser: Client, user: User) -> None:
    huge = "9" * 30
    assert browser.post("/studio/price/", form_data(project=huge)).status_code == 200
    assert browser.get("/").status_code == 200
    assert browser.get("/", {"project": huge}).status_code == 200


def test_what_has_no_project_leads_to_what_has_none(browser: Client, user: User) -> None:
    project = Project.objects.create(name="Spring")
    made(user, 3, 5, project=project, prompt="a heron")
    made(user, 3, 5, prompt="a zebra")
    page = browser.get("/usage/", {**MARCH, "by": "project"}).content.decode()
    link = re.search(r'No project</th><td[^>]*><a href="([^"]+)"', page)
    assert link
    listed = browser.get(link[1].replace("&amp;", "&")).content.decode()
    assert "zebra" in listed
    assert "heron" not in listed


def test_every_number_leads_to_exactly_what_it_counts(
    lead: Client, browser: Client, user: User, admin_client: Client
) -> None:
    leaver, later = make_user("leaver"), date(2026, 3, 9)
    made(user, 3, 5, prompt="one done")
    made(user, 3, 5, prompt="one given away", deleted_at=datetime(2026, 4, 1, tzinfo=UTC))
    made(user, 3, 5, prompt="one refunded", status=S.FAILED, credits_status="refunded")
    made(user, 3, 5, prompt="one lost", status=S.FAILED, credits_status="confirmed")
    made(user, 3, 5, prompt="one from a leaver", asked_by=leaver)
    made(user, 3, 0, prompt="one again later", credits_used=None, status=S.QUEUED, counted_on=later)
    made(user, 28, 0, prompt="one refused", credits_used=None, status=S.REJECTED)
    expected = {
        "generations": {"done", "refunded", "lost", "again later", "refused", "given away"},
        "done": {"done", "given away"},
        "failed": {"refunded", "lost"},
        "charged": {"done", "lost", "given away"},
        "refunded": {"refunded"},
        "unrefunded": {"lost"},
        "reserved": {"again later"},
        "announced": {"done", "refunded", "lost", "given away"},
    }
    every = set().union(*expected.values()) | {"from a leaver"}
    for client, page_of in [(browser, browser), (lead, admin_client)]:
        page = client.get("/usage/", {**MARCH, "by": "month", "person": str(user.pk)}).content.decode()
        row = next(row for row in page.split("<tr>") if ">March 2026</th>" in row)
        links = [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]+)"', row)]
        for name, link in zip(expected, links, strict=True):
            listed = page_of.get(link).content.decode()
            found = {prompt for prompt in every if f"one {prompt}" in listed}
            assert found == expected[name] - (set() if client is lead else {"given away"}), link
            assert ("1 more that you deleted" in listed) == (client is browser and "given away" in expected[name])
    on_the_day = {**MARCH, "since": "2026-03-09", "until": "2026-03-09", "counts": "reserved"}
    assert "one again later" in browser.get("/generations/", on_the_day).content.decode()


def test_the_history_is_filtered_by_project(browser: Client, user: User) -> None:
    project = Project.objects.create(name="Spring")
    make_generation(user, prompt="a heron", project=project)
    make_generation(user, prompt="a zebra")
    page = browser.get("/generations/", {"project": str(project.pk)}).content.decode()
    assert "heron" in page
    assert "zebra" not in page


def test_days_without_anything_left_are_no_lines(browser: Client, user: User) -> None:
    DailyUsage.objects.create(day=date(2026, 3, 9), owner=user, model_id="m", media_type="image")
    assert "Nothing in this period" in browser.get("/usage/", MARCH).content.decode()
