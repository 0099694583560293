"""The admin site: Django's, behind the studio's sign-in and without django-q2's models."""

from typing import Any

from allauth.account.decorators import secure_admin_login
from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class StudioAdminSite(admin.AdminSite):
    site_header = "Meigen Studio"
    site_title = "Meigen Studio"
    index_title = _("Administration")

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return secure_admin_login(super().login)(request, extra_context)  # type: ignore[no-any-return]

    def register(self, model_or_iterable: Any, *args: Any, **options: Any) -> None:
        # Whoever may edit a django-q2 schedule can run any function of the server, so its models stay out.
        if (
            getattr(model_or_iterable, "__name__", "")
            and model_or_iterable in apps.get_app_config("django_q").get_models()
        ):
            return
        super().register(model_or_iterable, *args, **options)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().each_context(request), "site_url": reverse("studio")}
