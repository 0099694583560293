"""Whether a token is hidden in something: as it is, or URL-, base64-, JSON- or HTML-encoded, up to three times over."""

import base64
import html
import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote

DEPTH = 3
STANDARD = str.maketrans("-_", "+/")
JSON_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))')
PLAIN = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def finds(words: str | bytes, token: str) -> bool:
    """Whether `token` can be read out of `words`, through up to three encodings, one inside the other."""
    seen = {words.decode("latin-1") if isinstance(words, bytes) else words}
    layer = set(seen)
    for _ in range(DEPTH):
        if any(token in text for text in layer):
            return True
        layer = {found for text in layer for decode in DECODERS for found in decode(text, len(token))} - seen
        seen |= layer
    return any(token in text for text in layer)


def _from_url(text: str, _: int) -> Iterator[str]:
    if "%" in text:
        yield unquote(text, "latin-1")


def _from_html(text: str, _: int) -> Iterator[str]:
    if "&" in text:
        yield html.unescape(text)


def _from_json(text: str, _: int) -> Iterator[str]:
    if "\\" in text:
        yield JSON_ESCAPE.sub(lambda found: chr(int(found[1], 16)) if found[1] else PLAIN.get(found[2], found[2]), text)


def _from_base64(text: str, length: int) -> Iterator[str]:
    """What every run that could hold so many characters may mean: it may begin anywhere, and be cut into lines."""
    shortest = length * 4 // 3
    for joined in {text, re.sub(r"\s", "", text)}:
        for run in re.findall(rf"[A-Za-z0-9+/_-]{{{shortest},}}", joined):
            for start in range(4):
                part = run[start:].translate(STANDARD)
                part = part[:-1] if len(part) % 4 == 1 else part
                yield base64.b64decode(part + "=" * (-len(part) % 4)).decode("latin-1")


DECODERS: list[Callable[[str, int], Iterator[str]]] = [_from_url, _from_html, _from_json, _from_base64]
