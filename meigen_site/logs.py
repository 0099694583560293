"""What log lines and reports must not hold."""

import logging
import re

_SLASH = "(?:/|%(?:25)*2F)"
SHARE_LINK = re.compile(rf"""({_SLASH}(?:s|join|password{_SLASH}forgotten){_SLASH})[^/\s"'<&%]+""", re.IGNORECASE)


def without_share_links(words: str) -> str:
    """The text without the secrets of share links, invitations and forgotten passwords: whoever reads it must not use
    them."""
    return SHARE_LINK.sub(r"\1...", words)


class NoShareLinks(logging.Filter):
    """Takes the secret of share links out of every line."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = without_share_links(record.getMessage())
        record.args = None
        if record.exc_info:
            record.exc_text = without_share_links(logging.Formatter().formatException(record.exc_info))
        return True
