"""How this studio configures django-allauth."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from .address import client_address


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: every account can spend credits, so only admins create accounts."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """What allauth's limits count by. Its own reading raises where the proxies in front say too little."""
        return client_address(request)
