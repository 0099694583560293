"""Meigen's curated gallery."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from meigen_api.types.fields import PLAIN_ID, Json, integer, links, number, text


@dataclass(frozen=True)
class GalleryImage:
    """One image of Meigen's curated gallery. `prompt` is readable text, even if Meigen's prompt is JSON.

    `thumbnail_url`, `width` and `height` belong to the first picture. `matched` is the index in `picture_urls` of the
    picture a search found, 0 by default.
    """

    id: str
    prompt: str
    is_structured: bool
    picture_urls: tuple[str, ...]
    thumbnail_url: str
    width: int | None
    height: int | None
    model: str
    sref: str
    author: str
    likes: int | None
    created_at: str
    matched: int = 0

    @classmethod
    def from_json(cls, data: Json) -> GalleryImage | None:
        """Reads the newer form, or the older flat one (`imageUrl`, `prompt`). Returns None without an id."""
        image_id = text(data.get("id"))
        if not PLAIN_ID.fullmatch(image_id):
            return None
        said = data.get("text") if data.get("text") is not None else data.get("prompt")
        prompt, is_structured = readable_prompt(said)
        pictures = links(data.get("media_urls"), data.get("imageUrl"))
        thumbnails = links(data.get("thumbnail_url"))
        return cls(
            id=image_id,
            prompt=prompt,
            is_structured=is_structured,
            picture_urls=pictures,
            thumbnail_url=(thumbnails or pictures or ("",))[0],
            width=integer(data.get("image_width")),
            height=integer(data.get("image_height")),
            model=text(data.get("model")),
            sref=text(data.get("sref")),
            author=text(data.get("author_display_name")) or text(data.get("author_username")),
            likes=integer(data.get("likes")),
            created_at=text(data.get("created_at")) or text(data.get("createdAt")),
            matched=_matched(data, pictures),
        )


def _matched(data: Json, pictures: tuple[str, ...]) -> int:
    """The index in `pictures` of the one that a search matched, or 0 if the response names none of them.

    Meigen's index refers to its own list. `pictures` contains only its distinct usable addresses.
    """
    index, listed = integer(data.get("matched_media_index")), data.get("media_urls")
    if index is None or index != number(data["matched_media_index"]) or not isinstance(listed, list):
        return 0
    named = links(listed[index]) if 0 <= index < len(listed) else ()
    return pictures.index(named[0]) if named and named[0] in pictures else 0


def readable_prompt(value: Any) -> tuple[str, bool]:
    """The prompt as readable lines, and whether it was structured JSON."""
    if isinstance(value, str):
        value = text(value)
        if value.lstrip()[:1] not in {"{", "["}:
            return value, False
        try:
            decoded = json.loads(value)
        except (ValueError, RecursionError):
            return value, False
    else:
        decoded = value
    if not isinstance(decoded, dict | list):
        return text(value), False
    return text("\n".join(_lines(decoded, 0))), True


def _lines(value: Any, depth: int) -> list[str]:
    """The "name: value" lines of a JSON structure. Deeper levels are indented, at most six levels."""
    if depth > 5:
        return []
    indent = "  " * depth
    entries = value.items() if isinstance(value, dict) else (("-", entry) for entry in value)
    lines: list[str] = []
    for name, entry in entries:
        label = str(name).replace("_", " ")
        colon = "" if label == "-" else ":"
        if isinstance(entry, dict | list):
            lines += [f"{indent}{label}{colon}", *_lines(entry, depth + 1)]
        elif entry is not None:
            shown = entry if isinstance(entry, str) else json.dumps(entry)
            lines.append(f"{indent}{label}{colon} {shown}")
    return lines
