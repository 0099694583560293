"""Generations in the admin: who requested what, what it cost, and Meigen's full response. All of it is read-only."""

import contextlib
import json
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.models import User
from accounts.sentences import english
from generations.models import Attempt, Event, Generation, Result, Share
from generations.models.sentences import translated_html
from generations.sharing import links
from meigen_api.text import clean


class ReadOnly:
    """The rows are the truth of dispatch; a hand in them would break its promises."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def readable(body: str) -> SafeString | str:
    """A stored answer as a person reads it: indented when it is JSON, as it came when it is not."""
    with contextlib.suppress(ValueError, RecursionError):
        body = clean(json.dumps(json.loads(body), indent=2, ensure_ascii=False))
    return format_html("<pre{}>{}</pre>", english(body), body) if body else "-"


class AttemptInline(ReadOnly, admin.StackedInline):
    model = Attempt
    extra = 0
    fields = ["sent_at", "outcome", "status_code", "milliseconds", "error_in_words", "whole_answer"]
    readonly_fields = ["error_in_words", "whole_answer"]

    @admin.display(description="Error")
    def error_in_words(self, attempt: Attempt) -> str:
        return translated_html(attempt.error)

    @admin.display(description="Response")
    def whole_answer(self, attempt: Attempt) -> SafeString | str:
        return readable(attempt.answer)


class EventInline(ReadOnly, admin.TabularInline):
    model = Event
    extra = 0
    fields = ["at", "status", "note_in_words"]
    readonly_fields = ["note_in_words"]

    @admin.display(description="Note")
    def note_in_words(self, event: Event) -> str:
        return translated_html(event.note)


class ResultInline(ReadOnly, admin.TabularInline):
    model = Result
    extra = 0
    fields = ["number", "content_type", "size", "kept_at", "gone_at", "problem_in_words", "tries"]
    readonly_fields = ["problem_in_words"]

    @admin.display(description="Problem")
    def problem_in_words(self, result: Result) -> str:
        return translated_html(result.problem)


class NewestOnly(Paginator):
    """Pages over the newest rows only: counting a million rows and skipping most of them is slow."""

    most = 2000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows[: self.most].count())


class AnswerFilter(admin.SimpleListFilter):
    title = "response status"
    parameter_name = "answer_status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(status, status) for status in ("400", "401", "402", "403", "404", "409", "413", "422")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(answer_status=self.value()) if (self.value() or "").isdecimal() else queryset


class PriceFilter(admin.SimpleListFilter):
    title = "price"
    parameter_name = "price"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("otherwise", "charged differently than announced")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.charged_otherwise() if self.value() == "otherwise" else queryset


@admin.register(Generation)
class GenerationAdmin(ReadOnly, admin.ModelAdmin):
    list_display = [
        *["created_at", "owner", "status", "answer_status", "model_name", "short_prompt", "price", "message_in_words"]
    ]
    list_filter = ["status", AnswerFilter, PriceFilter, "media_type", "created_at", "owner"]
    search_fields = ["prompt"]
    search_help_text = "Words in the prompt, a username, or an id: ours, Meigen's or the idempotency key."
    list_select_related = ["owner"]
    ordering = ["-created_at", "-id"]
    paginator = NewestOnly
    show_full_result_count = False
    inlines = [AttemptInline, EventInline, ResultInline]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    *["owner", "status", "message_in_words", "answer_status", "whole_answer"],
                    *["deleted_at", "erased_at"],
                ]
            },
        ),
        (
            "Request",
            {"fields": ["prompt", "model_name", "model_id", "media_type", "aspect_ratio", "request", "created_at"]},
        ),
        (
            "Credits",
            {"fields": ["token", "credits_estimated", "credits_estimated_most", "credits_used", "credits_status"]},
        ),
        (
            "Dispatch",
            {
                "fields": [
                    *["id", "idempotency_key", "remote_id", "tries", "queued_at", "sent_at", "running_at"],
                    *["finished_at", "not_before", "lease_until", "watch_until"],
                ]
            },
        ),
    ]
    readonly_fields = ["message_in_words", "whole_answer", "request", "id", "idempotency_key"]

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        words = search_term.strip()
        named = User.objects.filter(username__iexact=User.normalize_username(words)).first()
        if named:
            return queryset.filter(owner=named), False
        with contextlib.suppress(ValueError):
            key = UUID(words)
            return queryset.filter(Q(pk=key) | Q(idempotency_key=key)), False
        if words and queryset.filter(remote_id=words).exists():
            return queryset.filter(remote_id=words), False
        return (queryset.search(words) if words else queryset), False

    def audit_words(self, generation: Generation) -> str:
        """Without the prompt, which the trash erases one day."""
        return generation.model_name

    @admin.display(description="Prompt")
    def short_prompt(self, generation: Generation) -> str:
        return generation.prompt[:80]

    @admin.display(description="Message")
    def message_in_words(self, generation: Generation) -> str:
        return translated_html(generation.message)

    @admin.display(description="Credits", ordering="credits_used")
    def price(self, generation: Generation) -> str:
        if generation.credits_used is None:
            return "-"
        charged = f"{generation.credits_used} {generation.credits_status}".strip()
        if not generation.is_charged_otherwise or generation.announced is None:
            return charged
        announced = generation.announced
        span = announced.least if announced.is_exact else f"{announced.least} to {announced.most}"
        return f"{charged}, announced {span}"

    @admin.display(description="Meigen's response")
    def whole_answer(self, generation: Generation) -> SafeString | str:
        return readable(generation.answer_body)

    @admin.display(description="Request")
    def request(self, generation: Generation) -> SafeString | str:
        return readable(generation.body)


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
