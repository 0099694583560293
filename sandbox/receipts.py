"""`GET /api/generate/v2/requests/:idempotencyKey`: the outcome of a submit whose response was lost."""

from typing import TYPE_CHECKING

from sandbox import jobs, switches
from sandbox.answers import Request, Response, answer, read_json, refusal
from sandbox.ledger import Job

if TYPE_CHECKING:
    from sandbox.app import Sandbox


def receipt(sandbox: "Sandbox", request: Request, key: str) -> Response:
    """The job, or the refusal returned for the key. Servers of the first edition only know jobs."""
    token = sandbox.token(request)
    if token is None:
        return refusal(401, "Invalid or missing token", code="invalid_token")
    with sandbox.ledger.transaction():
        if job := sandbox.ledger.job_for_key(token.account, key):
            return _of_job(sandbox, request, job, key)
        if kept := sandbox.ledger.receipt(token.account, key):
            return Response(kept.status, kept.body, {"Content-Type": "application/json"})
    return refusal(404, "No request with this key", code="request_not_found")


def _of_job(sandbox: "Sandbox", request: Request, job: Job, key: str) -> Response:
    terms = jobs.submitted(sandbox, job, request.base)
    if sandbox.edition == 1:
        return answer(200, terms)
    interrupted = "interrupted" in switches.of(read_json(job.body))
    if interrupted and sandbox.ledger.first_times(key, "interrupted", 2):
        return refusal(503, "The request was interrupted; ask again later", code="request_interrupted")
    if jobs.is_gone(sandbox, job):
        return jobs.gone()
    return answer(200, {"requestId": key, **terms})
