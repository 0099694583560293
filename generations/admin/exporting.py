"""The list of generations as CSV."""

from collections.abc import Iterator
from typing import Any

from generations.models import Generation
from generations.models.sentences import translated

HEADER = [
    *["created_at", "person", "email", "project", "cost_code", "model_id", "model", "media_type"],
    *["status", "answer_status", "error_code", "message"],
    *["credits_announced", "credits_announced_most", "credits_used", "credits_status", "token", "prompt"],
    *["id", "idempotency_key", "meigen_id", "finished_at"],
]


def cells(rows: Any) -> Iterator[list[Any]]:
    """The rows, read a thousand at a time and without the long answers. Times are in UTC: programs read them."""
    for row in rows.select_related("owner", "token", "project").defer("answer_body", "body").iterator(chunk_size=1000):
        yield _cells(row)


def _cells(row: Generation) -> list[Any]:
    project = row.project
    ended = row.finished_at.isoformat() if row.finished_at else ""
    return [
        *[row.created_at.isoformat(), row.owner.get_username(), row.owner.email],
        *[project.name if project else "", project.code if project else ""],
        *[row.model_id, row.model_name, row.media_type],
        *[row.status, row.answer_status, row.error_code, translated(row.message)],
        *[row.credits_estimated, row.credits_estimated_most, row.credits_used, row.credits_status],
        *[str(row.token or ""), row.prompt, row.pk, row.idempotency_key, row.remote_id, ended],
    ]
