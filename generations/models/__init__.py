"""The rows that are the truth: everything the workers do can be told from them."""

from generations.models.approval import Approval
from generations.models.budget import Budget
from generations.models.catalogue import Catalogue, CatalogueChange
from generations.models.collection import Collection, CollectionItem
from generations.models.draft import Draft
from generations.models.generation import Generation, GenerationQuerySet
from generations.models.keyset import Part, Position
from generations.models.lease import Lease, RateGate
from generations.models.ledger import DailyUsage, LedgerEntry
from generations.models.pause import Pause
from generations.models.preset import Preset
from generations.models.project import Project
from generations.models.reference import Reference, ReferenceUse
from generations.models.result import Result
from generations.models.saved_view import SavedView
from generations.models.search import Searchable, TooMany
from generations.models.sending import Place
from generations.models.share import Heart, Share, ShareItem
from generations.models.star import Star
from generations.models.timeline import Attempt, Event
from generations.models.trail import Trail
from generations.models.wish import wish_of

__all__ = [
    "Approval",
    "Attempt",
    "Budget",
    "Catalogue",
    "CatalogueChange",
    "Collection",
    "CollectionItem",
    "DailyUsage",
    "Draft",
    "Event",
    "Generation",
    "GenerationQuerySet",
    "Heart",
    "Lease",
    "LedgerEntry",
    "Part",
    "Pause",
    "Place",
    "Position",
    "Preset",
    "Project",
    "RateGate",
    "Reference",
    "ReferenceUse",
    "Result",
    "SavedView",
    "Searchable",
    "Share",
    "ShareItem",
    "Star",
    "TooMany",
    "Trail",
    "wish_of",
]
