"""What every page shows of the person's account."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from .models import Token


def balance(request: HttpRequest) -> dict[str, Any]:
    """`current_token`: the token this person spends from; read only when a template asks."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {"current_token": None}
    user = request.user
    return {"current_token": SimpleLazyObject(lambda: Token.objects.default_for(user))}
