"""Tokens at Meigen, the generations they paid for, and upload addresses."""

from __future__ import annotations

from dataclasses import dataclass

from meigen_api.types.fields import PLAIN_ID, Json, integer, text


@dataclass(frozen=True)
class TokenInfo:
    """An API token as Meigen lists it. `masked` is never the whole token."""

    id: str
    name: str
    masked: str
    is_active: bool
    last_used_at: str
    created_at: str

    @classmethod
    def from_json(cls, data: Json) -> TokenInfo | None:
        token_id = text(data.get("id"))
        if not PLAIN_ID.fullmatch(token_id):
            return None
        shown = text(data.get("token_value"))
        return cls(
            id=token_id,
            name=text(data.get("name")),
            # Mask it ourselves, in case a server sends the whole token.
            masked=f"...{shown[-4:]}" if shown else "",
            is_active=data.get("is_active") is not False,
            last_used_at=text(data.get("last_used_at")),
            created_at=text(data.get("created_at")),
        )


@dataclass(frozen=True)
class TokenUsage:
    """One generation that a token paid for."""

    id: str
    model: str
    credits_used: int | None
    status: str
    created_at: str

    @classmethod
    def from_json(cls, data: Json) -> TokenUsage:
        return cls(
            id=text(data.get("id")),
            model=text(data.get("model")),
            credits_used=integer(data.get("credits_used")),
            status=text(data.get("status")),
            created_at=text(data.get("created_at")),
        )


@dataclass(frozen=True)
class Presigned:
    """Where to PUT a reference, and its public address afterwards."""

    upload_url: str
    public_url: str
