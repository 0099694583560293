"""The rows that are the truth: everything the workers do can be told from them."""

from .catalogue import Catalogue
from .generation import Attempt, Event, Generation, GenerationQuerySet, Place
from .lease import Lease, RateGate
from .reference import Reference, ReferenceUse
from .result import Result
from .share import Share

__all__ = [
    "Attempt",
    "Catalogue",
    "Event",
    "Generation",
    "GenerationQuerySet",
    "Lease",
    "Place",
    "RateGate",
    "Reference",
    "ReferenceUse",
    "Result",
    "Share",
]
