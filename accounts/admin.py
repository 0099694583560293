"""People and tokens in the admin, which never shows a token's secret."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from .models import Token, User


class Composed:
    """Looks for text in the Unicode form in which names and addresses are kept."""

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        found: tuple[Any, bool] = super().get_search_results(  # type: ignore[misc]
            request, queryset, User.normalize_username(search_term)
        )
        return found


@admin.register(User)
class PersonAdmin(Composed, UserAdmin):
    """Django's own."""


@admin.register(Token)
class TokenAdmin(Composed, admin.ModelAdmin):
    list_display = ["label", "owner", "kind", "masked", "is_default", "credits", "checked_at", "refused_at"]
    list_filter = ["kind", ("refused_at", admin.EmptyFieldListFilter)]
    search_fields = ["label", "owner__username"]
    list_select_related = ["owner"]
    readonly_fields = [
        *["owner", "label", "kind", "masked", "key_id", "revision", "is_default"],
        *["credits", "credits_at", "created_at", "checked_at", "refused_at"],
    ]
    fields = tuple(readonly_fields)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        return False
