"""Projects and budgets in the admin: what credits are booked on, and how many may be."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from generations.models import Budget, Project
from generations.models.ledger import day_of


def _usage(words: str, **query: Any) -> SafeString:
    return format_html('<a href="{}?{}">{}</a>', reverse("usage"), urlencode(query), words)


@admin.register(Project)
class ProjectAdmin(admin.ModelAdmin):
    list_display = ["name", "code", "created_at", "closed_at", "usage"]
    list_filter = [("closed_at", admin.EmptyFieldListFilter)]
    search_fields = ["name", "code"]
    fields = ["name", "code", "closed_at"]
    actions = ["close", "open_again"]

    class Media:
        css = {"all": ["admin.css"]}

    def has_delete_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        """What has been booked on a project stays in the books: it is closed instead."""
        unused = obj is not None and not obj.generations.exists()
        return unused and super().has_delete_permission(request, obj)

    @admin.display(description="Usage")
    def usage(self, project: Project) -> SafeString:
        return format_html('<a href="{}">Statement</a>', reverse("statement", args=[project.pk]))

    @admin.action(description="Close selected projects: nothing new is booked on them", permissions=["change"])
    def close(self, request: HttpRequest, queryset: Any) -> None:
        self._set(request, queryset.filter(closed_at=None), timezone.now(), "Projects closed")

    @admin.action(description="Open selected projects again", permissions=["change"])
    def open_again(self, request: HttpRequest, queryset: Any) -> None:
        self._set(request, queryset.exclude(closed_at=None), None, "Projects opened")

    def _set(self, request: HttpRequest, projects: Any, closed_at: Any, said: str) -> None:
        changed = list(projects)
        for project in changed:
            project.closed_at = closed_at
            project.save(update_fields=["closed_at"])
            self.log_change(request, project, said)
        self.message_user(request, f"{said}: {len(changed)}.")


@admin.register(Budget)
class BudgetAdmin(admin.ModelAdmin):
    list_display = ["whose", "credits", "used", "part"]
    list_select_related = ["person", "project"]
    list_filter = ["scope"]
    search_fields = ["person__username", "person__email", "project__name"]

    class Media:
        css = {"all": ["admin.css"]}

    @admin.display(description="For")
    def whose(self, budget: Budget) -> str:
        return budget.whose

    @admin.display(description="Used this month")
    def used(self, budget: Budget) -> SafeString:
        query = {"person": budget.person_id, "project": budget.project_id}
        return _usage(f"{_used(budget):,}", **{name: pk for name, pk in query.items() if pk})

    @admin.display(description="Of the budget")
    def part(self, budget: Budget) -> str:
        return f"{_used(budget) * 100 // budget.credits} %" if budget.credits else "-"


def _used(budget: Budget) -> int:
    return budget.used(day_of(timezone.now()))
