"""Streams many files as one zip in constant memory."""

from __future__ import annotations

import io
import json
import logging
import zipfile
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.core.files.storage import default_storage

from generations.media.metadata import strip
from generations.media.names import file_stem
from generations.models import Generation, Result

logger = logging.getLogger(__name__)

CHUNK = 256 * 1024


class _Pipe(io.RawIOBase):
    """A file that cannot seek, from which zipfile's output is taken right away."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken = b"".join(self.pieces)
        self.pieces.clear()
        return taken


def metadata(generation: Generation) -> dict[str, Any]:
    """The settings and the cost, without keys or addresses."""
    return {**metadata_for_team(generation), "credits": generation.credits_used}


def metadata_for_team(generation: Generation) -> dict[str, Any]:
    """The settings only. The cost is the owner's business."""
    created = generation.created_at.isoformat()
    return {**metadata_for_guests(generation), "settings": generation.settings, "created": created}


def metadata_for_guests(generation: Generation) -> dict[str, Any]:
    """The prompt and the model, without the cost or the source."""
    return {"prompt": generation.prompt, "model": generation.model_name}


Tell = Callable[[Generation], dict[str, Any]]


def stream(
    results: Iterable[Result],
    tell: Tell | None = metadata,
    may_have: Callable[[Result], bool] = lambda _: True,
    *,
    is_stripped: bool = False,
) -> Iterator[bytes]:
    """The files as they are, and `metadata.json` with what `tell` returns for each.

    Without `tell`, file names do not reveal the prompt. `may_have` is checked before each file and again before
    `metadata.json`, because access can be revoked during a long download. `is_stripped` removes metadata from pictures
    and takes the preview of those from which it cannot be removed. A file that cannot be read to the end is reported in
    `metadata.json`, which without `tell` is written only then, and the others follow.
    """
    pipe = _Pipe()
    told: list[tuple[Result, dict[str, Any]]] = []
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for place, result in enumerate(results, 1):
            if not may_have(result):
                continue
            generation = result.generation
            asked = tell(generation) if tell else {}
            stored = _stored(result, is_stripped=is_stripped)
            name = _file_name(stored, place, generation.prompt if tell else "")
            try:
                source = default_storage.open(stored)
            except OSError:
                told.append((result, {"file": None, "problem": "The file is missing.", **asked}))
                continue
            problem = {}
            entry = zipfile.ZipInfo(name, generation.created_at.timetuple()[:6])
            with source, archive.open(entry, "w") as target:
                try:
                    for chunk in strip.pieces(source, result.content_type) if is_stripped else source.chunks(CHUNK):
                        target.write(chunk)
                        yield pipe.take()
                except OSError:
                    logger.exception("%s could not be read to its end", stored)
                    problem = {"problem": "The file is incomplete: it could not be read to the end."}
            told.append((result, {"file": name, **problem, **asked}))
        if tell or any("problem" in entry for _, entry in told):
            said = [entry for result, entry in told if may_have(result)]
            archive.writestr("metadata.json", json.dumps(said, indent=2, ensure_ascii=False))
    yield pipe.take()


def _stored(result: Result, *, is_stripped: bool) -> str:
    """Which of its files goes in."""
    if is_stripped and not strip.can_strip(result.content_type):
        return result.preview.name or result.thumbnail.name or ""
    return result.file.name or ""


def _file_name(stored: str, place: int, words: str) -> str:
    extension = stored.rpartition(".")[2]
    return f"{place:03}-{file_stem(words, 'picture')}.{extension}"
