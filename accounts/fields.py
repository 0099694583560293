"""Form fields for what people type: the one place where it gets its Unicode form and its line ends."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.text import composed, is_visible, name_in, unix_lines


class TextField(forms.CharField):
    """Text in NFC with one kind of line end.

    What is too long is refused rather than cut: `maxlength` drops the end of a paste without a word.
    """

    default_error_messages = {
        "too_long": ngettext_lazy(
            "%(over)s character too many: at most %(most)s are allowed.",
            "%(over)s characters too many: at most %(most)s are allowed.",
            "over",
        ),
        "invisible": _("This contains only invisible characters. Write something that can be seen."),
    }

    def __init__(self, *, most: int, **options: Any) -> None:
        super().__init__(**options)
        self.most = most

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "dir": "auto"}

    def to_python(self, value: Any) -> str:
        return composed(unix_lines(super().to_python(value) or ""))

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and not is_visible(value):
            raise forms.ValidationError(self.error_messages["invisible"], code="invisible")
        if over := max(0, len(value) - self.most):
            params = {"over": over, "most": self.most}
            raise forms.ValidationError(self.error_messages["too_long"], code="too_long", params=params)


class NameField(TextField):
    """One line that people tell things apart by, without what nobody sees in it."""

    def clean(self, value: Any) -> str:
        text = self.to_python(value)
        name = name_in(text)
        # What is nothing but invisible is not empty: whoever pasted it should hear so.
        self.validate(name if name or not text else text)
        self.run_validators(name)
        return name
