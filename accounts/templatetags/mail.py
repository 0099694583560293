"""Whether the studio sends mail, for pages that offer it."""

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def has_mail() -> bool:
    return bool(settings.HAS_MAIL)
