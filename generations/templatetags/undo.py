"""What the messages need to offer an Undo."""

from django import template
from django.contrib.messages.storage.base import Message

from generations.library.undoing import Undo, told_by

register = template.Library()


@register.filter
def undo(message: Message) -> Undo | None:
    """How to undo what the message reports, if it can be undone."""
    return told_by(message.extra_tags)
