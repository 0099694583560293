"""The first page of the admin."""

from django import template

from accounts.models import User
from generations.admin import attention
from generations.admin.attention import Line

register = template.Library()


@register.simple_tag
def attention_lines(viewer: User) -> list[Line]:
    """What needs attention, as far as this person may know."""
    return attention.lines(viewer)
