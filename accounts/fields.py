"""Form fields for what people type: the one place where it gets its Unicode form and its line ends."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.text import composed, is_visible, name_in, unix_lines

# What Django and allauth say instead is short of a next step, or speaks of "values".
WORDS: dict[str, Any] = {
    "required": _("Fill this in."),
    "invalid_choice": _("This is not one of the choices. Choose another."),
    "min_length": ngettext_lazy(
        "Too short: at least %(limit_value)s character is needed.",
        "Too short: at least %(limit_value)s characters are needed.",
        "limit_value",
    ),
    "min_value": _("Too small: the least is %(limit_value)s."),
    "max_value": _("Too large: the most is %(limit_value)s."),
    "null_characters_not_allowed": _("This contains characters that cannot be kept. Remove them."),
}
WRONG_KIND: dict[type[forms.Field], Any] = {
    forms.IntegerField: _("Use a whole number, such as 3."),
    forms.FloatField: _("Use a number, such as 0.5."),
    forms.DateField: _("Use a date, such as 2026-01-31."),
    forms.UUIDField: _("This page is out of date. Reload it and try again."),
}


class InOurWords(forms.BaseForm):
    """A form whose fields say what is wrong in the studio's words, unless they have words of their own.

    Its page says `novalidate`, because the browser's words are in the browser's language.
    """

    def full_clean(self) -> None:
        for field in self.fields.values():
            words = {**WORDS, "invalid": WRONG_KIND.get(type(field), "")}
            for code in filter(words.get, words):
                if code not in field.error_messages or _is_djangos(field, code):
                    field.error_messages[code] = words[code]
        super().full_clean()


def _is_djangos(field: forms.Field, code: str) -> bool:
    """Whether what the field says is what Django's class says, and not the words of a field or class of ours."""
    kinds = (kind for kind in type(field).__mro__ if code in vars(kind).get("default_error_messages", {}))
    kind: Any = next(kinds, None)
    if kind is None or not kind.__module__.startswith("django."):
        return False
    return field.error_messages[code] is kind.default_error_messages[code]


class Form(InOurWords, forms.Form):
    """The base of every form of ours."""


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
        return self.normalize(super().to_python(value) or "")

    def normalize(self, text: str) -> str:
        return composed(unix_lines(text))

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and not is_visible(value):
            raise forms.ValidationError(self.error_messages["invisible"], code="invisible")
        if over := max(0, len(value) - self.most):
            params = {"over": over, "most": self.most, "length": len(value)}
            raise forms.ValidationError(self.error_messages["too_long"], code="too_long", params=params)


class DayInput(forms.DateInput):
    """A browser's field for a day, which takes its value as 2026-01-31, whatever the page's language."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class NameField(TextField):
    """One line that people tell things apart by, without what nobody sees in it."""

    def clean(self, value: Any) -> str:
        text = self.to_python(value)
        name = name_in(text)
        # What is nothing but invisible is not empty: whoever pasted it should hear so.
        self.validate(name if name or not text else text)
        self.run_validators(name)
        return name
