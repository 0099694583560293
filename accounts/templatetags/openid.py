"""Sign-in by OpenID Connect, for the sign-in page."""

from django import template

from accounts import openid

register = template.Library()


@register.simple_tag
def openid_name() -> str:
    """What the provider is called, or "" without one."""
    return openid.name()
