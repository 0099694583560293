"""What may be sent to Meigen, and what waits for that."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import Token, User
from generations.models.keyset import ListQuerySet, Row
from generations.models.lease import is_over
from generations.models.sentences import Sentence
from generations.models.status import Status

# For how long a request may be sent after it was made, by what it names: uploads last a day and a week at Meigen, and
# are made anew for a request when they are older than the rest of that, see `dispatch.upload`.
REQUESTS_LAST = {"image": timedelta(hours=20), "video": timedelta(days=4), "audio": timedelta(days=4)}


@dataclass(frozen=True)
class Place:
    """Where a waiting generation stands in its token's line, from 1, and when its turn comes if nobody joins before."""

    number: int
    starts_at: datetime


def _owner(**columns: Any) -> Exists:
    """Whether a row's owner is like this. Asked of each row by itself: with a join SQLite might begin with the people,
    and read all they have ever made."""
    return Exists(User.objects.filter(pk=OuterRef("owner"), **columns))


def _unpaid() -> Q:
    """What nobody may pay for: its owner is switched off, or it was handed over and the token is somebody else's."""
    own_token = Exists(Token.objects.filter(pk=OuterRef("token"), owner=OuterRef("owner")))
    return _owner(is_active=False) | (Q(token__isnull=False) & ~own_token)


def _parked() -> Q:
    """What is not sent by itself: that, and what its owner asked for before they were switched off and on again."""
    return _unpaid() | Q(_owner(active_since__gt=OuterRef("queued_at")))


class SendingQuerySet(ListQuerySet[Row]):
    """Generations, as those who send them ask for them."""

    def with_replaced_token(self) -> Self:
        """Rejected for a token that has been replaced since, so they may go out again by themselves.

        Not those whose uploads Meigen has forgotten (`has_old_uploads`).
        """
        rejected = self.unparked().filter(
            status=Status.REJECTED,
            answer_status=401,
            token__isnull=False,
            token__refused_at=None,
            deleted_at=None,
        )
        return rejected.without_old_uploads(timezone.now())

    def claimable(self, now: datetime) -> Self:
        """What nobody is sending and whose pause is over; own columns only, so that an UPDATE may ask it again."""
        return self.filter(
            is_over("lease_until", now),
            is_over("not_before", now),
            status__in=[Status.QUEUED, Status.SENDING],
        )

    def with_good_token(self) -> Self:
        """Without what waits for its person to replace a token."""
        return self.filter(token__refused_at=None, token__isnull=False)

    def unparked(self) -> Self:
        """Without what nobody may pay for, or its owner has to be asked about. Told from the rows alone, so that it
        holds whoever switches an account off, and however."""
        return self.exclude(_parked())

    def to_put_away(self) -> Self:
        """What waits although it is parked."""
        return self.filter(_parked(), status__in=[Status.QUEUED, Status.HELD])

    def put_away(self) -> Self:
        """What never was sent because its owner was switched off, and can be now that they are back."""
        return self.exclude(_unpaid()).filter(
            status=Status.CANCELLED, message=Sentence.SWITCHED_OFF.stored(), deleted_at=None
        )

    def lacking_credits(self, now: datetime) -> Self:
        """Refused for want of credits lately, and fit to be sent again."""
        refused = self.exclude(_unpaid()).filter(
            status=Status.REJECTED,
            answer_status=402,
            token__isnull=False,
            token__refused_at=None,
            finished_at__gt=now - timedelta(days=1),
            deleted_at=None,
        )
        return refused.without_old_uploads(now)

    def without_old_uploads(self, now: datetime) -> Self:
        """Without what waited so long that Meigen may have forgotten a reference that it names."""
        rows = self
        generations: Any = self.model
        uses = generations.references.through.objects.filter(generation=OuterRef("pk"))
        for kind, lasts in REQUESTS_LAST.items():
            uploaded = uses.filter(reference__kind=kind, reference__uploaded_at__isnull=False)
            rows = rows.exclude(Exists(uploaded), created_at__lt=now - lasts)
        return rows

    def orphaned(self) -> Self:
        """Half sent with a token that has been removed since, or for an owner who is switched off."""
        return self.filter(Q(token=None) | _parked(), status=Status.SENDING)
