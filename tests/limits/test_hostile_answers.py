"""Two thousand answers from a server that has lost its mind: none unhandled, no 500, all text escaped."""

import json
from typing import Any

import pytest
from django.db import transaction
from django.template.loader import render_to_string
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Token, User
from generations.dispatch import poll, submit
from generations.models import Generation
from meigen_api import calls, errors
from meigen_api.errors import Answer
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
    "success", "status", "generationId", "modelId", "creditsUsed", "creditsStatus", "credits", "imageUrl", "imageUrls",
    "videoUrl", "mediaType", "error", "message", "failureCode", "aspectRatio", "pollHintSeconds", "expectedWaitSeconds",
    "deduped", "code", "required", "available", "allowed", "field", "retryAfterSeconds", "data", "tokens", "models",
    "id", "token", "presignedUrl", "publicUrl", "generations",
]  # fmt: skip
likely = st.one_of(
    values,
    st.sampled_from(
        [
            "processing",
            "completed",
            "failed",
            "pending",
            "https://images.meigen.ai/a.png",
            "g-1",
            "https://x/\ud800",
            "https://x/a\x00b",
            "http://[::1",
        ]
    ),
)
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
    status=st.one_of(st.sampled_from([200, 400, 401, 402, 404, 409, 410, 422, 429, 500, 502]), st.integers(100, 599)),
    headers=headers,
    body=bodies,
)
EVERY_CALL: list[calls.Call[Any]] = [
    calls.submit("{}"), calls.status("x"), calls.request("x"), calls.models(), calls.raw_models(), calls.image("x"),
    calls.search("x"), calls.tokens(), calls.create_token("x"), calls.revoke_token("x"), calls.token_usage("x"),
    calls.presign("a", "image/png", 1),
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


def render_card(generation: Generation) -> str:
    card = Generation.objects.with_card().get(pk=generation.pk)
    return render_to_string("generations/_card.html", {"card": card})


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
            with poll.journal() as kept:
                poll.settle(generation, calls.result(calls.status("x"), answer), generation.created_at, kept)
        except errors.MeigenError as error:
            poll.refused(generation, error, 3, signed=True)

    def look(self, page: str) -> None:
        page.encode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def running(user: User) -> Generation:
    return make_generation(user, status=Generation.Status.RUNNING, remote_id="x")
