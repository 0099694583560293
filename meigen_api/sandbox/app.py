"""The sandbox server: routes, answers, and the faults a prompt can ask for.

Time is a callable, and a job's state follows from it alone, so nothing runs in the background. A prompt may carry
switches, for example `a red car sandbox:402` or `a fox sandbox:seconds=2`; README.md in this folder lists them.
"""

import hashlib
import json
import re
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from urllib.parse import unquote

from .. import prices
from ..types import Json, Model, models_from_json
from . import account, gallery, pictures, rules, sessions
from .answers import Request, Response, answer, html, refusal
from .ledger import Job, Ledger, Token

SWITCH = re.compile(r"\bsandbox:([a-z0-9-]+)(?:=([0-9.]+))?")
DEFAULT_MODEL = "nanobanana-2"
DAILY_CREDITS = 20
IMAGE_KINDS = {"png": "image/png", "jpg": "image/jpeg", "mp4": "video/mp4"}


class Sandbox:
    """One pretend Meigen. `handle` is the whole server; the rest are handles for tests.

    `speed` divides the time jobs take, `rate` is (posts, seconds), `path` keeps the books in a file.
    """

    def __init__(
        self,
        *,
        path: Path | None = None,
        credits: int = 1000,
        speed: float = 1,
        rate: tuple[int, float] = (12, 60),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.ledger = Ledger(path, credits)
        self.starting_credits = credits
        self.speed = speed
        self.rate = rate
        self.clock = clock
        self.entries: list[Json] = json.loads(resources.files(__package__).joinpath("catalogue.json").read_text())
        self._faults: list[tuple[str, Response]] = []

    def fail_next(self, path: str, response: Response, times: int = 1) -> None:
        """The next `times` requests whose path starts with `path` get this response and do nothing else."""
        self._faults += [(path, response)] * times

    def revoke(self, plain: str) -> None:
        self.ledger.revoke(self.ledger.token(plain, self.clock()).id)

    def set_credits(self, plain: str, credits: int) -> None:
        self.ledger.set_credits(self.ledger.token(plain, self.clock()).account, credits)

    def session_token(self, subject: str = "someone", seconds: float = 3600) -> str:
        """A session token of the account of that name."""
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
                return self._submit(request)
            case "GET", ["api", "generate", "v2", "status", job_id]:
                return self._status(request, job_id)
            case "GET", ["api", "generate", "v2", "requests", key]:
                return self._request(request, key)
            case "GET", ["api", "models"]:
                listed = [{k: v for k, v in entry.items() if k != "sandbox"} for entry in self.entries]
                return answer(200, {"success": True, "models": listed}, {"Cache-Control": "public, max-age=300"})
            case "GET", ["api", "images", item_id] if item_id in gallery.items():
                item = gallery.public(gallery.items()[item_id], request.base)
                return answer(200, {"success": True, "data": item}, {"Cache-Control": "public, max-age=3600"})
            case "GET", ["api", "search"]:
                return self._search(request)
            case _, ["api", "tokens", *rest]:
                return account.tokens(self, request, rest)
            case "POST", ["api", "upload", "presign"]:
                return account.presign(self, request)
            case "PUT", ["storage", upload_id]:
                return account.store(self, request, upload_id)
            case "GET", ["uploads", name]:
                return account.uploaded(self, name.partition(".")[0])
            case "GET", ["gallery", name] if name.removesuffix(".jpg") in gallery.items():
                body = gallery.picture(gallery.items()[name.removesuffix(".jpg")])
                return Response(200, body, {"Content-Type": "image/jpeg"})
            case "GET", ["media", job_id, name]:
                return self._media(job_id, name)
            case "GET", [""]:
                return self._books()
        return refusal(404, "Not found", code="not_found")

    # Sign-in

    def token(self, request: Request) -> Token | None:
        """The bearer token, or None when it is missing, malformed, expired or revoked."""
        scheme, _, plain = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer":
            return None
        if plain.startswith("meigen_sk_"):
            token = self.ledger.token(plain, self.clock())
            return token if token.active else None
        session = sessions.read(plain)
        if session is None or session[1] < self.clock():
            return None
        self.ledger.open_account(session[0], self.starting_credits, DAILY_CREDITS)
        return Token("", session[0], "Session", plain[-4:], self.clock(), None, active=True)

    def _search(self, request: Request) -> Response:
        try:
            limit, offset = int(request.query.get("limit", "20")), int(request.query.get("offset", "0"))
        except ValueError:
            return refusal(400, "limit and offset must be numbers", code="invalid_parameter")
        found = gallery.search(request.query.get("q", ""))[max(0, offset) :][: min(max(1, limit), 50)]
        return answer(200, {"success": True, "data": [gallery.public(item, request.base) for item in found]})

    # Submit

    def _submit(self, request: Request) -> Response:
        token = self.token(request)
        if token is None:
            return refusal(401, "Invalid or missing token", code="invalid_token")
        with self.ledger.transaction():
            now = self.clock()
            posts, seconds = self.rate
            if self.ledger.posts_since(token.account, now - seconds) >= posts:
                limits = {"Retry-After": f"{seconds:g}", "X-RateLimit-Limit": f"{posts}", "X-RateLimit-Remaining": "0"}
                return refusal(429, "Too many requests", limits, code="rate_limited")
            self.ledger.count_post(token.account, now)
            return self._accept(request, token)

    def _accept(self, request: Request, token: Token) -> Response:
        body = account.body_of(request)
        if not body:
            return refusal(400, "The body must be a JSON object", code="invalid_json")
        model, entry = self._model(body.get("modelId", DEFAULT_MODEL))
        if model is None:
            known = [item["id"] for item in self.entries]
            return refusal(400, "Unknown model", code="invalid_model", field="modelId", allowed=known)
        try:
            rules.check(body, model)
        except rules.Invalid as invalid:
            return refusal(400, str(invalid), **invalid.fields)
        key = body.get("idempotencyKey")
        switches = dict(SWITCH.findall(body["prompt"]))
        seen = self.ledger.job_for_key(token.account, key) if key else None
        if seen:
            if seen.body != request.body.decode():
                return refusal(409, "This key was used with another body", code="idempotency_conflict")
            return answer(200, {**self._terms(seen, request.base), "deduped": True})
        if refused := self._asked_for(switches, key or ""):
            return refused
        credits = self._price(model, body)
        free, available = self.ledger.credits(token.account)
        # Daily credits are the browser session's, and for basic models only.
        daily = min(credits, free) if token.is_session and entry.get("sandbox", {}).get("basic") else 0
        if credits - daily > available or "402" in switches:
            required = max(credits - daily, available + 1)
            return refusal(
                402, "Insufficient credits", code="insufficient_credits", required=required, available=available
            )
        job = self._job(token, body, request.body.decode(), model, entry, (credits, daily), switches)
        self.ledger.open_job(job)
        if ("lost" in switches or "timeout" in switches) and self.ledger.first_times(job.id, "lost", 1):
            return Response(200, drop=True, delay=3600 if "timeout" in switches else 0)
        if "in-progress" in switches and self.ledger.first_times(job.id, "in-progress", 1):
            return refusal(409, "Still being accepted", code="in_progress", retryAfterSeconds=1)
        return answer(200, self._terms(job, request.base), delay=float(switches.get("slow") or 0))

    def _asked_for(self, switches: dict[str, str], key: str) -> Response | None:
        """The refusal or failure that the prompt asks for; server errors end after the second time."""
        if "400" in switches:
            return refusal(
                400, "This aspect ratio is out of stock", field="aspectRatio", allowed=["1:1"], code="invalid"
            )
        if "401" in switches:
            return refusal(401, "Token expired", code="token_expired")
        if "404" in switches:
            return refusal(404, "This model is gone", code="model_not_found")
        if "429" in switches and self.ledger.first_times(key, "429", 1):
            return refusal(429, "Too many requests", {"Retry-After": "5"}, code="rate_limited")
        if "500" in switches and self.ledger.first_times(key, "500", 2):
            return refusal(500, "Internal error")
        if "html" in switches and self.ledger.first_times(key, "html", 2):
            return html(502)
        return None

    def _model(self, model_id: object) -> tuple[Model | None, Json]:
        for entry in self.entries:
            if entry["id"] == model_id:
                return models_from_json({"models": [entry]})[0], entry
        return None, {}

    def _price(self, model: Model, body: Json) -> int:
        videos = [body["referenceVideo"]] if "referenceVideo" in body else body.get("referenceVideos", [])
        cost = prices.estimate(
            model,
            tier=body.get("tier", ""),
            resolution=body.get("resolution", ""),
            duration=body.get("duration"),
            # Every reference video of the sandbox is four seconds long, like its clips.
            reference_video_seconds=4 * len(videos) if videos else None,
        )
        return cost or 0

    def _job(
        self,
        token: Token,
        body: Json,
        raw: str,
        model: Model,
        entry: Json,
        price: tuple[int, int],
        switches: dict[str, str],
    ) -> Job:
        ways = ("fail", "fail-kept", "stuck", "gone", "pending", "stopped")
        typical = entry.get("sandbox", {}).get("seconds", 10)
        # The same prompt always takes the same time, between 0.8 and 1.2 of the typical one.
        spread = 0.8 + 0.4 * hashlib.sha256(raw.encode()).digest()[0] / 255
        seconds = float(switches["seconds"]) if switches.get("seconds") else typical * spread / self.speed
        ratio = body.get("aspectRatio", "auto")
        return Job(
            id=str(uuid.uuid4()),
            account=token.account,
            token=token.id,
            idempotency_key=body.get("idempotencyKey"),
            body=raw,
            prompt=SWITCH.sub("", body["prompt"]).strip(),
            model=model.id,
            aspect_ratio=ratio if ":" in ratio else "16:9" if model.is_video else "1:1",
            resolution=body.get("resolution", "") or model.default_resolution,
            images=entry.get("sandbox", {}).get("images", 1),
            video=int(model.is_video),
            credits=price[0],
            daily=price[1],
            created=self.clock(),
            seconds=seconds,
            outcome=next((way for way in ways if way in switches), ""),
        )

    # Status

    def state(self, job: Job) -> str:
        """ "processing", "completed" or "failed", from the clock alone."""
        if job.created + job.seconds > self.clock() or job.outcome in {"stuck", "stopped"}:
            return "processing"
        return "failed" if job.outcome in {"fail", "fail-kept"} else "completed"

    def _terms(self, job: Job, base: str) -> Json:
        """The fields that the submit, recovery and status answers share."""
        daily, purchased = self.ledger.credits(job.account)
        data: Json = {
            "success": True,
            "generationId": job.id,
            "modelId": job.model,
            "aspectRatio": job.aspect_ratio,
            "mediaType": "video" if job.video else "image",
            "creditsUsed": job.credits,
            "creditsStatus": "charged",
            "credits": {"daily": daily, "purchased": purchased, "unlimited": False},
            "status": self.state(job),
            "expectedWaitSeconds": round(job.seconds * 1.2, 1),
        }
        left = job.created + job.seconds - self.clock()
        match data["status"]:
            case "processing" if job.outcome == "stopped" and left <= 0:
                return {**data, "pollHintSeconds": 0}
            case "processing":
                return {**data, "pollHintSeconds": round(max(left, 1), 1)}
            case "failed":
                if job.outcome == "fail":
                    self.ledger.refund(job, self.clock())
                    daily, purchased = self.ledger.credits(job.account)
                    data["credits"] = {"daily": daily, "purchased": purchased, "unlimited": False}
                return {
                    **data,
                    "error": "The model's safety filter stopped this picture.",
                    "failureCode": "content_policy",
                    "creditsStatus": "refunded" if self.ledger.refunded(job) else "charged",
                }
        if job.outcome == "pending" and left > -6 / self.speed:
            return {**data, "status": "completed"}
        if job.video:
            return {**data, "status": "completed", "videoUrl": f"{base}/media/{job.id}/0.mp4"}
        kind = "png" if job.resolution in {"", "1K"} else "jpg"
        urls = [f"{base}/media/{job.id}/{number}.{kind}" for number in range(job.images)]
        return {**data, "status": "completed", "imageUrl": urls[0], "imageUrls": urls}

    def _status(self, request: Request, job_id: str) -> Response:
        token = self.token(request)
        if "authorization" in request.headers and token is None:
            return refusal(401, "Invalid token", code="invalid_token")
        job = self.ledger.job(job_id)
        if job is None or (token and job.account != token.account):
            return refusal(404, "No such generation", code="generation_not_found")
        if job.outcome == "gone" and self.clock() > job.created + job.seconds:
            return refusal(410, "This generation is no longer available", code="generation_unavailable")
        return answer(200, self._terms(job, request.base))

    def _request(self, request: Request, key: str) -> Response:
        token = self.token(request)
        if token is None:
            return refusal(401, "Invalid or missing token", code="invalid_token")
        job = self.ledger.job_for_key(token.account, key)
        if job is None:
            return refusal(404, "No request with this key", code="request_not_found")
        return answer(200, self._terms(job, request.base))

    # Results and books

    def _media(self, job_id: str, name: str) -> Response:
        number, _, kind = name.partition(".")
        job = self.ledger.job(job_id)
        if job is None or kind not in IMAGE_KINDS or not number.isdigit() or (kind == "mp4") != bool(job.video):
            return refusal(404, "Not found", code="not_found")
        if job.video:
            body = pictures.clip(job.aspect_ratio)
        else:
            body = pictures.picture(job.prompt, job.aspect_ratio, job.resolution, int(number), kind)
        return Response(200, body, {"Content-Type": IMAGE_KINDS[kind], "Cache-Control": "public, max-age=31536000"})

    def _books(self) -> Response:
        """The ledger as a page, for a person who wants to see what was charged."""
        accounts = "".join(f"<tr><td>…{last4}<td>{credits}" for _, last4, credits in self.ledger.accounts())
        charges = "".join(
            f"<tr><td>{charge.number}<td>{time.strftime('%H:%M:%S', time.localtime(charge.at))}"
            f"<td>{charge.reason}<td>{charge.credits}<td>{charge.job}"
            for charge in reversed(self.ledger.charges()[-200:])
        )
        page = (
            "<!doctype html><html lang=en><title>Meigen sandbox</title><h1>Meigen sandbox</h1>"
            "<p>A pretend Meigen server. Nothing here costs money.</p>"
            f"<p>A session token to try, good for an hour:<br><code>{self.session_token()}</code></p>"
            f"<h2>Accounts</h2><table><tr><th>Token<th>Credits{accounts}</table>"
            f"<h2>Ledger</h2><table><tr><th>No.<th>Time<th>What<th>Credits<th>Job{charges}</table>"
        )
        return Response(200, page.encode(), {"Content-Type": "text/html; charset=utf-8"})
