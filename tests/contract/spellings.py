"""The ways in which a server may write what it was sent."""

import base64
import itertools
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus

Spelling = Callable[[str], str]


def percent(text: str) -> str:
    """Every character percent-encoded, needed or not."""
    return "".join(f"%{ord(sign):02X}" for sign in text)


def in_base64(before: int, *, urlsafe: bool) -> Spelling:
    """Base64 of the token with so many bytes before it, and more behind."""
    encode = base64.urlsafe_b64encode if urlsafe else base64.b64encode
    return lambda text: encode(f"{'>' * before}{text} was sent".encode()).decode()


def json_escaped(text: str) -> str:
    return "".join(f"\\u{ord(sign):04x}" for sign in text)


def entities(text: str) -> str:
    return "".join(f"&#{ord(sign)};" for sign in text)


def mixed(text: str) -> str:
    """Each character in another way than the one before."""
    ways: Iterator[Spelling] = itertools.cycle([str, percent, json_escaped, entities])
    return "".join(way(sign) for way, sign in zip(ways, text, strict=False))


SPELLINGS: dict[str, Spelling] = {
    "as it is": str,
    "after a word": lambda text: f"Bearer {text}",
    "URL-encoded": quote_plus,
    "percent-encoded": percent,
    "percent-encoded in small letters": lambda text: percent(text).lower() if text.islower() else percent(text),
    "percent-encoded twice": lambda text: quote(percent(text)),
    "percent-encoded three times": lambda text: quote(quote(percent(text))),
    **{
        f"base64, {'urlsafe' if urlsafe else 'standard'}, {before} bytes in": in_base64(before, urlsafe=urlsafe)
        for urlsafe, before in itertools.product([False, True], range(4))
    },
    "base64, then URL-encoded": lambda text: quote_plus(in_base64(1, urlsafe=False)(text)),
    "base64 of all the header": lambda text: base64.b64encode(f"Authorization: Bearer {text}".encode()).decode(),
    "JSON-escaped": json_escaped,
    "JSON-escaped in capitals": lambda text: "".join(f"\\u{ord(sign):04X}" for sign in text),
    "HTML-escaped": entities,
    "HTML-escaped by sixteens": lambda text: "".join(f"&#x{ord(sign):X};" for sign in text),
    "one character in this way, the next in another": mixed,
    "JSON in JSON": lambda text: json_escaped(text).replace("\\", "\\\\"),
    "entities in JSON that is safe for HTML": lambda text: entities(text).replace("&", "\\u0026"),
}
# What the scanner reads and the client is not asked to: no server is known to do it.
DEEPER: dict[str, Spelling] = {
    "base64 twice": lambda text: base64.b64encode(in_base64(2, urlsafe=False)(text).encode()).decode(),
    "percent-encoded, then base64": lambda text: base64.b64encode(percent(text).encode()).decode(),
    "base64 in lines": lambda text: base64.encodebytes(f"{'Authorization: ' * 4}{text}".encode()).decode(),
    "base64, then percent-encoded whole": lambda text: percent(in_base64(0, urlsafe=False)(text)),
}
