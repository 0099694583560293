"""The first steps of a newcomer, for the studio's page and for what changes on it."""

from django import template

from generations.studio.guide import first_steps

register = template.Library()
register.simple_tag(first_steps)
