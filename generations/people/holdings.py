"""What a person has made and would leave behind, counted."""

from dataclasses import dataclass

from django.db.models import Q

from accounts.models import Token, User
from generations.models import Attempt, Collection, Generation, Preset, Result, Share

S = Generation.Status
OPEN_ATTEMPTS = [Attempt.Outcome.SENT, Attempt.Outcome.UNKNOWN]


@dataclass(frozen=True)
class Holdings:
    """Counts of one person's things. `running` are paid and not finished; `unknown` may have been charged."""

    generations: int
    files: int
    waiting: int
    running: int
    unknown: int
    collections: int
    team_collections: int
    presets: int
    links: int
    tokens: int

    @property
    def any(self) -> bool:
        """Whether deleting the account would lose something that somebody made."""
        return bool(self.generations or self.collections or self.presets or self.links)

    @property
    def words(self) -> list[str]:
        """One line for each kind, with what is told apart in it."""
        lines = [
            (self.generations, f"generations, with {self.files} kept files"),
            (self.waiting, "of them waiting to be sent: they are cancelled, and cost nothing"),
            (self.running, "of them still running at Meigen: they are paid, and their results will be saved"),
            (self.unknown, "of them with an unknown charge: check them again first, it is free"),
            (self.collections, f"collections, {self.team_collections} of them of the team"),
            (self.presets, "presets"),
            (self.links, "share links that are not revoked"),
            (self.tokens, "Meigen tokens, which stay valid at meigen.ai until they are revoked there"),
        ]
        return [f"{count:,} {words}" for count, words in lines if count]


def of(person: User) -> Holdings:
    made = Generation.objects.owned_by(person)
    unknown = made.filter(status=S.STALLED) & made.filter(Q(remote_id__gt="") | Q(attempts__outcome__in=OPEN_ATTEMPTS))
    collections = Collection.objects.owned_by(person)
    return Holdings(
        generations=made.count(),
        files=Result.objects.filter(generation__in=made, kept_at__isnull=False).count(),
        waiting=made.filter(status__in=[S.QUEUED, S.HELD]).count(),
        running=made.filter(status__in=[S.SENDING, S.RUNNING]).count(),
        unknown=unknown.distinct().count(),
        collections=collections.count(),
        team_collections=collections.filter(is_team=True).count(),
        presets=Preset.objects.filter(owner=person).count(),
        links=Share.objects.filter(created_by=person, revoked_at=None).count(),
        tokens=Token.objects.filter(owner=person).count(),
    )
