"""What holds for every page: strict headers, nothing inline, nobody else's host; and the history's paging."""

import re
import uuid
from datetime import timedelta

import pytest
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import Token, User
from generations.dispatch.wake import HEARTBEAT, beat, beat_of_host
from generations.models import Generation, Lease, Result
from generations.models.sentences import Sentence
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import make_generation, make_result

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7|add:7 }}"


def hostile_rows(user: User) -> list[Generation]:
    """One generation of every status, with markup in every text."""
    rows = [
        make_generation(
            user,
            status=status,
            prompt=HOSTILE,
            message=HOSTILE,
            model_name=HOSTILE,
            answer_body='{"error": "</pre><script>x</script>", "allowed": ["<b>"], "field": "<i>"}',
            answer_status=400 if status == "rejected" else None,
            expected_wait=10.0,
            running_at=timezone.now(),
            sent_at=timezone.now(),
        )
        for status in Generation.Status.values
    ]
    make_result(rows[Generation.Status.values.index("done")])
    return rows


def pages(rows: list[Generation]) -> list[str]:
    return [
        "/",
        "/generations/",
        "/accounts/tokens/",
        "/accounts/time-zone/",
        "/accounts/password/change/",
        "/accounts/security/",
        "/accounts/sessions/",
        *(r.get_absolute_url() for r in rows),
    ]


def test_no_page_runs_or_styles_anything_inline_nor_names_another_host(
    sandbox: FastSandbox, browser: Client, user: User, token: Token
) -> None:
    for url in pages(hostile_rows(user)):
        response = browser.get(url)
        body = response.content.decode()
        assert response.status_code == 200, url
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=\"|javascript:|hx-on", body), url
        assert "<script>alert" not in body
        assert "<img src=x" not in body
        assert "14" not in re.sub(r"\d{3,}", "", HOSTILE)
        loaded = re.findall(r'(?:src|href)="(https?://[^"]+)"', body)
        assert {link for link in loaded if "www.meigen.ai" not in link} == set()


def test_every_answer_carries_the_strict_headers(sandbox: FastSandbox, browser: Client, user: User) -> None:
    for url in ["/", "/generations/", "/accounts/tokens/", "/nowhere/", "/s/nothing/", "/healthz", "/accounts/login/"]:
        response = browser.get(url)
        policy = response["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["X-Frame-Options"] == "DENY"
        assert "no-store" in response["Cache-Control"], url
        assert response["Referrer-Policy"] in {"same-origin", "no-referrer"}


def test_the_history_goes_on_page_by_page_without_gaps_or_doubles(browser: Client, user: User) -> None:
    now = timezone.now()
    # Three share each moment, so that the id has to decide too.
    rows = [make_generation(user, created_at=now - timedelta(seconds=number // 3)) for number in range(60)]
    seen: list[str] = []
    url = "/generations/"
    for _ in range(3):
        body = browser.get(url).content.decode()
        seen += re.findall(r'id="generation-([\w-]+)"', body)
        following = re.search(r'href="(/generations/\?before=[^"]+)"', body)
        url = following[1] if following else ""
    assert url == ""
    assert len(seen) == len(set(seen)) == 60
    assert set(seen) == {str(row.pk) for row in rows}


@each(
    "place",
    ["x", "2020-01-01_x", "_", "2020-13-01T00:00:00Z_" + "0" * 32, "0001-01-01T00:00:00+14:00_" + "0" * 32, "a" * 5000],
)
def test_a_nonsense_place_shows_the_first_page(browser: Client, place: str) -> None:
    assert browser.get("/generations/", {"before": place}).status_code == 200


def test_an_empty_history_says_what_to_do(browser: Client) -> None:
    assert "Generate your first picture" in browser.get("/generations/").content.decode()


class TestHealth:
    def test_before_a_worker_has_started_it_is_well(self, db: None) -> None:
        response = Client().get("/healthz")
        assert (response.status_code, response.json()["worker"]) == (200, "not started yet")

    def test_with_a_beating_worker_it_is_well(self, db: None) -> None:
        beat()
        beat_of_host()
        assert Client().get("/healthz").json() == {
            "ok": True,
            "database": "ok",
            "migrations": "ok",
            "worker": "alive",
            "hosts": {"alive": 1, "silent": 0},
            "sweep": "ok",
            "disk": "ok",
            "meigen": "ok",
            "clocks": "ok",
        }

    def test_a_silent_worker_is_a_503(self, db: None) -> None:
        Lease.objects.create(name=HEARTBEAT, expires_at=timezone.now() - timedelta(seconds=1))
        response = Client().get("/healthz")
        assert (response.status_code, response.json()["worker"]) == (503, "silent")
        assert Client().get("/healthz?web").status_code == 200  # pages are served, so nobody restarts the web server

    def test_a_pending_migration_is_a_503_until_it_has_run(self, db: None) -> None:
        rows = MigrationRecorder.Migration.objects.using("default").filter(app="generations")
        newest = rows.order_by("-name")[0]
        rows.filter(pk=newest.pk).delete()
        response = Client().get("/healthz")
        assert (response.status_code, response.json()["migrations"]) == (503, "1 pending: run manage.py migrate")
        assert Client().get("/healthz?web").status_code == 503
        newest.save(force_insert=True)
        assert Client().get("/healthz").status_code == 200


def test_a_warm_page_of_finished_cards_takes_three_queries(
    browser: Client, user: User, token: Token, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(30):
        make_result(make_generation(user, status="done"))
    cold = browser.get("/generations/").content
    with django_assert_num_queries(3):  # the session, the person with their token, the rows
        warm = browser.get("/generations/").content
    assert warm.count(b"<article") == cold.count(b"<article") == 24


def test_a_card_that_changed_is_drawn_anew(browser: Client, user: User, token: Token) -> None:
    generation = make_generation(user, status="done")
    assert b"Keeping the image" not in browser.get("/generations/").content
    make_result(generation)
    generation.mark_changed()
    assert b"<img" in browser.get("/generations/").content


def test_a_form_in_an_encoding_that_spells_what_nobody_keeps_is_refused(browser: Client) -> None:
    kind = "application/x-www-form-urlencoded; charset=unicode_escape"
    assert browser.post("/studio/price/", b"q=\\ud800", content_type=kind).status_code == 415


def test_who_finds_nothing_here_finds_the_way_on_and_a_guest_only_the_words(browser: Client) -> None:
    home = f'href="{reverse("studio")}"'
    missing = reverse("generation", args=[uuid.uuid4()])
    assert home in browser.get(missing).content.decode()
    gone = browser.get("/s/" + "x" * 43 + "/")
    assert gone.status_code == 404
    assert gone.content == Client().get("/s/" + "x" * 43 + "/").content
    assert home not in gone.content.decode()


class TestASetOfWhichOneIsNotThere:
    @pytest.fixture
    def row(self, user: User) -> Generation:
        return make_generation(user, status="done", prompt="two foxes")

    def lack(self, row: Generation, number: int, **columns: object) -> None:
        Result.objects.create(generation=row, number=number, source_url="https://images.meigen.ai/a.png", **columns)

    def test_its_card_shows_the_others(self, browser: Client, row: Generation) -> None:
        self.lack(row, 0, gone_at=timezone.now(), problem=Sentence.FILE_GONE.stored(status=404))
        make_result(row, number=1)
        card = browser.get("/generations/").content.decode().partition("<article")[2]
        assert f"{row.get_absolute_url()}results/1/thumbnail/" in card
        assert 'alt="two foxes"' in card

    def test_its_page_shows_those_that_are_kept_while_it_comes(self, browser: Client, row: Generation) -> None:
        for number in (0, 2):
            make_result(row, number=number)
        self.lack(row, 1)
        page = browser.get(row.get_absolute_url()).content.decode()
        assert '<video class="large"' in page or 'class="large r' in page
        assert "Picture 2 of 2" in page
        assert "Saving another file of this set" in page

    def test_its_page_is_loaded_anew_when_one_more_is_kept(
        self, browser: Client, row: Generation, sandbox: FastSandbox
    ) -> None:
        make_result(row, number=0)
        for number in (1, 2):
            self.lack(row, number)
        page = browser.get(row.get_absolute_url()).content.decode()
        seen = dict(re.findall(r'name="(whole|live)" value="([^"]+)"', page))
        assert seen["whole"] == "1"
        row.mark_changed()  # it was tried again, in vain
        again = browser.post(reverse("live"), seen)
        assert "HX-Refresh" not in again
        assert f'id="generation-{row.pk}"' in again.content.decode()
        Result.objects.filter(number=1).delete()
        make_result(row, number=1)
        row.mark_changed()
        assert browser.post(reverse("live"), seen)["HX-Refresh"] == "true"
