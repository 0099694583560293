"""System checks of the deployment."""

import os
from collections.abc import Sequence
from typing import Any

from django.apps.config import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Warning, register


@register(deploy=True)
def media_root_is_writable(*, app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Results can be kept where MEDIA_ROOT points, unless they are kept in a bucket."""
    if settings.ENV.bucket:
        return []
    folder = settings.MEDIA_ROOT
    while not folder.exists():
        folder = folder.parent
    if os.access(folder, os.W_OK):
        return []
    return [Warning(f"MEDIA_ROOT {settings.MEDIA_ROOT} is not writable.", id="meigen_site.W001")]


@register
def https_comes_through_a_proxy(*, app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Where HTTPS is demanded, a proxy brings it: the studio's own server speaks plain HTTP."""
    if settings.TRUSTED_PROXIES or not settings.SECURE_SSL_REDIRECT:
        return []
    return [
        Warning(
            "TRUSTED_PROXIES is 0, but ALLOWED_HOSTS names a host for which HTTPS is demanded.",
            hint="Set TRUSTED_PROXIES to the number of reverse proxies in front, or every page redirects to itself.",
            id="meigen_site.W002",
        )
    ]
