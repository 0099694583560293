"""The rows that are the truth: everything the workers do can be told from them."""

from .catalogue import Catalogue
from .collection import Collection, CollectionItem
from .generation import Attempt, Event, Generation, GenerationQuerySet, Place, wish_of
from .keyset import Position
from .lease import Lease, RateGate
from .preset import Preset
from .reference import Reference, ReferenceUse
from .result import Result
from .search import Searchable, TooMany
from .share import Heart, Share, ShareItem, WrongPasswords
from .star import Star

__all__ = [
    "Attempt",
    "Catalogue",
    "Collection",
    "CollectionItem",
    "Event",
    "Generation",
    "GenerationQuerySet",
    "Heart",
    "Lease",
    "Place",
    "Position",
    "Preset",
    "RateGate",
    "Reference",
    "ReferenceUse",
    "Result",
    "Searchable",
    "Share",
    "ShareItem",
    "Star",
    "TooMany",
    "WrongPasswords",
    "wish_of",
]
