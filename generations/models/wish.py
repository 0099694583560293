"""What was wanted, told apart from how it was asked for."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

# Members of a request for what it refers to by its address.
REFERENCE_FIELDS = frozenset(
    ["referenceImages", "frameReferenceImages", "contentReferenceImages", "referenceVideos", "referenceAudios"]
)


def wish_of(fields: Mapping[str, Any], references: Sequence[str]) -> str:
    """A fingerprint of what is wanted: equal for the same prompt, model, settings and reference pictures.

    `fields` are the request's members, `references` the identities of what it refers to, in their order: the addresses
    those are uploaded to differ from day to day, and so do our keys.
    """
    wanted = {name: value for name, value in fields.items() if name not in {"idempotencyKey", *REFERENCE_FIELDS}}
    wanted["prompt"] = " ".join(unicodedata.normalize("NFC", str(wanted.get("prompt", ""))).split())
    return hashlib.sha256(json.dumps([wanted, list(references)], sort_keys=True).encode()).hexdigest()


def is_address(style: object) -> bool:
    """Whether a style reference is an address, which is its owner's affair, and not a code."""
    return "/" in str(style)
