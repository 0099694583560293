"""Invitations in the admin: made, passed on and taken back, never changed."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from . import importing, invitations
from .fields import Form
from .models import Invitation, User
from .rights import roles_within

MOST_BYTES = 100_000


class InvitationForm(forms.ModelForm):
    """Who is invited, as what and for how long."""

    days = forms.IntegerField(
        label="Days until it ends", initial=invitations.DAYS, min_value=1, max_value=90, help_text="At most 90."
    )
    by_mail = forms.BooleanField(label="Send it by mail", required=False, initial=True)

    class Meta:
        model = Invitation
        fields = ["role", "name", "email", "budget"]

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if email and User.objects.filter(email=email).exists():
            raise forms.ValidationError("Somebody already has an account with this address.")
        return email


class ImportForm(Form):
    """A file to look at, or the text of one that was looked at and is meant."""

    file = forms.FileField(label="CSV file", required=False, help_text="Columns: name, e-mail, role, budget.")
    encoding = forms.ChoiceField(
        choices=[("", "Found out"), *importing.ENCODINGS.items()],
        required=False,
        help_text="Choose one if names look wrong in the table.",
    )
    text = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)

    def clean(self) -> None:
        """With `text`, whichever of the two was sent."""
        file = self.cleaned_data.get("file")
        if file is not None and file.size > MOST_BYTES:
            raise forms.ValidationError("The file is larger than 100 kB.")
        if file is not None:
            try:
                self.cleaned_data["text"] = importing.decoded(file.read(), self.cleaned_data.get("encoding", ""))
            except importing.Unreadable as unreadable:
                raise forms.ValidationError(str(unreadable)) from None
        elif not self.cleaned_data.get("text"):
            raise forms.ValidationError("Choose a file.")


@admin.register(Invitation)
class InvitationAdmin(admin.ModelAdmin):
    list_display = ["__str__", "role", "budget", "state", "expires_at", "created_by", "created_at"]
    list_filter = ["role", ("used_at", admin.EmptyFieldListFilter), ("revoked_at", admin.EmptyFieldListFilter)]
    search_fields = ["name", "email"]
    list_select_related = ["created_by", "person"]
    form = InvitationForm
    actions = ["take_back"]

    def get_fields(self, request: HttpRequest, obj: Invitation | None = None) -> list[str]:  # type: ignore[override]
        if obj is not None:
            return ["state", "role", "name", "email", "budget", "expires_at", "created_by", "created_at"]
        return ["role", "name", "email", "budget", "days", *(["by_mail"] if settings.HAS_MAIL else [])]

    def get_readonly_fields(self, request: HttpRequest, obj: Invitation | None = None) -> list[str]:
        return self.get_fields(request, obj) if obj is not None else []

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        """Never: who invited whom stays known. An invitation is taken back instead."""
        return False

    def has_take_back_permission(self, request: HttpRequest) -> bool:
        return super().has_change_permission(request)

    def formfield_for_choice_field(self, db_field: Any, request: Any, **options: Any) -> Any:
        if db_field.name == "role":
            options["choices"] = [(role, role.label) for role in roles_within(request.user)]
        return super().formfield_for_choice_field(db_field, request, **options)

    def save_model(self, request: Any, obj: Invitation, form: Any, change: bool) -> None:  # noqa: FBT001 (Django's)
        asked = form.cleaned_data
        choices = {name: asked[name] for name in ("role", "name", "email", "budget")}
        made = invitations.invite(request.user, days=asked["days"], **choices)
        obj.pk, obj.expires_at = made.pk, made.expires_at  # for Django's own messages and redirects
        sent = invitations.mail({made: address(request, made)}) if asked.get("by_mail") else 0
        if sent:
            self.message_user(request, f"The link was sent to {made.email}.")
        elif made.email and asked.get("by_mail"):
            self.message_user(request, "The mail could not be sent. Pass the link on yourself.", messages.WARNING)

    def response_add(self, request: HttpRequest, obj: Invitation, post_url_continue: Any = None) -> HttpResponse:
        """To the invitation, where the link is."""
        return redirect("admin:accounts_invitation_change", obj.pk)

    def change_view(self, request: Any, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """With the link, for those who may make such an invitation themselves: whoever has it becomes what it says."""
        shown = {"link": self._link(request, object_id)}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **shown})

    def _link(self, request: Any, object_id: str) -> str:
        found = self.get_object(request, object_id)
        if not isinstance(found, Invitation) or not self.has_add_permission(request):
            return ""
        is_open = Invitation.objects.open().filter(pk=found.pk).exists()
        return address(request, found) if is_open and found.role in roles_within(request.user) else ""

    def get_urls(self) -> list[URLPattern]:
        importing_people = path(
            "import/", self.admin_site.admin_view(self.import_people), name="accounts_invitation_import"
        )
        return [importing_people, *super().get_urls()]

    def import_people(self, request: Any) -> HttpResponse:
        """A file first shows what would happen. Only its text, sent back by the button below that, invites anybody."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = ImportForm(request.POST or None, request.FILES or None)
        context: dict[str, Any] = {"form": form}
        if form.is_valid():
            try:
                context |= self._import(request, form.cleaned_data["text"], sure="sure" in request.POST)
            except importing.Unreadable as unreadable:
                form.add_error(None, str(unreadable))
        return self._import_page(request, context)

    def _import(self, request: Any, text: str, *, sure: bool) -> dict[str, Any]:
        lines = importing.read(text, request.user)
        wrong = sum(bool(line.problems) for line in lines)
        if not sure or wrong:
            again = ImportForm(initial={"text": text})
            return {"lines": lines, "wrong": wrong, "again": again, "fits": len(lines) - wrong}
        links = {made: address(request, made) for made in importing.invite(lines, request.user)}
        sent = invitations.mail(links)
        self.message_user(request, f"People invited: {len(links)}. Sent by mail: {sent}.")
        return {"links": links}

    def _import_page(self, request: Any, context: dict[str, Any]) -> HttpResponse:
        whole = {**self.admin_site.each_context(request), "opts": self.opts, "title": "Import people", **context}
        status = 422 if context["form"].errors else 200
        return TemplateResponse(request, "admin/accounts/invitation/import.html", whole, status=status)

    @admin.display(description="state")
    def state(self, invitation: Invitation) -> str:
        if invitation.used_at:
            return f"used by {invitation.person or 'somebody who is deleted'}"
        if invitation.revoked_at:
            return "taken back"
        if invitation.expires_at <= timezone.now():
            return "expired"
        giver = invitation.created_by
        return "open" if giver and giver.is_active else "closed: whoever invited has left"

    @admin.action(description="Take selected invitations back", permissions=["take_back"])
    def take_back(self, request: HttpRequest, queryset: QuerySet[Invitation]) -> None:
        if count := invitations.revoke(*queryset):
            self.message_user(request, f"Invitations taken back: {count}.")
        else:
            self.message_user(request, "These invitations were not open any more.", messages.WARNING)


def address(request: HttpRequest, invitation: Invitation) -> str:
    """The whole link, or "" when the key it was made with is no longer in TOKEN_KEYS."""
    secret = invitation.secret
    return request.build_absolute_uri(reverse("join", args=[secret])) if secret else ""
