"""How stored words of others are shown: escaped, with what nobody sees made visible, and cut when they are long."""

import contextlib
import json
import re
from datetime import datetime

from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.sentences import english
from generations.models.sentences import translated_html
from meigen_api.text import clean

CUT = 4000  # signs of an answer that are shown at first
# Control characters but tab and line feed, and those that turn the direction of what follows.
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def visible(text: str) -> str:
    r"""The text with such characters spelt out, as in "\u202e"."""
    return UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", clean(text))


def when(moment: datetime) -> str:
    """To the second, in the reader's zone, which it names."""
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S %Z}"


def message(text: str) -> SafeString:
    """What a row keeps of a failure, as HTML."""
    return translated_html(text, visible)


def body(text: str) -> SafeString | str:
    """A stored body: indented when it is JSON, as it came when it is not, the rest of a long one folded up."""
    if not text:
        return "-"
    words = _indented(text)
    first = format_html('<pre class="body"{}>{}</pre>', english(words), visible(words[:CUT]))
    if len(words) <= CUT:
        return first
    whole = format_html('<pre class="body">{}</pre>', visible(words))
    size = filesizeformat(len(words.encode()))
    return format_html("{}<details><summary>Show all {}</summary>{}</details>", first, size, whole)


def _indented(text: str) -> str:
    with contextlib.suppress(ValueError, RecursionError):
        return clean(json.dumps(json.loads(text), indent=2, ensure_ascii=False))
    return text
