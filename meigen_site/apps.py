"""App configurations of the project itself."""

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import AdminConfig


class StudioAdminConfig(AdminConfig):
    """Django's admin, signed in to through the studio's own sign-in page."""

    default_site = "meigen_site.admin.StudioAdminSite"


class SiteConfig(AppConfig):
    name = "meigen_site"

    def ready(self) -> None:
        from . import checks  # noqa: F401 (registers them)

        if settings.ENV.sentry_dsn:
            from . import sentry  # its library need not be installed otherwise

            sentry.start(settings.ENV.sentry_dsn.reveal())
