"""The only type that holds a plain secret: a Meigen token, or a key of this installation."""

import base64
import hmac
import re
from functools import cached_property
from typing import NoReturn
from urllib.parse import quote_plus

DOTS = "\N{BULLET}" * 4
# Shorter texts are not tokens, and would match everywhere.
SHORTEST = 8


class Secret:
    """A text that does not reveal itself in a repr, a log line, a traceback or a pickle."""

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The plain text, only where it leaves the process or opens something."""
        return self._value

    def scrub(self, words: str) -> str:
        """The text with dots in place of the secret, whether it appears plain or URL-, base64-, JSON- or
        HTML-encoded."""
        if len(self._value) < SHORTEST:
            return words
        for text in self._spellings:
            words = words.replace(text, DOTS)
        if any(mark in words for mark in ("%", "\\", "&#")):
            words = self._escaped.sub(DOTS, words)
        if any(mark in words for mark in ("\n", "\\n")):
            words = self._in_lines.sub(DOTS, words)
        return words

    @cached_property
    def _base64(self) -> list[str]:
        """The part of the token's base64 that does not depend on the text around it."""
        plain = self._value.encode()
        inner = []
        for before in range(3):
            encoded = base64.b64encode(b"\0" * before + plain).decode().rstrip("=")
            # The first and last characters may contain bits of the surrounding text.
            inner.append(encoded[(before * 8 + 5) // 6 : (before + len(plain)) * 8 // 6])
        urlsafe = [text.translate(str.maketrans("+/", "-_")) for text in inner]
        return list(dict.fromkeys([*inner, *urlsafe]))

    @cached_property
    def _spellings(self) -> list[str]:
        return list(dict.fromkeys([self._value, *self._base64, *map(quote_plus, self._base64)]))

    @cached_property
    def _escaped(self) -> re.Pattern[str]:
        """A pattern for the token with any of its characters escaped, for a URL, JSON or HTML, also nested.

        All repetitions are bounded, so that a body full of backslashes does not take forever.
        """
        percent, ampersand = r"(?:%|\\{1,8}u0025)(?:25){0,4}", r"(?:&|\\{1,8}u0026)"
        signs = (
            rf"(?:\\{{0,8}}{re.escape(sign)}|{percent}{code:02x}|\\{{1,8}}u{code:04x}"
            rf"|{ampersand}#(?:x0{{0,6}}{code:x}|0{{0,6}}{code});)"
            for sign, code in ((sign, ord(sign)) for sign in self._value)
        )
        return re.compile("".join(signs), re.IGNORECASE)

    @cached_property
    def _in_lines(self) -> re.Pattern[str]:
        """A pattern for its base64 broken into lines, as in emails."""
        end = r"(?:\\[rn]|[\r\n \t]){0,8}"
        return re.compile("|".join(end.join(map(re.escape, text)) for text in self._base64))

    def __repr__(self) -> str:
        return f"Secret({DOTS})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret is not pickled; pass the id of its row instead.")
