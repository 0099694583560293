"""The studio's form, made from the catalogue."""

from .generate import FIELD_OF_MEMBER, GenerateForm, initial_from

__all__ = ["FIELD_OF_MEMBER", "GenerateForm", "initial_from"]
