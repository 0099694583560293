"""The state of a job, and the account's balance. Source: the contract's sections Submit and Status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from meigen_api.errors import Answer
from meigen_api.types.fields import Json, integer, links, members, number, text


@dataclass(frozen=True)
class Balance:
    """The account's remaining credits. Each is None if the server does not state it."""

    daily: int | None = None
    purchased: int | None = None
    unlimited: bool = False

    @classmethod
    def from_json(cls, value: Any) -> Balance | None:
        data = members(value)
        if not data:
            return None
        return cls(integer(data.get("daily")), integer(data.get("purchased")), data.get("unlimited") is True)


State = Literal["processing", "completed", "failed"]


@dataclass(frozen=True)
class Status:
    """A job as `GET /api/generate/v2/status/:id` reports it. The submit response has the same fields.

    `state` is also "processing" for a completed job without a result URL yet. `poll_hint` and `expected_wait` are in
    seconds. `answer` is the complete HTTP response it was read from.
    """

    state: State
    generation_id: str = ""
    model_id: str = ""
    image_urls: tuple[str, ...] = ()
    video_url: str = ""
    error: str = ""
    failure_code: str = ""
    credits_used: int | None = None
    credits_status: str = ""
    aspect_ratio: str = ""
    poll_hint: float | None = None
    expected_wait: float | None = None
    balance: Balance | None = None
    deduped: bool = False
    answer: Answer | None = None

    @property
    def urls(self) -> tuple[str, ...]:
        return (self.video_url,) if self.video_url else self.image_urls

    @classmethod
    def from_json(cls, data: Json, answer: Answer | None = None) -> Status:
        videos = links(data.get("videoUrl"))
        images = links(data.get("imageUrls"), data.get("imageUrl"))
        word = text(data.get("status")).lower()
        state: State = "processing"
        if word == "failed":
            state = "failed"
        elif word == "completed" and (videos or images):
            state = "completed"
        return cls(
            state=state,
            generation_id=text(data.get("generationId")) or text(data.get("jobId")),
            model_id=text(data.get("modelId")),
            image_urls=images,
            video_url=videos[0] if videos else "",
            error=text(data.get("error")),
            failure_code=text(data.get("failureCode")),
            credits_used=integer(data.get("creditsUsed")),
            credits_status=text(data.get("creditsStatus")),
            aspect_ratio=text(data.get("aspectRatio")),
            poll_hint=number(data.get("pollHintSeconds")),
            expected_wait=number(data.get("expectedWaitSeconds")),
            balance=Balance.from_json(data.get("credits")),
            deduped=data.get("deduped") is True,
            answer=answer,
        )
