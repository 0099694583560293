"""What log lines must not hold."""

import logging
import re

SHARE_LINK = re.compile(r"/s/[^/\s\"']+")


class NoShareLinks(logging.Filter):
    """Takes the secret of share links out of every line: whoever reads the log must not open them."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = SHARE_LINK.sub("/s/...", record.getMessage())
        record.args = None
        if record.exc_info:
            record.exc_text = SHARE_LINK.sub("/s/...", logging.Formatter().formatException(record.exc_info))
        return True
