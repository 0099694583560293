from django.apps import AppConfig, apps
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "audit"
    verbose_name = _("Audit log")

    def ready(self) -> None:
        from . import doors

        doors.listen()
        if apps.is_installed("allauth.mfa"):
            doors.listen_to_factors()
