"""What a password has to be like: Django's rules, said in the studio's words before and after."""

from django.contrib.auth import password_validation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext


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
    def get_error_message(self) -> str:
        return _("Many people use this password, so it is easy to guess. Choose another.")

    def get_help_text(self) -> str:
        return _("Not one that many people use.")


class UserAttributeSimilarityValidator(password_validation.UserAttributeSimilarityValidator):
    def get_error_message(self) -> str:
        return _("This is too much like your name or email address. Choose another.")

    def get_help_text(self) -> str:
        return _("Not like your name or email address.")
