"""Cards as a page shows them to a person."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.core.cache import caches
from django.db.models import Count, Q
from django.db.models.expressions import RawSQL
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from accounts.models import User
from generations.dispatch import line
from generations.models import Generation, GenerationQuerySet, Star

S = Generation.Status
# What a cached card's links end with, in place of the list that it is shown in.
OPEN_END = "?list"
# Raw SQL, because the ORM takes longer to compose subqueries than the database to answer them. No join: it could
# keep the database from using the order of the list.
STARS = "SELECT COUNT(*) FROM generations_star WHERE generation_id = generations_generation.id"
MAKER = "SELECT username FROM accounts_user WHERE id = generations_generation.owner_id"


@dataclass(frozen=True)
class Shown:
    """A card's HTML, and whether the card may still change by itself."""

    pk: UUID
    created_at: datetime
    html: SafeString
    is_live: bool
    status: str
    nonce: str
    number: int


def prepared(cards: Iterable[Generation], viewer: User) -> list[Generation]:
    """The cards with everything that depends on the viewer and the moment: place in line, ownership and stars."""
    found = list(cards)
    places = line.places(found, timezone.now())
    stars = Star.objects.filter(generation__in=found).order_by().values("generation_id")
    counted = stars.annotate(all=Count("pk"), own=Count("pk", filter=Q(user=viewer)))
    starred = {row["generation_id"]: (row["all"], bool(row["own"])) for row in counted}
    for card in found:
        card.place = places.get(card.pk)
        card.is_own = card.owner_id == viewer.pk
        card.stars_count, card.is_starred = starred.get(card.pk, (0, False))
    return found


def shown(rows: GenerationQuerySet, viewer: User, within: str) -> list[Shown]:
    """The rows as cards, in the given order. Finished cards come from the cache while their version is unchanged. Their
    links carry the list `within` which they are shown, see `lists.carried`.

    Rendering is what makes a page of cards slow, so a cached page takes a single query. Unfinished cards show times and
    buttons that depend on more than their version, so they are always rendered.
    """
    asked = {
        "star": RawSQL(f"({STARS} AND user_id = %s)", [viewer.pk]),  # noqa: S611
        "count": RawSQL(f"({STARS})", []),  # noqa: S611
        "maker": RawSQL(f"({MAKER})", []),  # noqa: S611
    }
    told = ("pk", "created_at", "status", "nonce", "number", "version", "owner_id", *asked)
    heads = list(rows.annotate(**asked).values_list(*told))
    language = get_language()
    keys = {
        pk: f"{pk}:{version}:{'' if owner == viewer.pk else _short(maker)}:{starred}:{count}:{language}"
        for pk, _, status, _, _, version, owner, starred, count, maker in heads
        if status == S.DONE
    }
    cache = caches["cards"]
    known: dict[str, tuple[str, bool]] = cache.get_many(keys.values())
    missing = [pk for pk, *_ in heads if keys.get(pk) not in known]
    drawn: dict[UUID, tuple[str, bool]] = {}
    if missing:
        stars_of = {pk: (bool(starred), count) for pk, *_, starred, count, _maker in heads}
        for card in prepared(Generation.objects.filter(pk__in=missing).with_card(), viewer):
            card.is_starred, card.stars_count = stars_of[card.pk]  # the cached card must match its key
            drawn[card.pk] = (_drawn(card), card.is_live)
        # A row that changed after its version was read is cached under the old version, which nobody requests again.
        cache.set_many({keys[pk]: drawn[pk] for pk in drawn if pk in keys})
    found = []
    for pk, created_at, status, nonce, number, *_ in heads:
        if card_of := drawn.get(pk) or known.get(keys.get(pk, "")):
            html = card_of[0].replace(f"/{pk}/{OPEN_END}", f"/{pk}/{escape(within)}")
            found.append(Shown(pk, created_at, SafeString(html), card_of[1], status, nonce, number))
    return found


def _drawn(card: Generation) -> str:
    return render_to_string("generations/_card.html", {"card": card, "within": OPEN_END})


def _short(name: str) -> str:
    """A person's name as part of a cache key, which may contain neither spaces nor much text."""
    return hashlib.sha256(name.encode()).hexdigest()[:16]
