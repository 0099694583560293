"""Generations in the admin: who asked for what, what it cost, and what Meigen answered, whole. All of it read-only."""

import contextlib
import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from meigen_api.text import clean

from .models import Attempt, Event, Generation, Result, Share


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
    return format_html("<pre>{}</pre>", body) if body else "-"


class AttemptInline(ReadOnly, admin.StackedInline):
    model = Attempt
    extra = 0
    fields = ["sent_at", "outcome", "status_code", "milliseconds", "error", "whole_answer"]
    readonly_fields = ["whole_answer"]

    @admin.display(description="Answer")
    def whole_answer(self, attempt: Attempt) -> SafeString | str:
        return readable(attempt.answer)


class EventInline(ReadOnly, admin.TabularInline):
    model = Event
    extra = 0
    fields = ["at", "status", "note"]


class ResultInline(ReadOnly, admin.TabularInline):
    model = Result
    extra = 0
    fields = ["number", "content_type", "size", "kept_at", "gone_at", "problem", "tries"]


@admin.register(Generation)
class GenerationAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["created_at", "owner", "status", "answer_status", "model_name", "short_prompt", "price", "message"]
    list_filter = ["status", "answer_status", "media_type", "model_name", "created_at", "owner"]
    search_fields = ["prompt", "remote_id", "idempotency_key", "owner__username", "message"]
    list_select_related = ["owner"]
    date_hierarchy = "created_at"
    ordering = ["-created_at"]
    show_full_result_count = False
    inlines = [AttemptInline, EventInline, ResultInline]
    fieldsets = [
        (None, {"fields": ["owner", "status", "message", "answer_status", "whole_answer"]}),
        (
            "Asked",
            {"fields": ["prompt", "model_name", "model_id", "media_type", "aspect_ratio", "request", "created_at"]},
        ),
        ("Credits", {"fields": ["token", "credits_estimated", "credits_used", "credits_status"]}),
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
    readonly_fields = ["whole_answer", "request", "id", "idempotency_key"]

    @admin.display(description="Prompt")
    def short_prompt(self, generation: Generation) -> str:
        return generation.prompt[:80]

    @admin.display(description="Credits", ordering="credits_used")
    def price(self, generation: Generation) -> str:
        if generation.credits_used is None:
            return "-"
        return f"{generation.credits_used} {generation.credits_status}".strip()

    @admin.display(description="Meigen's answer")
    def whole_answer(self, generation: Generation) -> SafeString | str:
        return readable(generation.answer_body)

    @admin.display(description="Request")
    def request(self, generation: Generation) -> SafeString | str:
        return readable(generation.body)


@admin.register(Share)
class ShareAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["created_at", "created_by", "generation", "revoked_at"]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter)]
    list_select_related = ["created_by", "generation"]
    fields = ["created_at", "created_by", "generation", "revoked_at"]
