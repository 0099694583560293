"""Filters for text that people typed, and for Meigen's."""

from django import template

from accounts.sentences import as_sentence, english
from accounts.text import initials, isolated

register = template.Library()
register.filter(as_sentence)
register.filter(english)
register.filter(initials)
register.filter(isolated)
