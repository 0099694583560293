"""The admin site: Django's, behind the studio's sign-in, without the models of others, and watched by the audit log."""

from collections.abc import Iterable
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts import factors
from accounts.http import is_path
from accounts.leaving import forget_all
from audit.log import record
from audit.models import Action

AMONG_PEOPLE = {"auth", "mfa", "socialaccount"}
ORDER = {"generations": 0, "accounts": 1, "audit": 2}


def _parameters(spec: Any) -> list[str]:
    """What a filter reads in the address."""
    if isinstance(spec, tuple):
        return [spec[0]]
    return getattr(spec, "parameter_names", None) or [getattr(spec, "parameter_name", spec)]


class Watched:
    """What the pages of every model in the admin have: what is looked at and changed goes into the audit log, and a
    list is filtered by what it offers alone.

    An admin class whose rows have texts that the log must not keep says with `audit_words` what to call one.
    """

    opts: Any
    date_hierarchy: str | None

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Django allows every column of the model in a query string, and so guessing a hash letter by letter."""
        filters = self.get_list_filter(request)  # type: ignore[attr-defined]
        names = [name for one in filters for name in _parameters(one)]
        is_offered = any(lookup == name or lookup.startswith(f"{name}__") for name in [*names, self.date_hierarchy])
        return is_offered and super().lookup_allowed(lookup, value, request)  # type: ignore[misc]

    def changelist_view(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        response = super().changelist_view(request, *args, **options)  # type: ignore[misc]
        if response.status_code == 200:
            query = {"query": request.GET.urlencode()[:300]}
            record(Action.ADMIN_LISTED, kind=self.opts.label_lower, details=query)
        return response

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **options: Any) -> Any:
        if seen := options.get("obj"):
            self._note(Action.ADMIN_LOOKED, seen)
        return super().render_change_form(request, context, *args, **options)  # type: ignore[misc]

    def history_view(self, request: HttpRequest, object_id: str, *args: Any, **options: Any) -> Any:
        response = super().history_view(request, object_id, *args, **options)  # type: ignore[misc]
        if response.status_code == 200:
            record(Action.ADMIN_LOOKED, kind=self.opts.label_lower, details={"history": object_id[:64]})
        return response

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self._note(Action.ADMIN_ADDED, obj, {"changes": message})
        return super().log_addition(request, obj, message)  # type: ignore[misc]

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self._note(Action.ADMIN_CHANGED, obj, {"changes": message})
        return super().log_change(request, obj, message)  # type: ignore[misc]

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Model]) -> Any:
        for thing in queryset:
            self._note(Action.ADMIN_DELETED, thing)
        return super().log_deletions(request, queryset)  # type: ignore[misc]

    def _note(self, action: Action, thing: Model, details: dict[str, Any] | None = None) -> None:
        record(action, thing, words=getattr(self, "audit_words", str)(thing), details=details)


class StudioAdminSite(admin.AdminSite):
    site_header = site_title = settings.STUDIO_NAME
    index_title = _("Administration")
    enable_nav_sidebar = False  # the lists have many columns

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and not factors.is_lacking(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Never Django's own form, which knows neither second factors nor the limits of the sign-in page."""
        return secure_admin_login(self._come_in)(request)  # type: ignore[no-any-return]

    def _come_in(self, request: HttpRequest) -> HttpResponse:
        then = request.GET.get("next", "")
        then = then if is_path(then) else reverse("admin:index")
        return HttpResponseRedirect(then) if self.has_permission(request) else factors.ask(request, then)

    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return forget_all(super().logout(request, extra_context))

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The studio's own page, which limits how often somebody may guess the current password."""
        return redirect("account_change_password")

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Every model's pages are watched, those of other people's apps included.

        Whoever may edit a django-q2 schedule can run any function of the server, and allauth's pages show and change
        what people sign in with, so they stay out. accounts/security_admin.py shows that without the secrets.
        """
        own = admin_class or admin.ModelAdmin
        if not own.__module__.startswith(("allauth.", "django_q.")):
            super().register(model_or_iterable, type(own.__name__, (Watched, own), {}), **options)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The studio's groups in the order of their use. What would be a group of one page is among the people's."""
        groups: dict[str, Any] = {group["app_label"]: group for group in super().get_app_list(request, app_label)}
        if app_label is None and (people := groups.get("accounts")):
            for label in AMONG_PEOPLE & groups.keys():
                people["models"] += groups.pop(label)["models"]
            people["models"].sort(key=lambda model: str(model["name"]).lower())
        return sorted(groups.values(), key=lambda group: ORDER.get(group["app_label"], len(ORDER)))

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().each_context(request), "site_url": reverse("studio")}
