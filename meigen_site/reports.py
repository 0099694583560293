"""What the page (with DEBUG=1) and the mail about an unexpected error say: where it happened, and no secret."""

import re
from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import LazyObject
from django.utils.safestring import SafeString, mark_safe
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from .logs import without_share_links

# Frames of other packages hold what goes over the wire: the libraries of HTTP and of the database, and our own client.
SHOWN = {"accounts", "generations", "meigen_site"}


class Filter(SafeExceptionReporterFilter):
    """Masks as Django does in production, with DEBUG=1 too: such a page is shown to whoever stands at the screen."""

    hidden_settings = re.compile(
        f"{SafeExceptionReporterFilter.hidden_settings.pattern}|DATABASE_URL|CIPHERTEXT|PLAIN|^CODE$|CREDENTIAL",
        re.IGNORECASE,
    )

    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def get_safe_cookies(self, request: HttpRequest) -> dict[str, Any]:
        """Only their names: whoever has a guest's cookie passes for that guest."""
        return dict.fromkeys(super().get_safe_cookies(request), self.cleansed_substitute)

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        """Masked by name too, because a request may fail before its view has said which ones are sensitive."""
        return {name: self.cleanse_setting(name, value) for name, value in super().get_post_parameters(request).items()}

    def get_traceback_frame_variables(self, request: HttpRequest | None, tb_frame: FrameType) -> ItemsView[str, Any]:
        found = super().get_traceback_frame_variables(request, tb_frame)
        if tb_frame.f_globals.get("__name__", "").partition(".")[0] not in SHOWN:
            return {name: self.cleansed_substitute for name, _ in found}.items()
        # What is lazy, such as the signed-in person, is not looked up for this.
        return {
            name: value if isinstance(value, LazyObject) else self.cleanse_setting(name, value) for name, value in found
        }.items()


class Report(ExceptionReporter):
    """Takes out what slipped through in the middle of a larger value or of the error's own words."""

    def get_traceback_html(self) -> SafeString:
        return _scrubbed(super().get_traceback_html())

    def get_traceback_text(self) -> SafeString:
        return _scrubbed(super().get_traceback_text())


def _scrubbed(words: SafeString) -> SafeString:
    plain = str(words)
    for secret in settings.ENV.secrets:
        plain = secret.scrub(plain)
    return mark_safe(without_share_links(plain))  # noqa: S308 as safe as it was
