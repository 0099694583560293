"""What a passkey or an OpenID provider is asked waits in a session, although nobody has signed in yet."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

from . import throttles
from .address import client_address
from .throttles import Count, Limit

BEGUN = Limit("sign-ins begun in a network", 60, timedelta(minutes=1), timedelta(hours=1), timedelta(hours=1))
WAITS = timedelta(minutes=10)

View = Callable[..., HttpResponse]


def asks(method: str) -> Callable[[View], View]:
    """A view that asks by this method, which a stranger may use only so often, and whose session does not last."""

    def decorate(view: View) -> View:
        @wraps(view)
        def asking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method != method or request.user.is_authenticated:
                return view(request, *args, **kwargs)
            try:
                throttles.begin(Count(BEGUN, throttles.network(client_address(request))))
            except throttles.Waiting:
                return HttpResponse(status=429)
            response = view(request, *args, **kwargs)
            if not request.session.is_empty():
                request.session.set_expiry(WAITS)
            return response

        return asking

    return decorate
