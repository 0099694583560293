"""Embeds texts into a PNG: between its header and its pixels, which stay the same byte for byte."""

import zlib
from collections.abc import Iterator, Mapping

# The signature and the header chunk, which always comes first and has a fixed length.
HEAD = 8 + 25


def chunks(words: Mapping[str, str]) -> bytes:
    """Chunks of international text, by keyword (1 to 79 plain characters)."""
    return b"".join(chunk(b"iTXt", _text(keyword, text)) for keyword, text in words.items())


def with_words(pieces: Iterator[bytes], words: bytes) -> Iterator[bytes]:
    """The file with the chunks inserted, generated while it is read."""
    first = b""
    for piece in pieces:
        first += piece
        if len(first) >= HEAD:
            break
    yield first[:HEAD] + words + first[HEAD:]
    yield from pieces


def _text(keyword: str, text: str) -> bytes:
    """Uncompressed, without a language and without a translated keyword."""
    return keyword.encode("ascii") + b"\0\0\0\0\0" + text.encode()


def chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)
