"""Account data that every page shows."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from . import page
from .models import Token, User


def page_of(request: HttpRequest) -> dict[str, str]:
    """`page_owner` and `page_sign_in`: whose page it is and since when, for its scripts."""
    user = getattr(request, "user", None) or AnonymousUser()
    return {"page_owner": page.owner(user), "page_sign_in": page.sign_in(user)}


def balance(request: HttpRequest) -> dict[str, Any]:
    """`current_token`: the token this person spends from, loaded only if a template uses it."""
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {"current_token": None}
    if request.method in {"GET", "HEAD"}:
        return {"current_token": user.current_token}
    # The request may have changed it since the person was loaded.
    return {"current_token": SimpleLazyObject(lambda: Token.objects.default_for(user))}
