"""What the refusals of a list say. A list reads only the beginning of every answer: one may have a megabyte."""

import json
from typing import Any

from django.db.models.functions import Left

from generations.library import rejections
from generations.models import Generation, GenerationQuerySet

READ = 4000  # signs; a refusal has some hundred
LISTED = 600  # signs of a prompt


def with_beginnings(rows: GenerationQuerySet) -> Any:
    """The rows with `answer_head`, and without the columns that may be long."""
    return rows.defer("answer_body", "body").annotate(answer_head=Left("answer_body", READ))


def fields_in(head: str) -> dict[str, Any]:
    """The members of an answer that was short enough."""
    try:
        data = json.loads(head)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def remedy(generation: Generation, head: str) -> str:
    """What would have to change: the credits that a 402 misses, the field and the values that a 400 allows."""
    if generation.answer_status not in {400, 402}:
        return ""
    fields = fields_in(head)
    if generation.answer_status == 402:
        short = rejections.shortage(fields)
        return f"{short.required:g} required, {short.available:g} available, {short.missing:g} missing" if short else ""
    return allowed_values(fields)


def allowed_values(fields: dict[str, Any]) -> str:
    """The field that a 400 is about and the values it would take, such as "aspectRatio: 1:1, 16:9 allowed"."""
    field, allowed = rejections.shortened(fields.get("field") or ""), rejections.allowed(fields)
    values = f"{rejections.shortened(allowed)} allowed" if allowed else ""
    return ": ".join(part for part in [field, values] if part)
