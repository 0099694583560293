"""The members in the admin: who they are, whether they can work, what waits for them, and what becomes of it."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, IntegerField, OuterRef, Prefetch, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html

from accounts import reviewers
from accounts.admin import PersonAdmin
from accounts.models import Token, User
from generations.library.filters import STATES
from generations.models import DailyUsage, Generation
from generations.models.ledger import day_of
from generations.people import erasing, handing_over, holdings, leaving
from generations.people.leave_form import LeaveForm

S = Generation.Status


class TokenFilter(admin.SimpleListFilter):
    title = "Meigen token"
    parameter_name = "working_token"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "has a working one"), ("refused", "refused by Meigen"), ("none", "has none")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        own = Token.objects.filter(owner=OuterRef("pk"))
        working = Exists(own.filter(refused_at=None))
        match self.value():
            case "yes":
                return queryset.filter(working)
            case "refused":
                return queryset.filter(~working, Exists(own))
            case "none":
                return queryset.filter(~Exists(own))
        return queryset


admin.site.unregister(User)


@admin.register(User)
class MemberAdmin(PersonAdmin):
    list_display = ["person", "role", "is_active", "last_sign_in", "token_state", "waiting", "spent", "leaving"]
    list_filter = ["is_active", TokenFilter, "is_staff", "is_superuser", "groups"]
    ordering = ["username"]
    show_full_result_count = False
    actions = ["switch_off", "switch_on"]

    class Media:
        css = {"all": ["admin.css"]}

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        tokens = Token.objects.order_by("-is_default", "-created_at").defer("ciphertext")
        people: QuerySet[User] = super().get_queryset(request)
        return people.annotate(waiting_count=_waiting(), spent_credits=_spent()).prefetch_related(
            "groups", Prefetch("tokens", tokens)
        )

    @admin.display(description="person", ordering="username")
    def person(self, person: User) -> str:
        return format_html('<bdi>{}</bdi><div class="help">{}</div>', person.get_username(), person.email)

    @admin.display(description="last sign-in", ordering="last_login")
    def last_sign_in(self, person: User) -> str:
        return f"{timezone.localtime(person.last_login):%Y-%m-%d %H:%M}" if person.last_login else "never"

    @admin.display(description="role")
    def role(self, person: User) -> str:
        if person.is_superuser:
            return "Admin"
        if any(group.name == reviewers.NAME for group in person.groups.all()):
            return "Reviewer"
        return "Staff" if person.is_staff else "Member"

    @admin.display(description="Meigen token")
    def token_state(self, person: User) -> str:
        token = next(iter(person.tokens.all()), None)
        if token is None:
            return "none"
        if token.refused_at:
            return f"refused since {timezone.localtime(token.refused_at):%Y-%m-%d}"
        return f"accepted {timezone.localtime(token.checked_at):%Y-%m-%d}" if token.checked_at else "not checked yet"

    @admin.display(description="waiting", ordering="waiting_count")
    def waiting(self, person: Any) -> str:
        if not person.waiting_count:
            return "0"
        address = reverse("admin:generations_generation_changelist")
        query = f"owner={person.pk}&status__exact={S.QUEUED}"
        return format_html('<a href="{}?{}">{}</a>', address, query, person.waiting_count)

    @admin.display(description="spent this month", ordering="spent_credits")
    def spent(self, person: Any) -> str:
        return format_html('<a href="{}?person={}&by=model">{}</a>', reverse("usage"), person.pk, person.spent_credits)

    @admin.display(description="leaving")
    def leaving(self, person: User) -> str:
        return format_html('<a href="{}">Leaver</a>', leave_page(person))

    @admin.action(description="Switch selected people off: nothing of theirs is sent or shown any more")
    def switch_off(self, request: Any, queryset: QuerySet[User]) -> None:
        self._switch(request, queryset.exclude(pk=request.user.pk), on=False)

    @admin.action(description="Switch selected people on: they are asked what to do with what waited")
    def switch_on(self, request: Any, queryset: QuerySet[User]) -> None:
        self._switch(request, queryset, on=True)

    def _switch(self, request: Any, people: QuerySet[User], *, on: bool) -> None:
        mine = [person for person in people if self.has_change_permission(request, person)]
        count = sum(leaving.switch(person, on=on) for person in mine)
        self.message_user(request, f"People switched {'on' if on else 'off'}: {count}.")

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Django would delete collections and links with their maker. Who has made something leaves by our page."""
        deleted, counts, missing, protected = super().get_deleted_objects(objs, request)
        makers = [person for person in objs if holdings.of(person).any]
        words = "{}: hand the work over or erase it first"
        link = '<a href="{}">' + words + "</a>"
        return deleted, counts, missing, [*protected, *(format_html(link, leave_page(one), one) for one in makers)]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Only superusers hand over or erase what others have made."""
        columns = [*super().get_list_display(request)]
        return columns if request.user.is_superuser else columns[:-1]

    def get_urls(self) -> list[URLPattern]:
        leave = path("<int:pk>/leave/", self.admin_site.admin_view(self.leave), name="accounts_user_leave")
        return [leave, *super().get_urls()]

    def leave(self, request: Any, pk: int) -> HttpResponse:
        """Hands a person's work over, or erases it. It shows one person's work to another, so only superusers may."""
        if not request.user.is_superuser or request.user.pk == pk:
            raise PermissionDenied
        person = get_object_or_404(User, pk=pk)
        form = LeaveForm(request.POST if request.method == "POST" else None, person=person)
        if form.is_valid() and self._let_go(request, person, form.cleaned_data):
            return redirect("admin:accounts_user_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": f"Hand over or erase the work of {person}",
            "opts": self.opts,
            "person": person,
            "form": form,
            "lines": holdings.of(person).words,
        }
        status = 422 if form.is_bound else 200
        return TemplateResponse(request, "admin/accounts/user/leave.html", context, status=status)

    def _let_go(self, request: Any, person: User, choice: dict[str, Any]) -> bool:
        """Does what was chosen, and says so; False when it could not be done."""
        name = person.get_username()
        try:
            if choice["what"] == "erase":
                erasing.erase(person)
                told = f"The work of {name} is erased; its files go within minutes."
            else:
                handing_over.hand_over(person, choice["heir"], keep_links=choice["keep_links"])
                told = f"The work of {name} is {choice['heir']}'s now."
        except erasing.StillRunning:
            words = "Some of it is still running at Meigen and paid for. Switch the person off and wait some minutes."
            self.message_user(request, words, messages.ERROR)
            return False
        if choice["delete"]:
            is_gone = leaving.close(person)
            told += " The account is deleted." if is_gone else " The account is closed; its name stays in the books."
        self.message_user(request, told)
        return True


def leave_page(person: User) -> str:
    return reverse("admin:accounts_user_leave", args=[person.pk])


def _waiting() -> Coalesce:
    """How many of a person's generations wait in the queue. Asked one by one, by an index of what is under way."""
    own = Generation.objects.filter(owner=OuterRef("pk"), deleted_at=None, **STATES["waiting"][1])
    counted = own.exclude(status=S.RUNNING).order_by().values("owner").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _spent() -> Coalesce:
    """The credits that a person was charged this month."""
    own = DailyUsage.objects.of_month(day_of(timezone.now())).filter(owner=OuterRef("pk"))
    sums = own.order_by().values("owner").annotate(credits=Sum("charged")).values("credits")
    return Coalesce(Subquery(sums, output_field=IntegerField()), 0)
