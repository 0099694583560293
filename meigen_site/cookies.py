"""Where messages wait for the next page: as Django has it, but under a name of this studio's own."""

from typing import Any

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class Cookie(CookieStorage):
    cookie_name = f"{settings.COOKIE_PREFIX}messages"


class Messages(FallbackStorage):
    """In a cookie, and in the session what does not fit. Somebody signed out gets no session for it: of messages that
    nobody reads, the oldest go."""

    storage_classes = (Cookie, SessionStorage)

    def _store(self, messages: list[Any], response: Any, *args: Any, **options: Any) -> list[Any]:
        if self.request.user.is_authenticated:
            left: list[Any] = super()._store(messages, response, *args, **options)  # type: ignore[misc]
            return left
        self.storages[0]._store(messages, response, remove_oldest=True)  # noqa: SLF001
        return []
