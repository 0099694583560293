"""Prepares reference images for Meigen: decodes and re-encodes them, so that only the pixels are sent."""

from dataclasses import dataclass
from typing import IO

from generations.media.decode import decode
from generations.media.download import Refused
from generations.media.formats import EXTENSIONS, FORMATS
from generations.models.sentences import Sentence

MAX_UPLOAD_BYTES = 25_000_000


@dataclass(frozen=True)
class Prepared:
    """A picture of at most 2048 px and 2 MB, without metadata."""

    body: bytes
    content_type: str

    @property
    def extension(self) -> str:
        return EXTENSIONS[self.content_type]


def prepare(file: IO[bytes], size: int | None) -> Prepared:
    """Raises Refused if the file is not a supported picture."""
    if size is not None and size > MAX_UPLOAD_BYTES:
        raise Refused(Sentence.FILE_TOO_LARGE, megabytes=MAX_UPLOAD_BYTES // 1_000_000)
    known, (body,) = decode("for_meigen", file)
    return Prepared(body, FORMATS[known["format"]])
