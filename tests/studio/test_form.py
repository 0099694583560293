"""The studio's form: what it offers, what it takes, what it says."""

import json
import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Token, User
from generations.dispatch import catalogue
from generations.models import Generation
from generations.studio import submission
from generations.studio.form import GenerateForm
from sandbox.answers import html, refusal
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import form_data, make_generation, make_user

HTMX = {"HX-Request": "true"}


def test_a_plain_form_post_generates_and_redirects(
    sandbox: FastSandbox, browser: Client, user: User, token: Token
) -> None:
    response = browser.post("/generations/", form_data(aspect_ratio="16:9"))
    assert (response.status_code, response["Location"]) == (302, "/")
    generation = Generation.objects.get(owner=user)
    assert generation.status == "running"
    assert json.loads(generation.body) == {
        "prompt": "a red fox",
        "modelId": "z-image-turbo",
        "aspectRatio": "16:9",
        "idempotencyKey": str(generation.idempotency_key),
    }


def test_htmx_gets_the_new_cards_and_a_fresh_nonce(sandbox: FastSandbox, browser: Client, token: Token) -> None:
    data = form_data(count="2")
    body = browser.post("/generations/", data, headers=HTMX).content.decode()
    assert body.count("<article") == 2
    assert body.count('data-status="running"') == 2
    assert 'id="nonce"' in body
    assert data["nonce"] not in body


def test_only_what_was_chosen_is_sent(sandbox: FastSandbox, browser: Client, token: Token) -> None:
    data = form_data(model_id="seedance-2-0", tier="pro", resolution="1080p", duration="6", aspect_ratio="1:1")
    browser.post("/generations/", data)
    fields = Generation.objects.get().request_fields
    assert fields == {
        "prompt": "a red fox",
        "modelId": "seedance-2-0",
        "tier": "pro",
        "resolution": "1080p",
        "duration": 6,
        "aspectRatio": "1:1",
    }
    assert Generation.objects.get().credits_used == 6 * 42


@each(
    ("change", "words"),
    [
        ({"prompt": "  "}, "Write a prompt first"),
        ({"prompt": "x" * 10_001}, "has 10001 characters; at most 10000 are allowed"),
        ({"model_id": "no-such-model"}, "no longer offers this model"),
        ({"model_id": "atelier-internal"}, "no longer offers this model"),
        ({"model_id": ""}, "Choose a model"),
        ({"aspect_ratio": "7:5"}, "Z Image Turbo does not support the aspect ratio 7:5"),
        ({"quality": "high"}, "Z Image Turbo has no quality setting"),
        (
            {"model_id": "seedance-2-0", "tier": "fast", "resolution": "1080p"},
            "Seedance 2.0 does not support the size 1080p",
        ),
        ({"model_id": "seedance-2-0", "duration": "99"}, "does not support the duration 99"),
        ({"count": "0"}, "Choose a number from 1 to 8"),
        ({"count": "9"}, "Choose a number from 1 to 8"),
        ({"count": "many"}, "Choose a number from 1 to 8"),
    ],
)
@pytest.mark.slow
@each("headers", [{}, HTMX])
def test_bad_input_gets_a_sentence_and_keeps_what_was_typed(
    sandbox: FastSandbox, browser: Client, token: Token, change: dict[str, str], words: str, headers: dict[str, str]
) -> None:
    response = browser.post("/generations/", form_data(**change), headers=headers)
    body = response.content.decode()
    assert response.status_code == 422
    assert words in body
    assert change.get("prompt", "a red fox").strip() in body
    assert not Generation.objects.exists()
    assert sandbox.ledger.charges() == []


def test_without_a_token_the_prompt_survives_the_way_there_and_back(
    sandbox: FastSandbox, browser: Client, user: User
) -> None:
    response = browser.post("/generations/", form_data(prompt="a patient heron", model_id="flux2-klein"))
    assert response["Location"] == "/accounts/tokens/?next=/"
    page = browser.get(response["Location"]).content.decode()
    assert 'name="next" value="/"' in page
    response = browser.post("/accounts/tokens/", {"token": "meigen_sk_new", "next": "/"}, follow=True)
    assert "a patient heron" in response.content.decode()
    assert '<option value="flux2-klein" selected>' in response.content.decode()
    assert not Generation.objects.exists()


def posted_after_the_sign_in_expired(person: User) -> Client:
    """A browser in which this person pressed Generate while nobody was signed in any more."""
    client = Client()
    client.force_login(person)
    found = re.search(r'name="person" value="([^"]+)"', client.get("/").content.decode())
    assert found
    client.logout()
    response = client.post("/generations/", form_data(prompt="a patient heron", person=found[1]))
    assert response["Location"] == "/accounts/login/?next=/"
    return client


def sign_in(client: Client, user: User) -> str:
    """The page that follows."""
    data = {"login": user.username, "password": "a-long-password"}
    return client.post("/accounts/login/?next=/", data, follow=True).content.decode()


def test_signed_out_in_the_middle_the_prompt_survives_the_sign_in(
    sandbox: FastSandbox, user: User, token: Token
) -> None:
    client = posted_after_the_sign_in_expired(user)
    assert "a patient heron" in sign_in(client, user)
    client.head("/")
    assert "a patient heron" in client.get("/").content.decode()
    other = client.get("/", {"prompt": "a red fox"}).content.decode()
    assert other.count("a patient heron") == 1
    assert '<option value="a patient heron">' in other  # for Alt and the arrow


def test_what_was_typed_goes_to_nobody_else_who_signs_in_there(sandbox: FastSandbox, user: User) -> None:
    client = posted_after_the_sign_in_expired(user)
    assert "a patient heron" not in sign_in(client, make_user())
    client.logout()
    assert "a patient heron" not in sign_in(client, user)


@each("person", [None, "{pk}", "{pk}:made-up"])
def test_a_form_that_does_not_prove_whose_it_is_is_kept_for_nobody(
    sandbox: FastSandbox, user: User, person: str | None
) -> None:
    client = Client()
    said = {} if person is None else {"person": person.format(pk=user.pk)}
    client.post("/generations/", form_data(prompt="a patient heron", **said))
    assert "a patient heron" not in sign_in(client, user)


def test_the_same_page_sent_twice_is_paid_once(sandbox: FastSandbox, browser: Client, token: Token) -> None:
    data = form_data()
    browser.post("/generations/", data)
    browser.post("/generations/", data)
    assert Generation.objects.count() == 1
    assert len(sandbox.ledger.charges()) == 1


def test_an_edited_prompt_under_an_old_nonce_is_another_wish(
    sandbox: FastSandbox, browser: Client, token: Token
) -> None:
    data = form_data()
    browser.post("/generations/", data)
    browser.post("/generations/", {**data, "prompt": "a blue fox"})
    assert set(Generation.objects.values_list("prompt", flat=True)) == {"a red fox", "a blue fox"}


@pytest.mark.django_db(transaction=True)
def test_fifty_clicks_at_once_with_one_nonce_make_one_generation(
    sandbox: FastSandbox, user: User, token: Token
) -> None:
    catalogue.offer()
    data = form_data()

    def click(_: int) -> bool:
        try:
            form = GenerateForm(catalogue.offer(), data=data)
            assert form.is_valid()
            return submission.create(user, token, form)[1]
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        made = list(pool.map(click, range(50)))
    assert made.count(True) == 1
    assert Generation.objects.count() == 1


def test_an_edited_form_sent_twice_under_an_old_nonce_is_paid_once(
    sandbox: FastSandbox, browser: Client, token: Token
) -> None:
    first = form_data()
    for prompt in ["a red fox", "an edited fox", "an edited fox", "an edited fox"]:
        browser.post("/generations/", {**first, "prompt": prompt})
    assert sorted(Generation.objects.values_list("prompt", flat=True)) == ["a red fox", "an edited fox"]
    assert len(sandbox.ledger.charges()) == 2


def test_a_form_without_a_nonce_is_taken(sandbox: FastSandbox, browser: Client, token: Token) -> None:
    data = form_data()
    del data["nonce"]
    assert browser.post("/generations/", data).status_code == 302
    assert Generation.objects.count() == 1


def test_a_402_is_on_the_page_at_once_with_what_to_do(sandbox: FastSandbox, browser: Client, token: Token) -> None:
    body = browser.post("/generations/", form_data(prompt="x sandbox:402"), headers=HTMX).content.decode()
    assert 'data-status="rejected"' in body
    assert "Needs 1001 credits, you have 1000" in body
    assert "Top up" in body
    assert "Send again" in body


def test_a_400_is_on_the_page_at_once_with_what_is_allowed(sandbox: FastSandbox, browser: Client, token: Token) -> None:
    body = browser.post("/generations/", form_data(prompt="x sandbox:400"), headers=HTMX).content.decode()
    assert 'data-status="rejected"' in body
    assert "out of stock" in body
    assert "Allowed for aspectRatio: 1:1" in body
    assert "Send again" not in body


def test_an_answer_nested_without_end_does_not_break_the_page(
    sandbox: FastSandbox, browser: Client, token: Token
) -> None:
    deep: Any = "end"
    for _ in range(300):
        deep = [deep]
    sandbox.fail_next("/api/generate/v2", refusal(400, "no", allowed=deep, field=deep))
    assert browser.post("/generations/", form_data(), headers=HTMX).status_code == 200
    assert browser.get("/").status_code == 200


def test_with_meigen_down_a_click_is_kept_and_said_so(
    sandbox: FastSandbox, browser: Client, token: Token, settings: Settings
) -> None:
    catalogue.offer()
    settings.MEIGEN_BASE_URL = "http://127.0.0.1:9"
    body = browser.post("/generations/", form_data(), headers=HTMX).content.decode()
    assert 'data-status="queued"' in body
    assert "Could not reach Meigen" in body


def test_the_page_preselects_the_asked_model(sandbox: FastSandbox, browser: Client, token: Token) -> None:
    body = browser.get("/?model_id=veo-3.1").content.decode()
    assert '<option value="veo-3.1" selected>' in body
    assert 'name="duration"' in body
    assert 'name="quality"' not in body


def test_hidden_models_are_not_offered(sandbox: FastSandbox, browser: Client) -> None:
    assert "atelier-internal" not in browser.get("/").content.decode()


def test_an_earlier_request_fills_the_form_for_its_owner_only(
    sandbox: FastSandbox, browser: Client, user: User, token: Token, django_user_model: Any
) -> None:
    mine = make_generation(user, prompt="my heron", fields={"aspectRatio": "9:16"})
    body = browser.get(f"/?from={mine.pk}").content.decode()
    assert "my heron" in body
    stranger = django_user_model.objects.create_user("stranger", "s@example.com", "x")
    theirs = make_generation(stranger, prompt="their heron")
    assert "their heron" not in browser.get(f"/?from={theirs.pk}").content.decode()
    assert browser.get("/?from=nonsense").status_code == 200


def test_the_price_follows_the_choices(sandbox: FastSandbox, browser: Client, token: Token) -> None:
    query = {"model_id": "seedance-2-0", "tier": "pro", "resolution": "720p", "duration": "10", "count": "2"}
    assert " · 440 credits" in browser.post("/studio/price/", query, headers=HTMX).content.decode()


def test_choices_the_new_model_lacks_fall_back(sandbox: FastSandbox, browser: Client, token: Token) -> None:
    query = {"model_id": "veo-3.1", "aspect_ratio": "1:1", "quality": "high", "duration": "8", "prompt": ""}
    body = browser.get("/studio/fields/", query, headers=HTMX).content.decode()
    assert '<option value="8" selected>' in body
    assert 'value="1:1"' not in body


class TestTheCatalogue:
    def test_without_javascript_the_model_is_changed_with_all_that_was_typed(
        self, sandbox: FastSandbox, browser: Client, token: Token
    ) -> None:
        data = form_data(prompt="a patient heron " * 500, model_id="veo-3.1")
        body = browser.post("/studio/model/", data, follow=True).content.decode()
        assert "a patient heron" in body
        assert '<option value="veo-3.1" selected>' in body

    def test_it_is_asked_once_in_five_minutes(self, sandbox: FastSandbox, db: None) -> None:
        assert catalogue.offer().stale_since is None
        del sandbox.entries[1:]
        assert len(catalogue.offer().models) > 1
        with time_machine.travel(timezone.now() + timedelta(minutes=6)):
            assert len(catalogue.offer().models) == 1

    def test_an_empty_list_does_not_replace_a_good_one(self, sandbox: FastSandbox, db: None) -> None:
        catalogue.offer()
        sandbox.entries.clear()
        with time_machine.travel(timezone.now() + timedelta(minutes=6)):
            assert catalogue.offer().models
            assert catalogue.offer().stale_since is not None

    def test_the_last_good_list_is_served_while_meigen_is_down(self, sandbox: FastSandbox, browser: Client) -> None:
        catalogue.offer()
        sandbox.fail_next("/api/models", html(502))
        with time_machine.travel(timezone.now() + timedelta(minutes=6)):
            body = browser.get("/").content.decode()
        assert "could not be reached for a newer one" in body
        assert "Nanobanana 2" in body

    def test_with_nothing_to_serve_the_page_says_so_and_keeps_the_prompt(
        self, sandbox: FastSandbox, browser: Client, token: Token
    ) -> None:
        sandbox.fail_next("/api/models", html(502))
        response = browser.post("/generations/", form_data(prompt="a patient heron"))
        assert response.status_code == 422
        assert "Could not reach Meigen" in response.content.decode()
        assert "a patient heron" in response.content.decode()


class TestLiveCards:
    def test_nothing_new_is_a_204(self, browser: Client, user: User, token: Token) -> None:
        generation = make_generation(user)
        response = browser.post("/generations/live/", {"live": f"{generation.pk}:1.1"}, headers=HTMX)
        assert response.status_code == 204

    def test_a_changed_card_comes_alone(self, browser: Client, user: User, token: Token) -> None:
        changed, same = make_generation(user), make_generation(user)
        changed.move(Generation.Status.SENDING, expecting=Generation.Status.QUEUED)
        response = browser.post("/generations/live/", {"live": [f"{changed.pk}:1.1", f"{same.pk}:1.2"]}, headers=HTMX)
        body = response.content.decode()
        assert f'id="generation-{changed.pk}"' in body
        assert f'id="generation-{same.pk}"' not in body
        assert 'hx-trigger="every 2s"' in body

    def test_when_the_last_one_ends_the_asking_ends(self, browser: Client, user: User, token: Token) -> None:
        generation = make_generation(user)
        generation.move(Generation.Status.CANCELLED, expecting=Generation.Status.QUEUED)
        response = browser.post("/generations/live/", {"live": f"{generation.pk}:1"}, headers=HTMX)
        assert "hx-trigger" not in response.content.decode().partition('id="live"')[2].partition(">")[0]

    def test_somebody_elses_card_never_comes(self, browser: Client, django_user_model: Any) -> None:
        stranger = django_user_model.objects.create_user("stranger", "s@example.com", "x")
        generation = make_generation(stranger)
        body = browser.post("/generations/live/", {"live": f"{generation.pk}:0"}, headers=HTMX).content.decode()
        assert str(generation.pk) not in body
        assert "hx-trigger" not in body  # nor that there is one

    def test_a_page_that_knows_nothing_live_is_told_to_stop_asking(self, browser: Client) -> None:
        for value in ["", "x", f"{uuid.uuid4()}:1", ":::"]:
            body = browser.post("/generations/live/", {"live": value}, headers=HTMX).content.decode()
            assert 'id="live"' in body
            assert "hx-trigger" not in body


class TestActions:
    def test_cancel_takes_a_queued_one_out(self, browser: Client, user: User, token: Token) -> None:
        generation = make_generation(user)
        body = browser.post(f"/generations/{generation.pk}/cancel/", headers=HTMX).content.decode()
        assert 'data-status="cancelled"' in body

    def test_what_waits_for_a_token_can_be_cancelled(self, browser: Client, user: User, token: Token) -> None:
        generation = make_generation(user, status="rejected", answer_status=401)
        body = browser.post(f"/generations/{generation.pk}/cancel/", headers=HTMX).content.decode()
        assert 'data-status="cancelled"' in body

    def test_one_on_its_way_cannot_be_cancelled(self, browser: Client, user: User, token: Token) -> None:
        generation = make_generation(user, status="running")
        body = browser.post(f"/generations/{generation.pk}/cancel/", headers=HTMX).content.decode()
        assert 'data-status="running"' in body
        assert "could not be cancelled" in body

    def test_send_again_goes_out_under_the_same_key(
        self, sandbox: FastSandbox, browser: Client, user: User, token: Token
    ) -> None:
        generation = make_generation(user, status="cancelled")
        browser.post(f"/generations/{generation.pk}/send-again/")
        generation.refresh_from_db()
        assert generation.status == "running"
        assert sandbox.ledger.charges()[0].idempotency_key == str(generation.idempotency_key)

    def test_check_again_of_a_lost_answer(
        self, sandbox: FastSandbox, browser: Client, user: User, token: Token
    ) -> None:
        generation = make_generation(user, status="stalled")
        sandbox.fail_next("/api/generate/v2/requests", html(502))
        body = browser.post(f"/generations/{generation.pk}/check-again/", headers=HTMX).content.decode()
        assert "Check again later" in body
        assert 'data-status="stalled"' in body
