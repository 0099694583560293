"""What a page tells its script about passkeys, in an attribute, since nothing stands inline."""

import json
from typing import Any

from django import template
from django.core.serializers.json import DjangoJSONEncoder

register = template.Library()


@register.filter
def as_json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder)
