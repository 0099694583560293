"""The state of jobs as responses report it, and the files they produce.

Nothing runs in the background: a job's state depends only on the clock.
"""

from typing import TYPE_CHECKING

from meigen_api.types import Json
from sandbox import pictures
from sandbox.answers import Request, Response, answer, refusal
from sandbox.ledger import Job

if TYPE_CHECKING:
    from sandbox.app import Sandbox

FILES = {"png": "image/png", "jpg": "image/jpeg", "mp4": "video/mp4"}
# Polling makes sense for this much longer than the job should take.
SLACK_SECONDS = 60


def state(sandbox: "Sandbox", job: Job) -> str:
    """ "processing", "completed" or "failed"."""
    if _left(sandbox, job) > 0 or job.outcome in {"stuck", "stopped"}:
        return "processing"
    return "failed" if job.outcome in {"fail", "fail-kept"} else "completed"


def is_gone(sandbox: "Sandbox", job: Job) -> bool:
    return job.outcome == "gone" and _left(sandbox, job) < 0


def gone() -> Response:
    return refusal(410, "This generation is no longer available", code="generation_unavailable")


def status(sandbox: "Sandbox", request: Request, job_id: str) -> Response:
    """`GET /api/generate/v2/status/:id`: public, but a token sees only its own account's jobs."""
    token = sandbox.token(request)
    if "authorization" in request.headers and token is None:
        return refusal(401, "Invalid token", code="invalid_token")
    job = sandbox.ledger.job(job_id)
    if job is None or (token and job.account != token.account):
        return refusal(404, "No such generation", code="generation_not_found")
    if is_gone(sandbox, job):
        return gone()
    if sandbox.edition == 1:
        return answer(200, _older_terms(sandbox, job, request.base))
    ending = _ending(sandbox, job, request.base)
    terms = {
        "jobId": job.id,
        "status": state(sandbox, job),
        "mediaType": _media_type(job),
        "aspectRatio": job.aspect_ratio,
        "creditsUsed": job.credits,
        "creditsStatus": _credits_status(sandbox, job),
        "expectedWaitSeconds": _expected_wait(job),
    }
    waiting = {} if ending else {"pollHintSeconds": _poll_hint(sandbox, job)}
    return answer(200, {**terms, **waiting, **ending})


def submitted(sandbox: "Sandbox", job: Job, base: str) -> Json:
    """The job as the submit and receipt responses report it, with its result if it has ended."""
    if sandbox.edition == 1:
        return _older_terms(sandbox, job, base)
    ending = _ending(sandbox, job, base)
    if ending:
        ending |= {"mediaType": _media_type(job), "creditsStatus": _credits_status(sandbox, job)}
    return {
        "success": True,
        "generationId": job.id,
        "status": state(sandbox, job),
        "modelId": job.model,
        "creditsUsed": job.credits,
        "aspectRatio": job.aspect_ratio,
        "credits": _credits(sandbox, job),
        **ending,
    }


def _older_terms(sandbox: "Sandbox", job: Job, base: str) -> Json:
    """Fields in every response about a job on a server of the first edition."""
    ending = _ending(sandbox, job, base)
    data: Json = {
        "success": True,
        "generationId": job.id,
        "modelId": job.model,
        "aspectRatio": job.aspect_ratio,
        "mediaType": _media_type(job),
        "creditsUsed": job.credits,
        "creditsStatus": "refunded" if sandbox.ledger.refunded(job) else "charged",
        "credits": _credits(sandbox, job),
        "status": state(sandbox, job),
        "expectedWaitSeconds": _expected_wait(job),
    }
    if data["status"] == "processing":
        left = _left(sandbox, job)
        data["pollHintSeconds"] = 0 if job.outcome == "stopped" and left <= 0 else round(max(left, 1), 1)
    return {**data, **ending}


def _ending(sandbox: "Sandbox", job: Job, base: str) -> Json:
    """The result of an ended job, or an empty object. A refund is booked at the first request for it."""
    match state(sandbox, job):
        case "processing":
            return {}
        case "failed":
            if job.outcome == "fail":
                sandbox.ledger.refund(job, sandbox.clock())
            return {"error": "The model's safety filter stopped this picture.", "failureCode": "content_policy"}
    if job.outcome == "pending" and _left(sandbox, job) > -6 / sandbox.speed:
        return {}
    if job.video:
        return {"videoUrl": f"{base}/media/{job.id}/0.mp4"}
    kind = "png" if job.resolution in {"", "1K"} else "jpg"
    urls = [f"{base}/media/{job.id}/{number}.{kind}" for number in range(job.images)]
    return {"imageUrl": urls[0], "imageUrls": urls}


def _left(sandbox: "Sandbox", job: Job) -> float:
    return job.created + job.seconds - sandbox.clock()


def _expected_wait(job: Job) -> float:
    return round(job.seconds * 1.2, 1)


def _poll_hint(sandbox: "Sandbox", job: Job) -> float:
    """How much longer polling makes sense: 0 once the server has stopped watching."""
    left = _left(sandbox, job)
    return 0 if job.outcome == "stopped" and left <= 0 else max(0, round(left + SLACK_SECONDS, 1))


def _media_type(job: Job) -> str:
    return "video" if job.video else "image"


def _credits(sandbox: "Sandbox", job: Job) -> Json:
    daily, purchased = sandbox.ledger.credits(job.account)
    return {"daily": daily, "purchased": purchased, "unlimited": False}


def _credits_status(sandbox: "Sandbox", job: Job) -> str:
    if state(sandbox, job) == "processing":
        return "pending"
    return "refunded" if sandbox.ledger.refunded(job) else "confirmed"


def media(sandbox: "Sandbox", job_id: str, name: str) -> Response:
    """A job's file, generated on request."""
    number, _, kind = name.partition(".")
    job = sandbox.ledger.job(job_id)
    if job is None or kind not in FILES or not number.isdigit() or (kind == "mp4") != bool(job.video):
        return refusal(404, "Not found", code="not_found")
    if job.video:
        body = pictures.clip("16:9" if job.aspect_ratio == "adaptive" else job.aspect_ratio)
    else:
        body = pictures.picture(job.prompt, job.aspect_ratio, job.resolution, int(number), kind)
    return Response(200, body, {"Content-Type": FILES[kind], "Cache-Control": "public, max-age=31536000"})
