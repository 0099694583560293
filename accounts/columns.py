"""Columns for what people type, which hold one Unicode form whoever writes them.

Uniqueness and look-ups compare code points, so without this a name typed on a Mac could differ from the same name typed
elsewhere. In the database they are Django's own columns.
"""

import unicodedata
from typing import TYPE_CHECKING, Any

from django.db import models

from accounts.text import composed

if TYPE_CHECKING:
    Characters = models.CharField[str, str]
    Address = models.EmailField[str, str]
else:
    Characters, Address = models.CharField, models.EmailField


class NameField(Characters):
    """Text in NFC."""

    def to_python(self, value: Any) -> Any:
        return composed(super().to_python(value) or "")

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return composed(value) if isinstance(value, str) else value

    def deconstruct(self) -> Any:
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.CharField", args, options


def as_address(value: str) -> str:
    """An email address as `EmailField` keeps it: NFKC, which user names have too, and lower case as allauth expects."""
    return unicodedata.normalize("NFKC", value).lower()


class EmailField(Address):
    """An email address in one form, so that signing in with it works however it is spelled."""

    def to_python(self, value: Any) -> Any:
        return as_address(super().to_python(value) or "")

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return as_address(value) if isinstance(value, str) else value

    def deconstruct(self) -> Any:
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.EmailField", args, options
