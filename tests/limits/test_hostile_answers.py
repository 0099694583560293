"""Two thousand answers from a server that has lost its mind: none unhandled, no 500, all text escaped.

And four hundred of its catalogues: each is read, and priced, without an error.
"""

import copy
import json
from typing import Any

import pytest
from django.db import transaction
from django.template.loader import render_to_string
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Token, User
from generations.dispatch import outcomes, submit
from generations.models import Generation
from meigen_api import calls, errors, prices
from meigen_api.errors import Answer
from meigen_api.types import Model, models_from_json
from sandbox import catalogue
from tests.helpers import make_generation

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'>{{ 7 }}"

texts = st.one_of(
    st.text(max_size=60),
    st.sampled_from([MARKUP, "", " ", "\ud800", "a\x00b", "x" * 3000, "javascript:alert(1)", "\u202eright", "NaN"]),
)
scalars = st.one_of(
    st.none(), st.booleans(), texts, st.integers(), st.floats(), st.sampled_from([10**400, -(10**30), 2**31, 1e308])
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=12,
)
KNOWN = [
    "success", "status", "generationId", "jobId", "requestId", "modelId", "creditsUsed", "creditsStatus", "credits",
    "imageUrl", "imageUrls", "videoUrl", "mediaType", "error", "message", "failureCode", "aspectRatio",
    "pollHintSeconds", "expectedWaitSeconds", "deduped", "code", "retryable", "required", "available", "allowed",
    "received", "supportedRatios", "field", "retryAfterSeconds", "data", "tokens", "models", "id", "token",
    "presignedUrl", "publicUrl", "key", "generations", "media_type", "matched_media_index", "media_urls",
]  # fmt: skip
WORDS = [
    "processing", "completed", "failed", "pending", "confirmed", "refunded", "https://images.meigen.ai/a.png", "g-1",
    "https://x/\ud800", "https://x/a\x00b", "http://[::1", "in_progress", "request_interrupted", "request_not_found",
    "reference_probe_timeout", "idempotency_conflict", "generation_unavailable", "premium_model_paywall",
    "DAILY_LIMIT_REACHED", "image", "video",
]  # fmt: skip
likely = st.one_of(values, st.sampled_from(WORDS))
bodies = st.one_of(
    st.dictionaries(st.sampled_from(KNOWN), likely, max_size=12).map(json.dumps),
    values.map(json.dumps),
    st.text(max_size=200),
    st.sampled_from(["", "[" * 50_000, "{" * 2000, '{"a":' + "1" * 6000 + "}", "<html>" + MARKUP, '{"status": NaN}']),
    st.dictionaries(st.sampled_from(KNOWN), likely, max_size=8).map(lambda data: json.dumps(data)[:-3]),
)
headers = st.dictionaries(st.just("retry-after"), st.one_of(texts, st.integers().map(str)), max_size=1)
answers = st.builds(
    Answer,
    status=st.one_of(
        st.sampled_from([200, 400, 401, 402, 403, 404, 409, 410, 422, 429, 500, 502, 503]), st.integers(100, 599)
    ),
    headers=headers,
    body=bodies,
)
EVERY_CALL: list[calls.Call[Any]] = [
    calls.submit("{}"), calls.status("x"), calls.request("x"), calls.models(), calls.raw_models(), calls.image("x"),
    calls.search("x"), calls.tokens(), calls.create_token("x"), calls.revoke_token("x"), calls.token_usage("x"),
    calls.presign("a", "image/png", 1), calls.presign_clip("a", "video/mp4", 1, "x", "video"),
]  # fmt: skip

steady = settings(
    max_examples=1000,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@steady
@given(answer=answers)
def test_every_call_gives_a_result_or_one_typed_error(answer: Answer) -> None:
    seen: list[errors.MeigenError] = []
    for call in EVERY_CALL:
        try:
            calls.result(call, answer)
        except errors.MeigenError as error:
            seen.append(error)
    assert all(error.retry_after is None or error.retry_after >= 0 for error in seen)
    assert all(f"{error.message}{error.code}".encode() for error in seen)


GOOD_MODELS = catalogue.served(catalogue.load(2), {})
oddities = st.one_of(
    st.integers(-2, 40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([10**400, 2**31, 1e308, 5e-324, 1e-320, 1e11, -1.5, "5", "2K", "pro", "range", "enum", "video"]),
    st.lists(st.sampled_from(["720p", "2K", "pro", 5, 1e11, -1, None]), max_size=3),
    st.dictionaries(st.sampled_from(["720p", "2K", "pro", "low", "5", "", "kind"]), st.integers(-1, 40), max_size=3),
    values.filter(lambda value: "NaN" not in json.dumps(value) and "Infinity" not in json.dumps(value)),
)


@st.composite
def damaged_models(draw: st.DrawFn) -> Any:
    """One of today's models with up to five of its parts, however deep, replaced or gone."""
    model = copy.deepcopy(draw(st.sampled_from(GOOD_MODELS)))
    for _ in range(draw(st.integers(0, 5))):
        part: Any = draw(st.sampled_from([model, model.get("extra_config"), model.get("capabilities")]))
        while isinstance(part, dict | list) and part:
            place = draw(st.sampled_from(sorted(part) if isinstance(part, dict) else range(len(part))))
            if part[place] and isinstance(part[place], dict | list) and draw(st.booleans()):
                part = part[place]
            elif draw(st.integers(0, 2)):
                part[place] = draw(oddities)
                break
            else:
                del part[place]
                break
    return model


class TestACatalogue:
    @settings(steady, max_examples=300)
    @given(entries=st.lists(damaged_models(), max_size=3))
    def test_of_odd_models_is_read_and_priced_without_an_error(self, entries: list[Any]) -> None:
        answer = Answer(200, body=json.dumps({"success": True, "models": entries}))
        kept = calls.result(calls.raw_models(), answer)
        found = calls.result(calls.models(), answer)
        assert found == models_from_json(json.loads(kept))
        for model in found:
            self.price(model)

    def price(self, model: Model) -> None:
        """Every way of asking for a price gives one or none."""
        choices: dict[str, Any] = {
            "tier": (*model.tiers, "")[0],
            "resolution": (*model.resolutions, "")[0],
            "quality": (*model.qualities, "")[0],
            "duration": (*model.all_durations, None)[0],
        }
        estimates = [
            prices.estimate(model, **chosen, clip_seconds=seconds)
            for chosen in ({}, choices)
            for seconds in ((), (2.5,), (3.0, None))
        ]
        for price in [*estimates, prices.cheapest(model)]:
            assert price is None or 0 <= price.least <= price.most

    @settings(steady, max_examples=100)
    @given(entries=values)
    def test_of_anything_at_all_is_read(self, entries: Any) -> None:
        for model in models_from_json({"models": entries}):
            self.price(model)


def render_card(generation: Generation) -> str:
    card = Generation.objects.with_card().get(pk=generation.pk)
    return render_to_string("generations/_card.html", {"card": card, "within": ""})


@pytest.mark.django_db
class TestThroughDispatchAndOntoThePage:
    """Each answer meets the same row, in a transaction that is taken back."""

    def test_an_answer_to_a_submit(self, user: User, token: Token) -> None:
        claimed = submit.claim(make_generation(user).pk)
        assert claimed is not None

        @settings(steady, max_examples=450)
        @given(answer=answers)
        def meets(answer: Answer) -> None:
            with transaction.atomic():
                try:
                    submit.accepted(claimed.attempt, calls.result(calls.submit("{}"), answer))
                except errors.MeigenError as error:
                    submit.failed(claimed.attempt, error)
                self.look(render_card(claimed.generation))
                transaction.set_rollback(True)

        meets()

    def test_an_answer_to_a_poll(self, user: User, token: Token) -> None:
        generation = running(user)

        @settings(steady, max_examples=450)
        @given(answer=answers)
        def meets(answer: Answer) -> None:
            with transaction.atomic():
                self.poll(generation, answer)
                self.look(render_card(generation))
                transaction.set_rollback(True)

        meets()

    def test_the_page_that_shows_all_of_it(self, browser: Client, user: User, token: Token) -> None:
        generation = running(user)

        @settings(steady, max_examples=100)
        @given(answer=answers)
        def meets(answer: Answer) -> None:
            with transaction.atomic():
                self.poll(generation, answer)
                response = browser.get(generation.get_absolute_url())
                assert response.status_code == 200
                self.look(response.content.decode())
                transaction.set_rollback(True)

        meets()

    def poll(self, generation: Generation, answer: Answer) -> None:
        try:
            with outcomes.journal() as kept:
                outcomes.settle(generation, calls.result(calls.status("x"), answer), generation.created_at, kept)
        except errors.MeigenError as error:
            outcomes.refused(generation, error, 3, signed=True)

    def look(self, page: str) -> None:
        page.encode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def running(user: User) -> Generation:
    return make_generation(user, status=Generation.Status.RUNNING, remote_id="x")
