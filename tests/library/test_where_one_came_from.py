"""A result is viewed in the list it was opened from: its neighbours are of that list, and Back leads to it."""

import re
from datetime import timedelta

import pytest
from django.core.cache import caches
from django.test import Client
from django.utils import timezone

from accounts.models import Token, User
from generations.library import collecting, curation, neighbours
from generations.models import Generation
from generations.models.search import TooMany
from tests.cases import each
from tests.helpers import make_generation, make_result, make_user
from tests.library.opening import back, ids, listed, opened, way

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def rows(user: User, token: Token) -> list[Generation]:
    """Twelve of one's own: every second a fox, every third a video, every fourth starred, all seen by the team; and
    between them a colleague's and what nobody else sees."""
    caches["local"].clear()
    now, colleague = timezone.now(), make_user("ana")
    made = []
    for n in range(12):
        at = now - timedelta(days=n // 2, seconds=n)
        kind = "video" if n % 3 == 0 else "image"
        prompt = f"a red fox {n}" if n % 2 == 0 else f"an owl {n}"
        row = make_generation(
            user, prompt=prompt, status="done", media_type=kind, created_at=at, team_at=now if n != 5 else None
        )
        if n % 4 == 0:
            curation.star(user, row)
        made.append(row)
        make_generation(colleague, prompt=f"her red fox {n}", status="done", created_at=at, team_at=now)
        make_generation(colleague, prompt=f"SECRET red fox {n}", status="done", created_at=at)
    hers = Generation.objects.filter(owner=colleague, team_at__isnull=False).order_by("pk")[:3]
    curation.star_all(user, [row.pk for row in hers])
    return made


LISTS = [
    "/generations/",
    "/generations/?q=red+fox",
    "/generations/?q=fo",  # too short for the index
    "/generations/?q=red+%22fox%26",
    "/generations/?starred=on",
    "/generations/?starred=on&q=fox",
    "/generations/?kind=video&state=done&q=",
    "/generations/?q=fox&until={day}&since={first}",
    "/generations/?collection={collection}",
    "/generations/?collection={collection}&q=fox",
    "/generations/?state=deleted",
    "/gallery/",
    "/gallery/?q=fox",
    "/gallery/?author={author}",
    "/collections/{collection}/",
    "/",
]


@pytest.mark.slow
@each("address", LISTS)
def test_the_next_one_is_the_next_of_the_list_it_was_opened_from(
    browser: Client, user: User, rows: list[Generation], address: str
) -> None:
    collection, _ = collecting.create(user, "Foxes")
    collecting.add(user, collection.pk, [row.pk for row in rows[::3]])
    if "deleted" in address:
        curation.delete(user, [row.pk for row in rows[::2]])
    today = timezone.localdate()
    address = address.format(
        collection=collection.pk,
        author=rows[0].owner_id,
        day=today - timedelta(days=1),
        first=today - timedelta(days=4),
    )
    order = listed(browser, address)
    if not order:
        assert "%22" in address
        return
    middle = len(order) // 2
    page = opened(browser, address, f"/generations/{order[middle]}/")
    assert way(browser, page, "next") == order[middle + 1 :]
    assert way(browser, page, "prev") == order[:middle][::-1]
    assert listed(browser, back(page)) == order
    assert "SECRET" not in page.content.decode()


def test_what_is_searched_on_the_page_is_what_its_cards_lead_through(browser: Client, rows: list[Generation]) -> None:
    """The cards of a search that htmx asks for, and a card that changed on that page."""
    found = browser.get("/generations/", {"q": "fox"}, headers=HTMX).content.decode()
    link = f'href="/generations/{rows[2].pk}/?list=history&amp;q=fox"'
    assert link in found
    headers = {**HTMX, "HX-Current-URL": "http://testserver/generations/?q=fox&state=&pages=3"}
    assert link in browser.post(f"/generations/{rows[2].pk}/star/", {"on": "1"}, headers=headers).content.decode()
    form = {"do": "star", "selected": str(rows[2].pk)}
    assert link in browser.post("/generations/selected/", form, headers=headers).content.decode()


def test_the_forms_of_a_result_and_a_comparison_stay_in_its_list(browser: Client, rows: list[Generation]) -> None:
    own = f"/generations/{rows[2].pk}/?list=history&q=fox"
    page = browser.get(own).content.decode()
    assert set(re.findall(r'name="next" value="([^"]+)"', page)) == {own.replace("&", "&amp;")}
    for verb in ("star", "team", "share"):
        answer = browser.post(f"/generations/{rows[2].pk}/{verb}/", {"next": own})
        assert answer["Location"].removesuffix("#share") == own
    comparing = browser.get(f"/generations/{rows[2].pk}/compare/?list=history&q=fox")
    assert back(comparing) == f"/generations/{rows[2].pk}/?picture=0&list=history&q=fox"


def test_two_compared_from_a_search_lead_back_to_it(browser: Client, user: User, rows: list[Generation]) -> None:
    for row in rows[:2]:
        make_result(row)
    form = {"do": "compare", "selected": ids(*rows[:2]), "next": "/generations/?q=a&pages=2"}
    assert browser.post("/generations/selected/", form)["Location"].endswith("&list=history&q=a")
    assert browser.post("/generations/selected/", form, headers=HTMX)["HX-Redirect"].endswith("&list=history&q=a")
    for elsewhere in ("https://elsewhere.example/generations/?q=a", "//[", "nonsense"):
        target = browser.post("/generations/selected/", {**form, "next": elsewhere})["Location"]
        assert target.startswith(f"/generations/{rows[0].pk}/compare/?picture=")
        assert "list=" not in target


HOSTILE = [
    "list=https://elsewhere.example/",
    "list=//elsewhere.example",
    "list=history&q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
    "list=history&author=1&state=%00&kind=x&model=%27&since=soon&until=9999-99-99&collection=x",
    "list=gallery&state=deleted",
    "list=studio&q=x",
    "in=https://elsewhere.example/",
    "list=history&q=" + "x" * 3000,
]


@pytest.mark.slow
@each("query", HOSTILE)
def test_what_is_written_into_the_address_leads_nowhere_else_and_is_escaped(
    browser: Client, rows: list[Generation], query: str
) -> None:
    response = browser.get(f"/generations/{rows[2].pk}/?{query}")
    body = response.content.decode()
    assert response.status_code == 200
    assert "<script>alert" not in body
    assert back(response).split("?")[0] in {"/", "/generations/", "/gallery/"}
    assert browser.get(back(response)).status_code == 200
    assert not re.search(r'(href|action)="(https?:)?//elsewhere', body)


@pytest.mark.slow
def test_a_strangers_lists_show_nothing_that_is_not_seen_anyway(
    browser: Client, user: User, rows: list[Generation]
) -> None:
    ana = User.objects.get(username="ana")
    hidden, _ = collecting.create(ana, "SECRET plans")
    collecting.add(ana, hidden.pk, list(Generation.objects.filter(owner=ana).values_list("pk", flat=True)))
    deleted = make_generation(ana, prompt="SECRET gone fox", status="done", team_at=timezone.now())
    curation.delete(ana, [deleted.pk])
    queries = [
        "q=SECRET", "q=SECRET+fox&starred=on", f"collection={hidden.pk}", f"collection={hidden.pk}&starred=on",
        "state=deleted", "state=deleted&q=SECRET", f"author={ana.pk}",
    ]  # fmt: skip
    for name in ("history", "gallery"):
        for query in queries:
            page = browser.get(f"/generations/{rows[5].pk}/?list={name}&{query}")
            for other in {*way(browser, page, "next"), *way(browser, page, "prev")}:
                assert Generation.objects.visible_to(user).filter(pk=other).exists()
            body = page.content.decode()
            assert "SECRET" not in body.replace("q=SECRET", "")
    assert "SECRET" not in browser.get(f"/generations/{rows[5].pk}/?in={hidden.pk}").content.decode()
    for row in Generation.objects.filter(owner=ana, team_at=None):
        assert browser.get(f"/generations/{row.pk}/?list=gallery&in={hidden.pk}").status_code == 404


def test_a_search_that_takes_too_long_leaves_the_result_without_neighbours(
    browser: Client, rows: list[Generation], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop() -> None:
        raise TooMany

    monkeypatch.setattr(neighbours, "within_time", stop)
    page = browser.get(f"/generations/{rows[2].pk}/?list=history&q=fox")
    assert page.status_code == 200
    assert 'rel="next"' not in page.content.decode()
