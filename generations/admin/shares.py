"""Share links in the admin: whose they are, what they show, and the one thing to do about them."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponseRedirect
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from generations.admin import shown
from generations.admin.base import ReadOnly
from generations.models import Share
from generations.models.ids import uuids
from generations.sharing import links


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("live", "Live"), ("ended", "Ended")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        live = Share.objects.live()
        match self.value():
            case "live":
                return queryset.filter(pk__in=live.values("pk"))
            case "ended":
                return queryset.exclude(pk__in=live.values("pk"))
        return queryset


@admin.register(Share)
class ShareAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["created_at", "created_by", "title", "shows", "state", "views", "viewed_at", "revoke_button"]
    list_filter = [StateFilter]
    list_select_related = ["created_by", "collection"]
    search_fields = ["title", "created_by__username", "created_by__email"]
    ordering = ["-created_at"]
    sortable_by = ["created_at"]
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    fields = ["created_at", "created_by", "title", "note", "shows", "state", "views", "viewed_at", "revoked_at"]
    readonly_fields = ["shows", "state"]
    actions = ["take_back"]

    class Media:
        css = {"all": ["admin.css"]}

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).counted()  # type: ignore[attr-defined]

    def has_take_back_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("generations.change_share")  # view permission is not enough

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        columns = [*super().get_list_display(request)]
        return columns if self.has_take_back_permission(request) else columns[:-1]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Also takes the buttons of the rows, which need no action to be chosen."""
        if request.method == "POST" and "revoke" in request.POST and self.has_take_back_permission(request):
            self.take_back(request, Share.objects.filter(pk__in=uuids([request.POST["revoke"]])))
            return HttpResponseRedirect(request.get_full_path())
        return super().changelist_view(request, extra_context)

    @admin.action(description="Revoke selected links", permissions=["take_back"])
    def take_back(self, request: HttpRequest, queryset: Any) -> None:
        """The one thing an admin can do to a link, whose creator may have left."""
        if count := links.revoke(*queryset):
            self.message_user(request, f"Links revoked: {count}.")
        else:
            self.message_user(request, "These links are already revoked.", messages.WARNING)

    @admin.display(description="Shows")
    def shows(self, share: Any) -> str:
        if share.collection:
            return f"Whatever is in the collection {share.collection}"
        return f"{share.items} result{'' if share.items == 1 else 's'}"

    @admin.display(description="State")
    def state(self, share: Share) -> str:
        if share.revoked_at:
            return f"Revoked {shown.when(share.revoked_at)}"
        ends = share.ends_at
        if ends and ends <= timezone.now():
            return f"Ended {shown.when(ends)}"
        if not share.created_by.is_active:
            return "Closed, because the account is switched off"
        return f"Live until {shown.when(ends)}" if ends else "Live, without an end"

    @admin.display(description="")
    def revoke_button(self, share: Share) -> SafeString | str:
        if share.revoked_at:
            return ""
        return format_html('<button name="revoke" value="{}" class="button">Revoke</button>', share.pk)
