"""Text as people type it: one Unicode form, one kind of line end, and nothing in names that nobody sees."""

import re
import unicodedata
from collections.abc import Iterator

BLANK = "\u115f\u1160\u2800\u3164\uffa0"  # letters and symbols that have no ink
JOINERS = "\u200c\u200d"
_JOINED = "\u0600-\u06ff\u0750-\u077f\u0900-\u0dff\u1000-\u109f\u1780-\u17ff\u2190-\u2bff\ufe0f\U0001f000-\U0001faff"
STRAY = re.compile(f"(?<![{_JOINED}])[{JOINERS}]|[{JOINERS}](?![{_JOINED}])")
VIRAMA = 9  # the combining class of signs that tie an Indic letter to the next one
SKIN = ("\U0001f3fb", "\U0001f3ff")
TAGS = ("\U000e0020", "\U000e007f")  # the letters of some flags, which follow the flag itself
FLAGS = ("\U0001f1e6", "\U0001f1ff")  # two of these are one flag


def composed(text: str) -> str:
    """The text in NFC, so that a letter and its accent are the same however a keyboard or file system spells them."""
    return unicodedata.normalize("NFC", text)


def unix_lines(text: str) -> str:
    """The text with one character per line end, since browsers post two, and without what no database keeps."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def is_visible(text: str) -> bool:
    """Whether there is anything to see in it: a letter, number, sign or symbol that is not drawn blank."""
    return any(unicodedata.category(sign)[0] in "LNPS" and sign not in BLANK for sign in text)


def name_in(text: str) -> str:
    """A name as typed, in NFC with single spaces, and without what nobody sees: it could look like another name.

    A single joiner stays between signs that are others without it: emoji, and letters of Arabic and Indic scripts.
    """
    seen = "".join(sign for sign in composed(text) if sign.isprintable() or sign.isspace() or sign in JOINERS)
    return " ".join(STRAY.sub("", seen).split())


def characters(text: str) -> Iterator[str]:
    """What people count as one character each: a letter with its marks, an emoji with its parts, a flag."""
    character = ""
    for sign in text:
        if character and not _belongs(sign, character):
            yield character
            character = ""
        character += sign
    if character:
        yield character


def _belongs(sign: str, character: str) -> bool:
    last = character[-1]
    if unicodedata.category(sign)[0] == "M" or sign in JOINERS or last == "\u200d":
        return True
    if SKIN[0] <= sign <= SKIN[1] or TAGS[0] <= sign <= TAGS[1]:
        return True
    if FLAGS[0] <= sign <= FLAGS[1]:
        return FLAGS[0] <= character <= FLAGS[1] and len(character) == 1
    return unicodedata.combining(last) == VIRAMA and unicodedata.category(sign) == "Lo"


def beginning(text: str, most: int, most_bytes: int | None = None) -> str:
    """As many whole characters from the start of the text as fit into that many signs, and bytes of UTF-8."""
    kept, size = "", 0
    for character in characters(text):
        size += len(character.encode())
        if len(kept) + len(character) > most or (most_bytes is not None and size > most_bytes):
            break
        kept += character
    return kept


def isolated(text: object) -> str:
    """Somebody's words for a sentence of ours, set apart if they read from right to left, so that ours keeps its order.

    Plain characters do this also in attributes, options and titles. An element of its own has `dir="auto"` instead.
    """
    words = str(text)
    is_from_right = any(unicodedata.bidirectional(sign) in {"R", "AL"} for sign in words)
    return f"\u2068{words}\u2069" if is_from_right else words


def initials(name: str) -> str:
    """The first two characters of a name, in capitals."""
    return "".join(list(characters(name))[:2]).upper()
