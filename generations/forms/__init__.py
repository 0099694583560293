"""The forms of the pages: what to generate, made from the catalogue; what to look for in the history."""

from .generate import FIELD_OF_MEMBER, GenerateForm, initial_from, not_offered, price_of
from .history import HistoryForm
from .share import ShareForm

__all__ = ["FIELD_OF_MEMBER", "GenerateForm", "HistoryForm", "ShareForm", "initial_from", "not_offered", "price_of"]
