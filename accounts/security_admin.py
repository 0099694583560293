"""What people sign in with, in the admin: what there is, never a secret, and a way to take it away.

Whoever takes away another person's second factor is halfway into their account, so only superusers may.
"""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib import admin
from django.http import HttpRequest


class TakenAwayOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # Django knows no such argument
    """Rows that nobody adds or changes here."""

    list_select_related = ["user"]
    search_fields = ["user__username"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_active and request.user.is_superuser


@admin.register(Authenticator)
class AuthenticatorAdmin(TakenAwayOnly):
    list_display = ["user", "type", "created_at", "last_used_at"]
    list_filter = ["type"]
    fields = ["user", "type", "created_at", "last_used_at"]


@admin.register(SocialAccount)
class SocialAccountAdmin(TakenAwayOnly):
    list_display = ["user", "provider", "uid", "date_joined", "last_login"]
    fields = ["user", "provider", "uid", "date_joined", "last_login"]
