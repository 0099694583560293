"""`POST /api/generate/v2`: one key is charged once, and what happens to the key of a refused request."""

import hashlib
import uuid
from typing import TYPE_CHECKING

from meigen_api.types import Json
from sandbox import catalogue, choices, jobs, pricing, rules, switches
from sandbox.answers import Refused, Request, Response, answer, body_of, canonical, invalid, read_json, refusal
from sandbox.ledger import Job, Receipt, Token
from sandbox.uploads import Clips

if TYPE_CHECKING:
    from sandbox.app import Sandbox

# Refusals that stay with a key: its receipt repeats them.
KEPT = {400, 402, 409, 410}
# After these a key can have no other outcome.
FINAL = {400, 409, 410}


def submit(sandbox: "Sandbox", request: Request) -> Response:
    token = sandbox.token(request)
    if token is None:
        return refusal(401, "Invalid or missing token", code="invalid_token")
    with sandbox.ledger.transaction():
        now = sandbox.clock()
        posts, seconds = sandbox.rate
        if sandbox.ledger.posts_since(token.account, now - seconds) >= posts:
            limits = {"Retry-After": f"{seconds:g}", "X-RateLimit-Limit": f"{posts}", "X-RateLimit-Remaining": "0"}
            return refusal(429, "Too many requests", limits, code="rate_limited")
        sandbox.ledger.count_post(token.account, now)
        body = body_of(request)
        if not body:
            return refusal(400, "The body must be a JSON object", code="invalid_json")
        return _Submission(sandbox, token, body, request.base).answer()


class _Submission:
    """One POST, inside the ledger's transaction. `key` is empty if there is no usable one."""

    def __init__(self, sandbox: "Sandbox", token: Token, body: Json, base: str) -> None:
        self.sandbox, self.token, self.body, self.base = sandbox, token, body, base
        self.ledger = sandbox.ledger
        self.switches = switches.of(body)
        self.canonical = canonical(body)
        key = body.get("idempotencyKey")
        self.key = key if isinstance(key, str) and rules.is_uuid(key) else ""

    def answer(self) -> Response:
        if again := self._again():
            return again
        try:
            return self._accept()
        except Refused as refused:
            if refused.response.status in KEPT:
                self._keep(refused.response)
            return self._on_its_way(refused.response)

    def _again(self) -> Response | None:
        """The response for a key that has been seen before, unless it may still be accepted."""
        if not self.key:
            return None
        conflict = refusal(409, "This key was used with another body", code="idempotency_conflict")
        if job := self.ledger.job_for_key(self.token.account, self.key):
            if canonical(read_json(job.body)) != self.canonical:
                return conflict
            if self.sandbox.edition > 1 and jobs.is_gone(self.sandbox, job):
                return jobs.gone()
            return answer(200, {**jobs.submitted(self.sandbox, job, self.base), "deduped": True})
        kept = self.ledger.receipt(self.token.account, self.key)
        if kept is None:
            return None
        if kept.status in FINAL:
            return self._on_its_way(Response(kept.status, kept.body, {"Content-Type": "application/json"}))
        # The key keeps its meaning: a conflict has no receipt of its own.
        return None if kept.request == self.canonical else conflict

    def _accept(self) -> Response:
        entry = self._entry()
        attached = rules.check(self.body, entry, Clips(self.ledger, self.sandbox.clock(), self.base))
        if response := switches.refused(self.switches, self._first_times):
            raise Refused(response)
        credits = pricing.charge(entry, self.body, attached.clip_seconds)
        daily = self._payable_daily(entry, credits)
        if "accepting" in self.switches and self._first_times("accepting", 1):
            self._keep(refusal(503, "Still being accepted", code="in_progress", retryAfterSeconds=0))
            return Response(200, drop=True)
        job = self._job(entry, credits, daily, with_clips=bool(attached.clip_seconds))
        self.ledger.open_job(job)
        return self._accepted(job)

    def _accepted(self, job: Job) -> Response:
        """The response for a new job, or the failure that the prompt asked for."""
        asked = self.switches
        if {"lost", "timeout", "interrupted"} & set(asked) and self.ledger.first_times(job.id, "lost", 1):
            return Response(200, drop=True, delay=3600 if "timeout" in asked else 0)
        if "in-progress" in asked and self.ledger.first_times(job.id, "in-progress", 1):
            return refusal(409, "Still being accepted", {"Retry-After": "1"}, code="in_progress", retryAfterSeconds=1)
        terms = jobs.submitted(self.sandbox, job, self.base)
        return answer(200, terms, delay=float(asked.get("slow") or 0))

    def _entry(self) -> Json:
        """The model's entry. A model that is retired or has unknown settings generates nothing."""
        entries = self.sandbox.entries
        model_id = self.body.get("modelId", catalogue.default_id(entries))
        entry = catalogue.find(entries, model_id)
        if entry and catalogue.is_retired(entry):
            said = {"code": "model_not_available", "field": "modelId", "received": model_id}
            raise Refused(refusal(403, "This model is not available", **said))
        if entry is None or catalogue.is_broken(entry):
            offered = [known["id"] for known in entries if catalogue.is_offered(known)]
            said = {"code": "invalid_model", "field": "modelId", "received": model_id}
            raise invalid("Unknown model", **said, allowed=offered)
        return entry

    def _payable_daily(self, entry: Json, credits: int) -> int:
        """The part paid with daily credits: those of a session, for basic models. Raises if the rest is missing."""
        free, available = self.ledger.credits(self.token.account)
        basic = catalogue.notes(entry).get("basic") is True
        daily = min(credits, free) if self.token.is_session and basic else 0
        missing = credits - daily > available
        sums: Json = {"required": max(credits - daily, available + 1), "available": available}
        if "paywall" in self.switches or (missing and self.token.is_session and not basic and free > 0):
            message = "Daily credits do not count for this model"
            raise Refused(refusal(402, message, code="premium_model_paywall", **sums))
        if missing or "402" in self.switches:
            raise Refused(refusal(402, "Insufficient credits", code="insufficient_credits", **sums))
        return daily

    def _job(self, entry: Json, credits: int, daily: int, *, with_clips: bool) -> Job:
        # The same body always takes the same time, 0.8 to 1.2 times the typical one.
        spread = 0.8 + 0.4 * hashlib.sha256(self.canonical.encode()).digest()[0] / 255
        seconds = catalogue.typical_seconds(entry) * spread / self.sandbox.speed
        if asked := self.switches.get("seconds"):
            seconds = float(asked)
        images = catalogue.notes(entry).get("images", 1)
        return Job(
            id=str(uuid.uuid4()),
            account=self.token.account,
            token=self.token.id,
            idempotency_key=self.key or None,
            body=self.canonical,
            prompt=switches.words(self.body["prompt"]),
            model=entry["id"],
            aspect_ratio=choices.aspect_ratio(entry, self.body),
            resolution=choices.applied(entry, self.body, with_clips=with_clips).resolution,
            images=images if isinstance(images, int) else 1,
            video=int(catalogue.is_video(entry)),
            credits=credits,
            daily=daily,
            created=self.sandbox.clock(),
            seconds=seconds,
            outcome=next((way for way in switches.OUTCOMES if way in self.switches), ""),
        )

    def _keep(self, response: Response) -> None:
        """Stores what the key refers to. Servers of the first edition only remember jobs."""
        if self.key and self.sandbox.edition > 1:
            receipt = Receipt(self.canonical, response.status, response.body)
            self.ledger.keep_receipt(self.token.account, self.key, receipt)

    def _on_its_way(self, response: Response) -> Response:
        return Response(200, drop=True) if switches.loses_refusal(self.switches) else response

    def _first_times(self, name: str, times: int) -> bool:
        return self.ledger.first_times(self.key, name, times)
