"""The prompt: its field in the studio's form, and what the form makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.fields import TextField
from accounts.text import unix_lines
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


class PromptField(TextField):
    """The prompt, in the Unicode form in which it was typed."""

    widget = forms.Textarea(attrs={"rows": 4, "placeholder": _("A calico cat in a sunlit kitchen"), "data-key": "p"})
    default_error_messages = {
        "required": _("Write a prompt first: what should the picture show?"),
        "invisible": _("The prompt contains only invisible characters. Write what the picture should show."),
        "too_long": _("The prompt has %(length)s characters; at most %(most)s are allowed. Shorten it."),
    }

    def __init__(self) -> None:
        super().__init__(most=MAX_PROMPT)

    def normalize(self, text: str) -> str:
        return normalized(text)
