"""Against a server that repeats the token it was sent, in whatever way, none of it comes to rest with us."""

import itertools
import json
import threading
from collections.abc import Iterator

import pytest
from django.conf import settings as configured
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import Token, User
from generations.dispatch import decisions, submit, sweep
from generations.media import fetch
from generations.models import Generation, RateGate, Result
from sandbox import Sandbox
from sandbox.answers import Request, Response, answer
from sandbox.serve import Server
from tests.contract.scanner import finds
from tests.contract.spellings import SPELLINGS
from tests.helpers import form_data, make_clip, make_generation, make_token

S = Generation.Status
pytestmark = pytest.mark.django_db(transaction=True)

PLAIN = "meigen_sk_c0ffee00c0ffee00c0ffee00c0ffee00"
REFUSALS = [400, 401, 402, 403, 404, 409, 410, 422, 429, 500, 503]


class Echo(Sandbox):
    """Every answer says what was in the Authorization header, each in another spelling and at another status."""

    def __init__(self) -> None:
        super().__init__(speed=100, rate=(1000, 60))
        self.spellings = itertools.cycle(SPELLINGS.values())
        self.statuses = itertools.cycle(REFUSALS)
        self.heard = 0

    def handle(self, request: Request) -> Response:
        _, _, token = request.headers.get("authorization", "").partition(" ")
        if not token:
            return super().handle(request)
        self.heard += 1
        said = next(self.spellings)(token)
        if request.path.endswith("/v2") and b"accept" in request.body:
            return self.accepting(request, said)
        if "/status/" in request.path:
            return self.telling(request, said)
        status = next(self.statuses)
        told = {"error": f"No: {said}", "code": said, "field": said, "allowed": [said], said: said, "required": said}
        return answer(status, told, {"Location": f"https://x.example/{said}", "X-Echo": said})

    def accepting(self, request: Request, said: str) -> Response:
        job = json.loads(request.body)["prompt"].removeprefix("accept ")
        told = dict.fromkeys(["modelId", "aspectRatio", "creditsStatus"], said)
        return answer(200, {"success": True, "generationId": job, "status": "processing", **told}, {"Location": said})

    def telling(self, request: Request, said: str) -> Response:
        word = "failed" if "fail" in request.path else "completed"
        links = [f"{request.base}/media/{said}.png", f"https://images.meigen.ai/?{said}"]
        return answer(200, {"jobId": said, "status": word, "error": said, "failureCode": said, "imageUrls": links})


@pytest.fixture
def echo(settings: Settings) -> Iterator[Echo]:
    box = Echo()
    server = Server(box)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    settings.MEIGEN_BASE_URL = server.url
    settings.MEIGEN_UPLOAD_URL = f"{server.url}/api"
    settings.MEIGEN_POLL_SECONDS = 0.05
    settings.MEIGEN_RATE = (1000, 60)
    yield box
    server.shutdown()
    server.server_close()


def rows() -> Iterator[tuple[str, str]]:
    """(table, a row as text) of everything in the database."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                yield table, " ".join(str(value) for value in row)


def everything(pages: list[str]) -> Iterator[tuple[str, str | bytes]]:
    """(where, what) of all that the studio keeps or shows."""
    yield from rows()
    for session in Session.objects.all():
        yield "session", json.dumps(session.get_decoded())
    for name in ("local", "cards"):
        yield from ((f"cache {name}", repr(value)) for value in caches[name]._cache.values())  # type: ignore[attr-defined]
    for path in configured.MEDIA_ROOT.rglob("*"):
        yield "media", path.read_bytes() if path.is_file() else path.name
    yield from (("page", page) for page in pages)


def places_of(plain: str, pages: list[str], log: str) -> list[str]:
    return [where for where, what in [*everything(pages), ("log", log)] if finds(what, plain)]


def press_everything(echo: Echo, browser: Client, user: User, token: Token) -> None:
    """Makes the server say the token through every door that it has."""
    many = 2 * len(SPELLINGS)
    for number in range(many):
        Token.objects.update(refused_at=None)
        RateGate.objects.all().delete()
        for prompt in ["no", f"accept job-{number}", f"accept fail-{number}"]:
            submit.send(make_generation(user, prompt=prompt).pk)
            Generation.objects.filter(status__in=[S.QUEUED, S.SENDING]).update(not_before=None)
    for row in Generation.objects.filter(status=S.REJECTED)[:many]:
        Generation.objects.filter(pk=row.pk).update(status=S.STALLED)
        Token.objects.update(refused_at=None)
        decisions.check_again(Generation.objects.get(pk=row.pk))
    Token.objects.update(refused_at=None)
    Generation.objects.exclude(status=S.RUNNING).update(deleted_at=timezone.now())
    sweep.run_slice(seconds=8)
    Generation.objects.update(deleted_at=None)
    for result in Result.objects.all()[:many]:
        fetch.fetch(result.pk)
    clip = make_clip(user, 3)
    for number in range(len(REFUSALS)):
        Token.objects.update(refused_at=None)
        browser.post(f"/accounts/tokens/{token.pk}/check/")
        browser.get("/inspiration/", {"q": f"fox {number}"})
        chosen = {"model_id": "seedance-2-0", "aspect_ratio": "16:9", "tier": "fast", "resolution": "480p"}
        browser.post("/generations/", form_data(**chosen, reference=[str(clip.pk)]))
    for _ in range(len(SPELLINGS)):
        browser.get("/accounts/tokens/at-meigen/")


def test_the_token_is_nowhere_in_the_clear(
    echo: Echo, browser: Client, admin_client: Client, user: User, caplog: pytest.LogCaptureFixture
) -> None:
    token, session = make_token(user, PLAIN), echo.session_token()
    make_token(user, session)
    press_everything(echo, browser, user, token)
    assert echo.heard > 8 * len(SPELLINGS)
    statuses = set(Generation.objects.values_list("status", flat=True))
    assert {S.REJECTED, S.DONE, S.FAILED} <= statuses

    addresses = ["/", "/generations/", "/accounts/tokens/"]
    admin = [f"/admin/generations/generation/{row.pk}/change/" for row in Generation.objects.all()]
    addresses += [row.get_absolute_url() for row in Generation.objects.all()]
    pages = [browser.get(url).content.decode() for url in addresses]
    pages += [admin_client.get(url).content.decode() for url in ["/admin/generations/generation/", *admin]]
    assert any("••••" in page for page in pages)  # it was said, and scrubbed
    for plain in [PLAIN, session]:
        assert places_of(plain, pages, caplog.text) == []


@pytest.mark.parametrize("name", ["as it is", "percent-encoded", "base64, standard, 1 bytes in", "JSON-escaped"])
def test_the_scan_would_find_it(user: User, name: str) -> None:
    make_generation(user, message=f"No: {SPELLINGS[name](PLAIN)}")
    assert places_of(PLAIN, [], "") == ["generations_generation"]
    assert places_of(PLAIN, [f"<p>{SPELLINGS[name](PLAIN)}</p>"], SPELLINGS[name](PLAIN)) == [
        "generations_generation",
        "page",
        "log",
    ]
