"""The prompt: its field in the studio's form, and what the form makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.text import is_visible, unix_lines
from generations.studio import alternatives

MAX_PROMPT = 10_000
MAX_AT_ONCE = 40


def normalized(text: str) -> str:
    """The text as Meigen is sent it. Its Unicode form stays as typed."""
    return unix_lines(text).strip()


@dataclass(frozen=True)
class Written:
    """A prompt, valid or not. `as_typed` says that its braces mean nothing."""

    text: str
    as_typed: bool = False

    @classmethod
    def typed(cls, value: object, *, as_typed: bool) -> Written:
        return cls(normalized(str(value or "")), as_typed)

    @cached_property
    def number(self) -> int:
        """How many prompts it makes."""
        made = 1 if self.as_typed else alternatives.count(self.text)
        return made if made > MAX_AT_ONCE else len(self.prompts)

    @cached_property
    def prompts(self) -> list[str]:
        """The prompts that the alternatives expand to, or the prompt alone if there are too many."""
        if self.as_typed or alternatives.count(self.text) > MAX_AT_ONCE:
            return [self.text]
        return alternatives.expand(self.text)

    @cached_property
    def has_alternatives(self) -> bool:
        """Whether its braces or backslashes would mean something."""
        return alternatives.count(self.text) > 1 or alternatives.expand(self.text) != [self.text]

    @property
    def has_unclosed_brace(self) -> bool:
        return not self.as_typed and alternatives.is_unclosed(self.text)

    @property
    def characters_over(self) -> int:
        """By how many characters it is too long."""
        return max(0, len(self.text) - MAX_PROMPT)

    def as_initial(self) -> dict[str, Any]:
        """The form's values for a prompt that was not typed into it: its braces mean nothing."""
        return {"prompt": self.text, "as_typed": Written(self.text.strip()).has_alternatives}


class PromptField(forms.CharField):
    """The prompt. What nobody can see is no prompt, and a longer one is refused rather than cut by the browser."""

    widget = forms.Textarea(attrs={"rows": 4, "placeholder": _("A calico cat in a sunlit kitchen"), "data-key": "p"})
    default_error_messages = {
        "required": _("Write a prompt first: what should the picture show?"),
        "invisible": _("The prompt contains only invisible characters. Write what the picture should show."),
        "max_length": _("The prompt has %(show_value)s characters; at most %(limit_value)s are allowed. Shorten it."),
    }

    def __init__(self) -> None:
        super().__init__(max_length=MAX_PROMPT)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attrs = {name: value for name, value in super().widget_attrs(widget).items() if name != "maxlength"}
        return {**attrs, "dir": "auto"}

    def to_python(self, value: Any) -> str:
        return normalized(super().to_python(value) or "")

    def validate(self, value: str) -> None:
        super().validate(value)
        if not is_visible(value):
            raise forms.ValidationError(self.error_messages["invisible"], code="invisible")
