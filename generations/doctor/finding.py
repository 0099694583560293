"""What a check says."""

from typing import Literal, NamedTuple


class Finding(NamedTuple):
    """A sentence, and what to do. `wrong` needs somebody before the studio works; `note` may be as it should."""

    verdict: Literal["ok", "note", "wrong"]
    words: str
    to_do: str = ""


def ok(words: str) -> Finding:
    return Finding("ok", words)


def note(words: str, to_do: str) -> Finding:
    return Finding("note", words, to_do)


def wrong(words: str, to_do: str) -> Finding:
    return Finding("wrong", words, to_do)
