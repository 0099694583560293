"""Meigen tokens in the admin: whose, whether they work, and who has none that does. Never the secret."""

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Exists, OuterRef, Subquery
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from accounts.admin import Composed
from accounts.models import Token, User
from generations.admin import shown
from generations.admin.base import ReadOnly
from generations.models import Attempt
from generations.usage import balances

MOST = 200
LATELY = timedelta(days=7)  # how far the last error is looked for
WRONG = [Attempt.Outcome.REFUSED, Attempt.Outcome.LIMITED, Attempt.Outcome.UNREACHABLE, Attempt.Outcome.UNKNOWN]


def people_without() -> Any:
    """Active people who have no token that Meigen takes, as far as we know."""
    working = Token.objects.filter(owner=OuterRef("pk"), refused_at=None)
    return User.objects.filter(~Exists(working), is_active=True).order_by("username")


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"
    states: ClassVar[dict[str, tuple[str, dict[str, Any]]]] = {
        "works": ("Works", {"refused_at": None, "checked_at__isnull": False}),
        "refused": ("Refused by Meigen", {"refused_at__isnull": False}),
        "new": ("Not confirmed yet", {"refused_at": None, "checked_at": None}),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, words) for name, (words, _) in self.states.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        value = self.value()
        return queryset.filter(**self.states[value][1]) if value in self.states else queryset


@admin.register(Token)
class TokenAdmin(Composed, ReadOnly, admin.ModelAdmin):
    list_display = ["owner", "label", "masked", "kind", "state", "last_used", "balance", "last_error"]
    list_display_links = ["label"]
    list_filter: ClassVar[list[Any]] = [StateFilter, "kind"]
    list_select_related = ["owner"]
    search_fields = ["label", "owner__username", "owner__email"]
    ordering = ["owner__username", "-is_default", "label"]
    sortable_by = ()
    show_facets = admin.ShowFacets.NEVER
    readonly_fields = [
        *["owner", "label", "kind", "masked", "state", "last_used", "last_error", "balance", "credits_at"],
        *["checked", "is_default", "key_id", "revision", "created_at", "checked_at", "refused_at"],
    ]
    fields = tuple(readonly_fields)

    class Media:
        css = {"all": ["admin.css"]}

    def get_queryset(self, request: HttpRequest) -> Any:
        sent = Attempt.objects.filter(token_fingerprint=OuterRef("fingerprint")).order_by("-sent_at")
        wrong = sent.filter(sent_at__gt=timezone.now() - LATELY, outcome__in=WRONG)
        return (
            super()
            .get_queryset(request)
            .annotate(
                used_at=Subquery(sent.values("sent_at")[:1]),
                error=Subquery(wrong.values("error")[:1]),
                error_at=Subquery(wrong.values("sent_at")[:1]),
            )
        )

    def has_delete_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """With the people who have none that works."""
        without = {"people": list(people_without()[:MOST])}
        return super().changelist_view(request, {**(extra_context or {}), **without})

    @admin.display(description="State")
    def state(self, token: Token) -> str:
        if token.refused_at:
            return f"Refused by Meigen since {shown.when(token.refused_at)}"
        works = (
            f"Works, confirmed {shown.when(token.checked_at)}" if token.checked_at else "Not confirmed by Meigen yet"
        )
        return f"{works}; pays" if token.is_default else works

    @admin.display(description="Last used")
    def last_used(self, token: Any) -> str:
        return shown.when(token.used_at) if token.used_at else "Never"

    @admin.display(description="Balance")
    def balance(self, token: Token) -> str:
        return token.spendable or "Not known"

    @admin.display(description="Balance, checked")
    def checked(self, token: Token) -> SafeString:
        """What Meigen's answers say is left, beside what the ledger charged meanwhile."""
        return render_to_string("admin/accounts/balances.html", {"checks": balances.checks(token), "token": token})

    @admin.display(description="Last error, of 7 days")
    def last_error(self, token: Any) -> SafeString | str:
        if not token.error_at:
            return "-"
        return shown.message(token.error[:300]) + f" ({shown.when(token.error_at)})"
