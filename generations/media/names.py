"""Names for the files people save: their words, in every script, and still a file name on every system."""

import re
import unicodedata

from accounts.text import JOINERS, beginning, name_in

MOST, MOST_BYTES = 60, 170  # file systems allow 255 bytes, and a number and the ending are added
APOSTROPHES = re.compile("['\u2019]")
# Windows keeps these for devices, with any ending.
RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\..*)?", re.IGNORECASE)


def file_stem(words: str, fallback: str) -> str:
    """The beginning of the words in small letters, or the fallback if nothing of them can be in a file name.

    Letters, digits, their marks and emoji stay, apostrophes vanish, and everything else becomes a dash.
    """
    kept = "".join(sign if _stays(sign) else "-" for sign in APOSTROPHES.sub("", name_in(words)).lower())
    stem = beginning(re.sub("-+", "-", kept).lstrip("-_"), MOST, MOST_BYTES).rstrip("-_")
    stem = stem if any(unicodedata.category(sign)[0] in "LNS" for sign in stem) else fallback
    return f"{stem}_" if RESERVED.fullmatch(stem) else stem


def _stays(sign: str) -> bool:
    category = unicodedata.category(sign)
    return category[0] in "LNM" or category in {"So", "Sk"} or sign in JOINERS or sign == "_"
