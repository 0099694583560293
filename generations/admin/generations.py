"""Generations in the admin: who requested what, what it cost, and Meigen's full response."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.sentences import english
from audit.export import response
from audit.log import record
from audit.models import Action
from generations.admin import answers, clinic, exporting, filters, finding, pictures, shown
from generations.admin.base import Newest, ReadOnly
from generations.admin.deciding import ACTIONS, Deciding, offered
from generations.admin.inlines import AttemptInline, EventInline, LedgerInline, ResultInline
from generations.models import Generation, TooMany
from generations.models.search import within_time

STORY = ["owner", "project", "when", "status", "message_in_words", "code", "remedy", "whole_answer"]


class Page(ChangeList):
    """A page of the list, read at once and without what may be long."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows: Any = answers.with_beginnings(self.result_list)
        self.result_list = list(rows.prefetch_related("results") if settings.ADMINS_SEE_PICTURES else rows)


@admin.register(Generation)
class GenerationAdmin(Deciding, ReadOnly, admin.ModelAdmin):
    actions = ACTIONS
    list_display = ["when", "person", "state", "code", "problem", "credits", "model_name", "short_prompt"]
    list_display_links = ["when"]
    list_filter: ClassVar[list[Any]] = [
        *["status", filters.AnswerFilter, filters.ErrorFilter, filters.CreditsFilter, filters.DateFilter],
        *[
            "media_type",
            filters.ModelFilter,
            filters.PersonFilter,
            filters.ProjectFilter,
            filters.TokenFilter,
            filters.ReasonFilter,
            filters.UsageFilter,
        ],
    ]
    search_fields = ["prompt"]  # shows the field; `finding` says what it finds
    search_help_text = finding.HELP
    list_select_related = ["owner"]
    list_per_page = 50
    ordering = ["-created_at", "-id"]
    sortable_by = ["when"]
    paginator = Newest
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they count everything
    view_on_site = False
    inlines = [EventInline, AttemptInline, LedgerInline, ResultInline]
    fieldsets: ClassVar[list[Any]] = [
        (None, {"fields": STORY}),
        ("Credits", {"fields": ["token", "announced", "charged"]}),
        ("Request", {"fields": ["prompt", "model_name", "model_id", "media_type", "aspect_ratio", "request"]}),
        (
            "Dispatch",
            {
                "classes": ["collapse"],
                "fields": [
                    *["id", "idempotency_key", "remote_id", "tries", "queued_at", "sent_at", "running_at"],
                    *["finished_at", "not_before", "lease_until", "watch_until", "deleted_at", "erased_at"],
                ],
            },
        ),
    ]
    readonly_fields = [*STORY, "all_pictures", "announced", "charged", "request", "id", "idempotency_key"]

    class Media:
        css = {"all": ["admin.css"]}

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return Page

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        with within_time():
            return super().get_changelist_instance(request)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        try:
            return super().changelist_view(request, extra_context)
        except TooMany:
            words = "That is too much to look through. Add a person, a state or a later date, or search for more."
            self.message_user(request, words, messages.WARNING)
            return HttpResponseRedirect(request.path)

    def get_urls(self) -> list[URLPattern]:
        export = path("export/", self.admin_site.admin_view(self.export), name="generations_generation_export")
        picture = path(
            "<uuid:pk>/picture/<int:number>/",
            self.admin_site.admin_view(pictures.picture),
            name="generations_generation_picture",
        )
        page = path("clinic/", self.admin_site.admin_view(self.clinic), name="generations_generation_clinic")
        return [export, picture, page, *super().get_urls()]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        columns = [*super().get_list_display(request)]
        return [*columns, "picture"] if settings.ADMINS_SEE_PICTURES else columns

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        pictured = [("Pictures", {"fields": ["all_pictures"]})] if settings.ADMINS_SEE_PICTURES else []
        return [self.fieldsets[0], *pictured, *self.fieldsets[1:]]

    def change_view(self, request: Any, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """With what can be decided about it, and a way to the members' page for those who may open that."""
        row = self.get_object(request, object_id)
        shown_here = row and Generation.objects.visible_to(request.user).filter(pk=row.pk).exists()
        decided = offered(row) if row and self.has_decide_permission(request) else []
        context = {"decisions": decided, "own_page": row.get_absolute_url() if row and shown_here else ""}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **context})

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:  # type: ignore[override]
        """Not in Django's own log, which would keep the prompt for good. The audit log has it."""

    def clinic(self, request: HttpRequest) -> HttpResponse:
        return clinic.clinic(request, self.admin_site.each_context(request))

    def export(self, request: HttpRequest) -> StreamingHttpResponse:
        """What the filters and the search leave, as CSV, newest first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = super().get_changelist_instance(request).get_queryset(request)
        query = {"export": "csv", "query": request.GET.urlencode()[:300]}
        record(Action.ADMIN_LISTED, kind=self.opts.label_lower, details=query)
        return response("generations", exporting.HEADER, exporting.cells(rows))

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        return finding.find(queryset, search_term), False

    def audit_words(self, generation: Generation) -> str:
        """Without the prompt, which the trash erases one day."""
        return generation.model_name

    @admin.display(description="When", ordering="created_at")
    def when(self, generation: Generation) -> str:
        return shown.when(generation.created_at)

    @admin.display(description="Person")
    def person(self, generation: Generation) -> str:
        return generation.owner.get_username()

    @admin.display(description="Status")
    def state(self, generation: Generation) -> str:
        return generation.get_status_display()

    @admin.display(description="Code")
    def code(self, generation: Generation) -> str:
        return f"{generation.answer_status or ''} {shown.visible(generation.error_code)}".strip() or "-"

    @admin.display(description="Picture")
    def picture(self, generation: Generation) -> SafeString | str:
        return pictures.first(generation)

    @admin.display(description="Pictures")
    def all_pictures(self, generation: Generation) -> SafeString | str:
        return pictures.every(generation)

    @admin.display(description="Prompt")
    def short_prompt(self, generation: Generation) -> str:
        return shown.visible(generation.prompt[:80])

    @admin.display(description="Message")
    def problem(self, generation: Generation) -> SafeString:
        """What went wrong and, below it, the figures of a 402 or the values of a 400."""
        remedy = answers.remedy(generation, getattr(generation, "answer_head", ""))
        below = format_html('<div class="remedy"{}>{}</div>', english(remedy), shown.visible(remedy)) if remedy else ""
        return format_html("{}{}", shown.message(generation.message[:600]), below)

    @admin.display(description="Credits")
    def credits(self, generation: Generation) -> str:
        if generation.credits_used is None:
            return f"{self.announced(generation)} announced" if generation.announced else "-"
        charged = self.charged(generation)
        return f"{charged}, announced {self.announced(generation)}" if generation.is_charged_otherwise else charged

    @admin.display(description="Credits charged")
    def charged(self, generation: Generation) -> str:
        if generation.credits_used is None:
            return "-"
        return f"{generation.credits_used} {shown.visible(generation.credits_status)}".strip()

    @admin.display(description="Message")
    def message_in_words(self, generation: Generation) -> str:
        return shown.message(generation.message)

    @admin.display(description="Remedy")
    def remedy(self, generation: Generation) -> str:
        return shown.visible(answers.remedy(generation, generation.answer_body)) or "-"

    @admin.display(description="Credits announced")
    def announced(self, generation: Generation) -> str:
        price = generation.announced
        if price is None:
            return "-"
        return str(price.least) if price.is_exact else f"{price.least} to {price.most}"

    @admin.display(description="Meigen's answer")
    def whole_answer(self, generation: Generation) -> SafeString | str:
        return shown.body(generation.answer_body)

    @admin.display(description="Request")
    def request(self, generation: Generation) -> SafeString | str:
        return shown.body(generation.body)
