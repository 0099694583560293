"""Words inside a PNG: put between its head and its pixels, which stay as they are, byte for byte."""

import zlib
from collections.abc import Iterator, Mapping

# The signature and the header chunk, which is always the first and always as long.
HEAD = 8 + 25


def chunks(words: Mapping[str, str]) -> bytes:
    """Chunks of international text, by keyword (1 to 79 plain characters)."""
    return b"".join(chunk(b"iTXt", _text(keyword, text)) for keyword, text in words.items())


def with_words(pieces: Iterator[bytes], words: bytes) -> Iterator[bytes]:
    """The file with the chunks put in, while it is being read."""
    first = b""
    for piece in pieces:
        first += piece
        if len(first) >= HEAD:
            break
    yield first[:HEAD] + words + first[HEAD:]
    yield from pieces


def _text(keyword: str, text: str) -> bytes:
    """Not compressed, in no named language, and the keyword not translated."""
    return keyword.encode("ascii") + b"\0\0\0\0\0" + text.encode()


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)
