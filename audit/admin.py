"""The audit log in the admin: read, filtered and exported, never changed."""

import json
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from . import export
from .log import record
from .models import Action, Entry

NOBODY = "nobody"
MOST_PEOPLE = 200
COLUMNS = ["action", "actor_id", "actor_name", "object_kind", "object_id", "object_words", "address"]


class NewestOnly(Paginator):
    """Pages over the newest entries only: counting a million and skipping most of them is slow."""

    most = 5000

    @property
    def stops(self) -> bool:
        """Whether there may be more than it counts."""
        return self.count == self.most

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows[: self.most].count())


class ActorFilter(admin.SimpleListFilter):
    title = _("actor")
    parameter_name = "actor"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        people = get_user_model()._default_manager.order_by("username").values_list("pk", "username")  # noqa: SLF001
        return [(NOBODY, _("Guests and the server")), *((str(pk), name) for pk, name in people[:MOST_PEOPLE])]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value() or ""
        if value == NOBODY:
            return queryset.filter(actor_id=None)
        return queryset.filter(actor_id=int(value)) if value.isascii() and value.isdigit() else queryset


@admin.register(Entry)
class EntryAdmin(admin.ModelAdmin):
    list_display = ["time", "action", "actor_name", "object_kind", "object_words", "address", "details"]
    list_display_links = None
    list_filter = ["action", "at", ActorFilter]
    search_fields = ["actor_name"]  # shows the field; `get_search_results` says what it finds
    search_help_text = _("The whole name of an actor, an object's id or an address.")
    ordering = ["-at", "-id"]
    sortable_by = ()
    paginator = NewestOnly
    show_full_result_count = False
    actions = None
    change_list_template = "admin/audit/entries.html"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Entry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Entry | None = None) -> bool:
        return False

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Whole values, so that an index finds them among a million."""
        words = search_term.strip()
        if words:
            name = get_user_model().normalize_username(words)
            queryset = queryset.filter(Q(actor_name=name) | Q(object_id=words) | Q(address=words))
        return queryset, False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export)
        return [path("export/", view, name="audit_entry_export"), *super().get_urls()]

    def export(self, request: HttpRequest) -> StreamingHttpResponse:
        """What the list's filters leave, as CSV, newest first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = self.get_changelist_instance(request).get_queryset(request)
        record(Action.EXPORTED, kind=Entry._meta.label_lower, details={"query": request.GET.urlencode()[:300]})  # noqa: SLF001
        return export.response("audit", ["at", *COLUMNS, "details"], map(_cells, rows.iterator(chunk_size=1000)))

    @admin.display(description=_("time"), ordering="at")
    def time(self, entry: Entry) -> str:
        return timezone.localtime(entry.at).isoformat(" ", "seconds")


def _cells(entry: Entry) -> list[Any]:
    """In UTC: programs read it."""
    details = json.dumps(entry.details, ensure_ascii=False)
    return [entry.at.isoformat(), *(getattr(entry, name) for name in COLUMNS), details]
