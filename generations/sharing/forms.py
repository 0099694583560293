"""The form for what a share link shows and allows."""

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.fields import Form, NameField, TextField
from generations.models import Collection, Share

DAYS = (1, 7, 30, 90, 365)
LONGEST_PASSWORD = 200
LONGEST_GUEST = 40


class ShareForm(Form):
    """For a new link, or for the existing `share`. `follows` is offered only if a `collection` is shared.

    If the collection `is_empty`, with nothing to share yet, the link has to follow it.
    """

    nonce = forms.UUIDField(required=False, widget=forms.HiddenInput)
    title = NameField(label=gettext_lazy("Title"), required=False, most=120)
    note = TextField(label=gettext_lazy("Note"), required=False, most=2000, widget=forms.Textarea(attrs={"rows": 2}))
    days = forms.ChoiceField(label=gettext_lazy("Expires"))
    password = TextField(
        label=gettext_lazy("Password"),
        required=False,
        min_length=8,
        most=LONGEST_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("At least 8 characters. Leave it empty for a link without a password."),
    )
    hint = NameField(
        label=gettext_lazy("Password hint"),
        required=False,
        most=120,
        help_text=gettext_lazy("Anyone who has the link can read it."),
    )
    no_password = forms.BooleanField(label=gettext_lazy("Remove the password"), required=False)
    follows = forms.BooleanField(label=gettext_lazy("Also show what is added to the collection later"), required=False)
    shows_prompts = forms.BooleanField(label=gettext_lazy("Show the prompts"), required=False, initial=True)
    allows_downloads = forms.BooleanField(
        label=gettext_lazy("Allow downloads"),
        required=False,
        initial=True,
        help_text=gettext_lazy(
            "If this is off, guests see smaller pictures. Videos can still be saved by anyone who can watch them."
        ),
    )
    allows_hearts = forms.BooleanField(label=gettext_lazy("Allow hearts"), required=False, initial=True)

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        share: Share | None = None,
        collection: Collection | None = None,
        is_empty: bool = False,
    ) -> None:
        names = ["title", "note", "hint", "shows_prompts", "allows_downloads", "allows_hearts"]
        initial = {name: getattr(share, name) for name in names} if share else {"nonce": uuid.uuid4()}
        if collection:
            initial |= {"title": collection.name}
        super().__init__(data, initial=initial, label_suffix="")
        self.share = share
        self.is_empty = is_empty
        if share:
            del self.fields["nonce"]
        if share is None or not share.password:
            del self.fields["no_password"]
        else:
            self.fields["password"].help_text = _(
                "This link has a password. Enter a new one of at least 8 characters to replace it."
            )
        if collection is None:
            del self.fields["follows"]
        days = self.fields["days"]
        assert isinstance(days, forms.ChoiceField)
        days.choices = _ends(share)
        days.required = share is None
        days.initial = "" if share else str(usual_days())

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not password and self.data.get("password"):
            raise forms.ValidationError(_("A password cannot consist of spaces only."))
        return password

    def clean(self) -> dict[str, Any]:
        if self.is_empty and not self.cleaned_data.get("follows"):
            problem = _("Nothing in it can be shared yet. Check this box, or add finished results first.")
            self.add_error("follows", problem)
        if self.errors and self.cleaned_data.get("password"):
            # The password is never sent back to the browser, and without it the link would be open to anyone.
            self.add_error("password", _("Type the password again."))
        return self.cleaned_data

    def choices(self) -> dict[str, Any]:
        """The fields of a Share that this form sets, except the password."""
        values = self.cleaned_data
        names = ["title", "note", "hint", "shows_prompts", "allows_downloads", "allows_hearts"]
        chosen = {name: values[name] for name in names}
        if values["days"]:
            chosen["expires_at"] = end_after(int(values["days"]))
        return chosen

    def new_password(self) -> str | None:
        """The password to set, an empty string to take it away, or None to leave it as it is."""
        typed: str = self.cleaned_data["password"]
        return typed if typed or self.cleaned_data.get("no_password") else None


class UnlockForm(Form):
    """What a guest types to open a link with a password."""

    password = TextField(
        label=gettext_lazy("Password"),
        most=LONGEST_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "autofocus": True}),
        error_messages={"required": gettext_lazy("Type the password first.")},
    )


class GuestForm(Form):
    """The name under which a guest's hearts are shown."""

    name = NameField(
        label=gettext_lazy("Your name"),
        most=LONGEST_GUEST,
        error_messages={"required": gettext_lazy("Type your name first, so that people know whose heart it is.")},
    )


def usual_days() -> int:
    """After how many days a link expires by default; 0 means never."""
    most = settings.SHARE_MAX_DAYS
    return min(settings.SHARE_DAYS or most, most) if most else settings.SHARE_DAYS


def end_after(days: int) -> datetime | None:
    return timezone.now() + timedelta(days=days) if days else None


def _ends(share: Share | None) -> list[tuple[str, str]]:
    most = settings.SHARE_MAX_DAYS
    offered = sorted({*DAYS, usual_days()} - {0})
    days = [number for number in offered if not most or number <= most]
    words = [(str(n), ngettext("in %(count)s day", "in %(count)s days", n) % {"count": n}) for n in days]
    never = [] if most else [("0", _("never"))]
    return [*([("", _("no change"))] if share else []), *words, *never]
