"""Other people's words among ours: whole sentences, and marked as English where the page is not.

Meigen's words come with or without a full stop, and are English whatever the page's language is.
"""

import re
import unicodedata

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

# Whether a text ends as a sentence does, perhaps within quotation marks or the markup of `marked`.
# The escapes are Chinese marks and typographic quotation marks.
ENDED = re.compile(
    r"[.!?:\u2026\u3002\uff01\uff1a\uff1f]"
    r"(?:[\"')\]\u2019\u201d\u00bb\u300d\u300f\uff09]|&quot;|&#x27;)*(?:</span>)?\s*$"
)
SPAN = "</span>"
SAMPLE = 500  # signs, which tell in what language a text is
REASON_AND_STOP = re.compile(r"(%\(reason\)s)[.。]")


def as_sentence(text: str) -> str:
    """The text with a full stop, unless it ends as a sentence already or is empty. Markup stays markup."""
    if not text.strip() or ENDED.search(text):
        return text
    stop = "。" if (get_language() or "").startswith("zh") else "."
    stopped = text.rstrip() + stop
    return SafeString(stopped) if isinstance(text, SafeString) else stopped


def with_reason(words: str, reason: str, **others: object) -> str:
    """Our words, such as "Not accepted: %(reason)s.", with exactly one full stop after the reason."""
    if not REASON_AND_STOP.search(words):
        return words % {**others, "reason": as_sentence(reason)}
    bare = reason.removesuffix(SPAN).rstrip(" \n.\u3002") + (SPAN if reason.endswith(SPAN) else "")
    if ENDED.search(bare):  # with a question mark, say
        words = REASON_AND_STOP.sub(r"\1", words)
    return words % {**others, "reason": bare}


def is_english_elsewhere(text: object) -> bool:
    """Whether a text is English, as far as its letters tell, on a page in another language."""
    if (get_language() or "en").startswith("en"):
        return False
    letters = [sign for sign in str(text)[:SAMPLE] if sign.isalpha()]
    return bool(letters) and all(unicodedata.name(letter, "").startswith("LATIN") for letter in letters)


def english(text: object) -> SafeString:
    """The `lang` attribute of an element with Meigen's words, where they are in another language than the page."""
    return SafeString(' lang="en"' if is_english_elsewhere(text) else "")


def marked(text: str) -> SafeString:
    """Meigen's words as HTML within a sentence of ours."""
    return format_html('<span lang="en">{}</span>', text) if is_english_elsewhere(text) else conditional_escape(text)


def told(words: str, reason: str, **others: str) -> SafeString:
    """`with_reason` as HTML. What is not HTML yet is escaped."""
    parameters = {name: conditional_escape(value) for name, value in others.items()}
    return SafeString(with_reason(conditional_escape(words), conditional_escape(reason), **parameters))
