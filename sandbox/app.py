"""The sandbox server: its routes, and the controls with which a test simulates failures."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

from meigen_api.types import Json
from sandbox import account, books, catalogue, gallery, jobs, searching, sessions, uploads
from sandbox.answers import Request, Response, answer, refusal
from sandbox.ledger import Ledger, Token
from sandbox.receipts import receipt
from sandbox.submit import submit

DAILY_CREDITS = 20


class Sandbox:
    """One pretend Meigen. `handle` is the whole server; the rest are controls for tests.

    `speed` divides the time jobs take, `rate` is (posts, seconds), `path` stores the ledger in a file. `searches` are
    the daily limits (per address without a token, per account). `edition` is the contract's; 1 is an older server.
    `entries` are the models and can be changed freely.
    """

    def __init__(
        self,
        *,
        path: Path | None = None,
        credits: int = 1000,
        speed: float = 1,
        rate: tuple[int, float] = (12, 60),
        searches: tuple[int, int] = (60, 200),
        edition: int = 2,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.ledger = Ledger(path, credits)
        self.starting_credits = credits
        self.speed = speed
        self.rate = rate
        self.searches = searches
        self.edition = edition
        self.clock = clock
        self.entries: list[Json] = catalogue.load(edition)
        self._faults: list[tuple[str, Response]] = []

    def fail_next(self, path: str, response: Response, times: int = 1) -> None:
        """The next `times` requests whose path starts with `path` get this response and have no other effect."""
        self._faults += [(path, response)] * times

    def revoke(self, plain: str) -> None:
        self.ledger.revoke(self.ledger.token(plain, self.clock()).id)

    def set_credits(self, plain: str, credits: int, daily: int | None = None) -> None:
        """Sets the purchased credits of the account of this API or session token, and its daily credits if given."""
        token = self._known(plain)
        assert token is not None
        self.ledger.set_credits(token.account, credits, daily)

    def session_token(self, subject: str = "someone", seconds: float = 3600) -> str:
        """A session token of the account with that name."""
        return sessions.make(subject, self.clock() + seconds)

    @staticmethod
    def timestamp(moment: float) -> str:
        return datetime.fromtimestamp(moment, UTC).isoformat()

    def handle(self, request: Request) -> Response:  # noqa: C901 a table of routes
        for index, (path, response) in enumerate(self._faults):
            if request.path.startswith(path):
                del self._faults[index]
                return response
        parts = [unquote(part) for part in request.path.strip("/").split("/")]
        match request.method, parts:
            case "POST", ["api", "generate", "v2"]:
                return submit(self, request)
            case "GET", ["api", "generate", "v2", "status", job_id]:
                return jobs.status(self, request, job_id)
            case "GET", ["api", "generate", "v2", "requests", key]:
                return receipt(self, request, key)
            case "GET", ["api", "models"]:
                listed = catalogue.served(self.entries, request.query)
                return answer(200, {"success": True, "models": listed}, {"Cache-Control": "public, max-age=300"})
            case "GET", ["api", "images", item_id] if item_id in gallery.items():
                item = gallery.public(gallery.items()[item_id], request.base)
                return answer(200, {"success": True, "data": item}, {"Cache-Control": "public, max-age=3600"})
            case "GET", ["api", "search"]:
                return searching.search(self, request)
            case _, ["api", "tokens", *rest]:
                return account.tokens(self, request, rest)
            case "POST", ["api", "upload", "presign"]:
                return uploads.presign(self, request)
            case "POST", ["api", "upload", "reference-video"] if self.edition > 1:
                return uploads.presign_clip(self, request)
            case "PUT", ["storage", upload_id]:
                return uploads.store(self, request, upload_id)
            case "GET", ["uploads", name]:
                return uploads.uploaded(self, name)
            case "GET", ["gallery", name] if body := gallery.picture(name):
                return Response(200, body, {"Content-Type": "image/jpeg"})
            case "GET", ["media", job_id, name]:
                return jobs.media(self, job_id, name)
            case "GET", [""]:
                return books.page(self)
        return refusal(404, "Not found", code="not_found")

    def token(self, request: Request) -> Token | None:
        """The bearer token, or None if it is missing, malformed, expired or revoked."""
        scheme, _, plain = request.headers.get("authorization", "").partition(" ")
        token = self._known(plain) if scheme == "Bearer" else None
        return token if token and token.active else None

    def _known(self, plain: str) -> Token | None:
        """A token of either kind. An unknown API token opens a new account."""
        if plain.startswith("meigen_sk_"):
            return self.ledger.token(plain, self.clock())
        session = sessions.read(plain)
        if session is None or session[1] < self.clock():
            return None
        self.ledger.open_account(session[0], self.starting_credits, DAILY_CREDITS)
        return Token("", session[0], "Session", plain[-4:], self.clock(), None, active=True)
