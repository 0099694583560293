"""A server may repeat the token it was sent, in its own way: nothing of that comes in."""

import asyncio
import json
import pickle
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest

from meigen_api import calls, errors
from meigen_api.client import Pool
from meigen_api.secret import SHORTEST, Secret
from sandbox import Sandbox
from sandbox.answers import Request, Response
from tests.cases import each

from .meigen import TOKEN, Meigen
from .scanner import finds
from .spellings import SPELLINGS, Spelling

API_TOKEN = Secret("meigen_sk_0123456789abcdef0123456789abcdef")
SESSION = Secret("eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbmEiLCJleHAiOjF9.sand-b_x~?")
JSON_BODY = json.dumps(
    {
        "success": False,
        "error": "You sent @",
        "code": "@",
        "received": {"deep": ["Bearer @", {"@": 1}]},
        "status": "completed",
        "jobId": "job-1",
        "failureCode": "@",
        "imageUrls": ["https://images.meigen.ai/a.png?token=@", "https://images.meigen.ai/@/b.png"],
        "videoUrl": "https://images.meigen.ai/a.mp4#@",
        "data": [{"id": "a", "text": "@", "media_urls": ["https://images.meigen.ai/@.jpg"]}],
    }
)


class Parrot(Sandbox):
    """Answers everything with what came in Authorization, spelled as a test says, in the body and in headers."""

    spelling: Spelling = str
    status = 400
    body = JSON_BODY
    said = ""

    def handle(self, request: Request) -> Response:
        repeated = type(self).spelling(request.headers.get("authorization", "").removeprefix("Bearer "))
        # As it is: a placeholder that json.dumps had escaped would be escaped twice.
        self.said = self.body.replace("@", repeated)
        headers = {"Content-Type": "application/json", "X-Sent": repeated, "Location": f"https://x.example/?{repeated}"}
        return Response(self.status, self.said.encode(), headers)


Send = Callable[[calls.Call[Any], Secret], Any]
Senders = list[tuple[Send, Secret]]


@pytest.fixture
def parrot() -> Iterator[Meigen]:
    running = Meigen(Parrot)
    yield running
    running.stop()


@pytest.fixture
def senders(parrot: Meigen) -> Senders:
    """Both senders with both kinds of token."""

    async def by_pool(call: calls.Call[Any], token: Secret) -> Any:
        async with Pool(parrot.server.url, clients=1, connections=1) as pool:
            return await pool.send(call, token)

    def through_pool(call: calls.Call[Any], token: Secret) -> Any:
        return asyncio.run(by_pool(call, token))

    return list(product([parrot.send, through_pool], [API_TOKEN, SESSION]))


def box(parrot: Meigen) -> Parrot:
    assert isinstance(parrot.box, Parrot)
    return parrot.box


def everything(found: Any) -> str:
    """All that a result or an error holds, and how it shows."""
    parts = [repr(found), str(found), repr(vars(found)) if hasattr(found, "__dict__") else ""]
    if isinstance(found, errors.MeigenError):
        parts += [found.message, found.code, json.dumps(found.fields), f"{found.fields}"]
    if answer := getattr(found, "answer", None):
        parts += [answer.body, *answer.headers, *answer.headers.values(), repr(answer)]
        data, _ = calls.decode(answer.body)
        parts.append(json.dumps(data, ensure_ascii=False))
    return "\n".join(parts)


class TestEverySpelling:
    @pytest.mark.slow
    @each("spelling", SPELLINGS.values())
    def test_is_in_no_error(
        self, parrot: Meigen, senders: Senders, monkeypatch: pytest.MonkeyPatch, spelling: Spelling
    ) -> None:
        monkeypatch.setattr(Parrot, "spelling", staticmethod(spelling))
        for (send, token), status in product(senders, (302, 400, 402, 409, 429, 503)):
            box(parrot).status = status
            with pytest.raises(errors.MeigenError) as caught:
                send(calls.status("job-1"), token)
            assert finds(box(parrot).said, token.reveal())
            assert caught.value.answer is not None
            assert "x-sent" in caught.value.answer.headers
            assert not finds(everything(caught.value), token.reveal())

    @each("spelling", SPELLINGS.values())
    def test_is_in_no_page_of_html(
        self, parrot: Meigen, senders: Senders, monkeypatch: pytest.MonkeyPatch, spelling: Spelling
    ) -> None:
        monkeypatch.setattr(Parrot, "spelling", staticmethod(spelling))
        box(parrot).status, box(parrot).body = 502, "<html><h1>Bad Gateway</h1><pre>Authorization: Bearer @</pre>"
        for send, token in senders:
            with pytest.raises(errors.ServerError) as caught:
                send(calls.status("job-1"), token)
            assert finds(box(parrot).said, token.reveal())
            assert "Bad Gateway" in everything(caught.value)
            assert not finds(everything(caught.value), token.reveal())

    @pytest.mark.slow
    @each("spelling", SPELLINGS.values())
    def test_is_in_no_result(
        self, parrot: Meigen, senders: Senders, monkeypatch: pytest.MonkeyPatch, spelling: Spelling
    ) -> None:
        monkeypatch.setattr(Parrot, "spelling", staticmethod(spelling))
        box(parrot).status, box(parrot).body = 200, JSON_BODY.replace('"success": false', '"success": true')
        for send, token in senders:
            status = send(calls.status("job-1"), token)
            assert status.state == "completed"
            assert status.image_urls
            for found in [status, send(calls.submit("{}"), token), *send(calls.search("x"), token)]:
                assert not finds(everything(found), token.reveal())
            assert not any(finds(url, token.reveal()) for url in (*status.urls, *status.image_urls))


class TestASecret:
    def test_shows_itself_nowhere(self) -> None:
        assert not finds(f"{API_TOKEN!r} {API_TOKEN} {[API_TOKEN]}", API_TOKEN.reveal())

    def test_is_not_pickled(self) -> None:
        with pytest.raises(TypeError):
            pickle.dumps(API_TOKEN)

    def test_leaves_other_words_alone(self) -> None:
        words = f"meigen_sk_{'f' * 32} %6d &amp; \\u006d {API_TOKEN.reveal()[:-1]}"
        assert API_TOKEN.scrub(words) == words

    def test_that_is_too_short_is_none(self) -> None:
        assert Secret("x" * (SHORTEST - 1)).scrub("x" * 99) == "x" * 99


def test_it_travels_in_the_authorization_header_and_nowhere_else() -> None:
    seen: list[Request] = []

    class Ear(Sandbox):
        def handle(self, request: Request) -> Response:
            seen.append(request)
            return super().handle(request)

    listening = Meigen(Ear)
    clip = calls.presign_clip("a", "video/mp4", 1, "seedance-2-5", "video")
    every: list[calls.Call[Any]] = [calls.models(), calls.raw_models(), calls.search("fox"), clip]
    for call in every:
        listening.send(call, API_TOKEN)
    listening.stop()
    assert ["authorization" in request.headers for request in seen] == [False, False, True, True]
    for request in seen:
        others = {name: value for name, value in request.headers.items() if name != "authorization"}
        assert not finds(f"{request.path} {request.query} {others} {request.body!r}", API_TOKEN.reveal())


def test_no_error_and_no_repr_holds_it(meigen: Meigen) -> None:
    error = meigen.refused(aspectRatio="7:5")
    assert not finds(f"{error!r} {error} {vars(error)} {TOKEN!r}", TOKEN.reveal())


@each("piece", ["\\", "%25", "&#x0", "m\n", "bWVp\n", "\\u006d"])
def test_a_long_body_of_almost_nothing_else_is_read_at_once(piece: str) -> None:
    """A pattern that begins anew at each of these would take hours, and hold every thread meanwhile."""
    token = Secret("meigen_sk_" + "a" * 32)
    words = piece * 100_000 + "end"
    assert token.scrub(words) == words


@each("plain", ['meigen_sk_a"b\\c/d-e.f~g', "meigen_sk_" + "ab/" * 9])
def test_signs_that_json_escapes_are_no_hiding_place(plain: str) -> None:
    token = Secret(plain)
    for body in [json.dumps({"error": plain}), json.dumps({"error": plain}).replace("/", "\\/")]:
        assert json.loads(token.scrub(body))["error"] == "••••"
