"""Words that rows keep. Workers speak to nobody: they store English, and `translated` says it to whoever looks."""

import re
from functools import cache

from django.utils.translation import gettext, gettext_noop

# Sentences in which something differs. Fixed ones stand where they are used, marked with gettext_noop.
FILE_KEPT = gettext_noop("File %(number)s saved.")
FILE_LOST = gettext_noop("File %(number)s: %(reason)s")
FILE_GONE = gettext_noop("Meigen no longer has the file (%(status)s).")
FILE_ANSWER = gettext_noop("The file server responded with %(status)s.")
FILE_TOO_LARGE = gettext_noop("The file is larger than %(megabytes)s MB.")
FILE_NOT_WRITTEN = gettext_noop("The file could not be saved here: %(reason)s.")
TOO_MANY_PIXELS = gettext_noop("The picture has more than %(millions)s million pixels.")
WRONG_HOST = gettext_noop("Results are not fetched from %(reason)s. MEIGEN_MEDIA_HOSTS lists the allowed hosts.")
JOB_GONE = gettext_noop("Meigen no longer has this generation (%(status)s). It will not be sent again automatically.")
SENT_ONCE = gettext_noop("%(reason)s We make sure it is sent only once.")
ANSWERED = gettext_noop("Meigen responded with %(status)s.")

_SENTENCES = [
    FILE_KEPT,
    FILE_LOST,
    FILE_GONE,
    FILE_ANSWER,
    FILE_TOO_LARGE,
    FILE_NOT_WRITTEN,
    TOO_MANY_PIXELS,
    WRONG_HOST,
    JOB_GONE,
    SENT_ONCE,
    ANSWERED,
]

# What the API client, which knows no Django, says when no answer came or one that tells nothing.
gettext_noop("charged")
gettext_noop("pending")
gettext_noop("confirmed")
gettext_noop("refunded")
gettext_noop("Meigen could not be reached.")
gettext_noop("Meigen did not respond in time.")
gettext_noop("The connection was lost before Meigen's response was complete.")
gettext_noop("Meigen's response took too long.")
gettext_noop("Meigen's response is larger than 10 MB.")
gettext_noop("Meigen's response is not JSON.")
gettext_noop("Meigen's list of models is empty or unreadable.")
gettext_noop("Meigen's response has no image.")
gettext_noop("Meigen's response has no search results.")
gettext_noop("Meigen's response has no list of tokens.")
gettext_noop("Meigen created a token but did not show it.")
gettext_noop("Meigen's response has no usage.")
gettext_noop("Meigen's response has no upload address.")
gettext_noop("Meigen's response is nested too deeply.")
gettext_noop("Meigen's response is not a JSON object.")
gettext_noop("Meigen's response has no status.")
gettext_noop("Meigen accepted the request but returned no generation id.")


def translated(text: str, depth: int = 2) -> str:
    """A stored text, or that of a refusal, in the reader's language; Meigen's own words stay as they are.

    A sentence may hold another one as its reason, down to `depth`.
    """
    for sentence in _SENTENCES if depth else ():
        if found := _pattern(sentence).fullmatch(text):
            return gettext(sentence) % {name: translated(part, depth - 1) for name, part in found.groupdict().items()}
    return gettext(text)


@cache
def _pattern(sentence: str) -> re.Pattern[str]:
    """What the sentence looks like when it is filled in: with a reason in words, else with numbers."""
    words = re.escape(sentence).replace(r"%\(reason\)s", "(?P<reason>.+)")
    return re.compile(re.sub(r"%\\\((\w+)\\\)s", "(?P<\\1>[0-9]+)", words), re.DOTALL)
