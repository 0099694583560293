"""What a click is booked on: the form's field, and what it starts with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from generations.models import Generation, Project

if TYPE_CHECKING:
    ChoiceOfProject = forms.ModelChoiceField[Project]
else:
    ChoiceOfProject = forms.ModelChoiceField


def is_id(text: str) -> bool:
    """Whether a database can look for it."""
    return text.isascii() and text.isdecimal() and len(text) < 10


class ProjectField(ChoiceOfProject):
    """An open project, or none unless the team has decided that every click needs one."""

    default_error_messages = {
        "invalid_choice": gettext_lazy("This project is closed. Choose another."),
        "required": gettext_lazy("Choose the project that this is for."),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(Project.objects.open(), required=False, label=gettext_lazy("Project"), **options)

    def __deepcopy__(self, memo: dict[int, Any]) -> ProjectField:
        """A form's own field, which asks for what the team wants to know now."""
        field: ProjectField = super().__deepcopy__(memo)
        field.required = settings.PROJECT_REQUIRED
        field.empty_label = _("Choose a project") if field.required else _("No project")
        return field

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values or is_id(str(value)):
            return super().to_python(value)
        raise forms.ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")

    @property
    def is_offered(self) -> bool:
        """Whether there is anything to choose."""
        return self.required or Project.objects.open().exists()


def starting(user: User, wanted: str) -> tuple[str, str]:
    """The project that the form starts with, and what to say if it is not the one that was wanted.

    Without a wish it is that of the person's last click.
    """
    pk = int(wanted) if is_id(wanted) else None
    if pk is None:
        pk = Generation.objects.owned_by(user).newest_first().values_list("project", flat=True).first()
    project = Project.objects.filter(pk=pk).first() if pk else None
    if project is None or project.closed_at is None:
        return str(pk or ""), ""
    problem = _("The project %(name)s is closed. Choose another.") % {"name": project.label} if wanted else ""
    return "", problem
