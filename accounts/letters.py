"""Mail to several people, each a letter of its own."""

import logging
import smtplib
from collections.abc import Iterable

from django.core.mail import EmailMessage

logger = logging.getLogger(__name__)


def post(letters: Iterable[EmailMessage]) -> int:
    """Sends what can be sent; says how many. One that is refused does not stop the others."""
    sent = 0
    for letter in letters:
        try:
            sent += letter.send()
        except (OSError, smtplib.SMTPException):
            logger.exception("A letter could not be sent")
    return sent
