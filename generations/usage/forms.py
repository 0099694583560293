"""The choices of the usage page. All of them are in the address, so that a period can be bookmarked."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.fields import DayInput, Form, TextField
from accounts.models import User
from generations.models import Project
from generations.models.ledger import day_of

LONGEST = timedelta(days=20 * 366)
GROUPS = {
    "day": gettext_lazy("Day"),
    "week": gettext_lazy("Week"),
    "month": gettext_lazy("Month"),
    "model": gettext_lazy("Model"),
    "kind": gettext_lazy("Kind"),
    "project": gettext_lazy("Project"),
    "person": gettext_lazy("Person"),
}


class RejectionForm(Form):
    """Why a click is not approved."""

    answer = TextField(label=gettext_lazy("Reason for rejecting (optional)"), most=500, required=False)


class UsageForm(Form):
    """A period, what to count by, and whose. What is missing or wrong has a default: this month, by model."""

    since = forms.DateField(label=gettext_lazy("From"), required=False, widget=DayInput)
    until = forms.DateField(label=gettext_lazy("To"), required=False, widget=DayInput)
    by = forms.ChoiceField(label=gettext_lazy("By"), required=False)
    person = forms.ChoiceField(label=gettext_lazy("Person"), required=False)
    project = forms.ChoiceField(label=gettext_lazy("Project"), required=False)

    def __init__(self, data: Mapping[str, str], *, of_all: bool) -> None:
        today = day_of(timezone.now())
        given = {name: value for name, value in data.items() if value}
        super().__init__(
            {"since": today.replace(day=1), "until": today, "by": "person" if of_all else "model", **given},
            label_suffix="",
            auto_id="usage-%s",
        )
        self._choose("by", [(name, str(word)) for name, word in GROUPS.items() if of_all or name != "person"])
        self.projects = list(Project.objects.all())
        self._choose("project", [("", _("All")), *((str(one.pk), str(one)) for one in self.projects)])
        if of_all:
            people = User.objects.order_by("username").values_list("pk", "username")
            self._choose("person", [("", _("Everybody")), *((str(pk), name) for pk, name in people)])
        else:
            del self.fields["person"]
        self.full_clean()

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("since") and values.get("until") and values["until"] < values["since"]:
            self.add_error("until", _("Choose a day that is not before the first one."))
        if values.get("since") and values.get("until") and values["until"] - values["since"] > LONGEST:
            self.add_error("since", _("Choose at most 20 years."))
            self.add_error("until", "")
        return values

    @property
    def since_day(self) -> date:
        day: date = self.cleaned_data.get("since") or day_of(timezone.now()).replace(day=1)
        return day

    @property
    def until_day(self) -> date:
        """The last day, itself included."""
        day: date = self.cleaned_data.get("until") or max(self.since_day, day_of(timezone.now()))
        return day

    @property
    def chosen_group(self) -> str:
        return self.cleaned_data.get("by") or "model"

    @property
    def person_id(self) -> int | None:
        value = self.cleaned_data.get("person")
        return int(value) if value else None

    @property
    def project_id(self) -> int | None:
        value = self.cleaned_data.get("project")
        return int(value) if value else None
