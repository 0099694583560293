"""What happened to a generation, below its page."""

from django.contrib import admin
from django.utils.safestring import SafeString

from generations.admin import shown
from generations.admin.base import ReadOnly
from generations.models import Attempt, Event, LedgerEntry, Result


class EventInline(ReadOnly, admin.TabularInline):
    model = Event
    extra = 0
    verbose_name_plural = "timeline"
    fields = ["at", "status", "note_in_words"]
    readonly_fields = ["note_in_words"]

    @admin.display(description="Note")
    def note_in_words(self, event: Event) -> str:
        return shown.message(event.note)


class AttemptInline(ReadOnly, admin.StackedInline):
    model = Attempt
    extra = 0
    fields = ["sent_at", "outcome", "status_code", "milliseconds", "error_in_words", "whole_answer"]
    readonly_fields = ["error_in_words", "whole_answer"]

    @admin.display(description="Error")
    def error_in_words(self, attempt: Attempt) -> str:
        return shown.message(attempt.error)

    @admin.display(description="Response")
    def whole_answer(self, attempt: Attempt) -> SafeString | str:
        """The answer that decided is on the page already, once."""
        decided = attempt.answer and attempt.answer == attempt.generation.answer_body
        return "The answer that decided, above." if decided else shown.body(attempt.answer)


class ResultInline(ReadOnly, admin.TabularInline):
    model = Result
    extra = 0
    verbose_name_plural = "files"
    fields = ["number", "content_type", "size", "kept_at", "gone_at", "problem_in_words", "tries"]
    readonly_fields = ["problem_in_words"]

    @admin.display(description="Problem")
    def problem_in_words(self, result: Result) -> str:
        return shown.message(result.problem)


class LedgerInline(ReadOnly, admin.TabularInline):
    model = LedgerEntry
    extra = 0
    verbose_name_plural = "ledger"
    fields = ["at", "kind", "reserved", "charged"]
