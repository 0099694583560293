"""Filters for text that people typed."""

from django import template

from accounts.text import initials, isolated

register = template.Library()
register.filter(initials)
register.filter(isolated)
