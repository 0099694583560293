"""Share links in the admin: whose they are, what they show, and the one thing to do about them."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest

from generations.admin.base import ReadOnly
from generations.models import Share
from generations.sharing import links


@admin.register(Share)
class ShareAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["created_at", "created_by", "title", "views", "ends_at", "revoked_at"]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter)]
    list_select_related = ["created_by"]
    fields = ["created_at", "created_by", "title", "note", "views", "viewed_at", "ends_at", "revoked_at"]
    actions = ["take_back"]

    def has_take_back_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("generations.change_share")  # view permission is not enough

    @admin.action(description="Revoke selected links", permissions=["take_back"])
    def take_back(self, request: HttpRequest, queryset: Any) -> None:
        """The one thing an admin can do to a link, whose creator may have left."""
        if count := links.revoke(*queryset):
            self.message_user(request, f"Links revoked: {count}.")
        else:
            self.message_user(request, "These links are already revoked.", messages.WARNING)
