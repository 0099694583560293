"""Creating, opening and revoking share links."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from accounts import throttles, vault
from accounts.models import User
from accounts.throttles import Count, Limit
from audit.log import record
from audit.models import Action
from generations.models import Collection, Generation, Heart, Result, Share, ShareItem

MOST = 500
MOST_HEARTS = 1000  # per link
AN_HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)
VISITOR = Limit("share password of a visitor", 10, timedelta(minutes=15), A_DAY, 2 * A_DAY)
LINK = Limit("share password of all visitors", 100, timedelta(minutes=1), AN_HOUR, A_DAY)
NEW_GUESTS = Limit("first hearts of a network", 50, timedelta(minutes=1), AN_HOUR, AN_HOUR)
# Clients that fetch a page to preview or index it are not visitors. A CUBOT, however, is a phone.
BOT = re.compile(
    r"(?<!\bcu)bot\b|crawl|spider|preview|facebookexternalhit|facebot|whatsapp|telegram|slack|discord|twitter|linkedin|"
    r"pinterest|skype|teams|cardyb|vkshare|iframely|mastodon|embed|curl|wget|python|http\.rb|httpclient|headlesschrome|"
    r"monitor|scanner|^$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Offer:
    """What a new link would show: the first `MOST` of the `number` results that may be shared, and how many are left
    out."""

    rows: list[Generation]
    number: int
    left_out: int


def chosen(user: User, ids: Iterable[UUID]) -> Offer:
    """The person's finished generations among these, in the order of the ids, without those whose files are lost."""
    order = {pk: place for place, pk in reversed(list(enumerate(ids)))}
    files = Result.objects.filter(generation=OuterRef("pk"))
    lost = Exists(files) & ~Exists(files.filter(gone_at=None))
    own = sorted(Generation.objects.finished_by(user).filter(~lost, pk__in=order), key=lambda row: order[row.pk])
    return Offer(own[:MOST], len(own), len(order) - len(own))


def collected(user: User, collection: Collection) -> Offer:
    """The person's finished generations that they added to the collection themselves, in its order."""
    own = collection.arrange(Generation.objects.finished_by(user), by=user)
    number = own.count()
    return Offer(list(own[:MOST]), number, collection.wall(user).count() - number)


@sensitive_variables("password", "contents")
def share(
    user: User,
    rows: Sequence[Generation],
    *,
    follow: Collection | None = None,
    password: str = "",
    nonce: UUID | None = None,
    **choices: Any,
) -> Share:
    """Creates a link to these generations, or to whatever is in a collection at any time. `choices` are fields of
    Share.

    The nonce comes from the page. A second click, or the same page submitted again, finds the link that was created
    first. A changed request creates another link, and so does the same page after that link was revoked.
    """
    made = Share(created_by=user, collection=follow, **choices)
    made.seal()
    made.set_password(password)
    asked = {**choices, "expires_at": str(choices.get("expires_at"))[:10]}  # the expiry counts from each click
    contents = repr((nonce, follow and follow.pk, [row.pk for row in rows], password, sorted(asked.items())))
    made.nonce = UUID(vault.derive("share button", contents.encode())[:32]) if nonce else None
    same = Share.objects.filter(created_by=user, nonce=made.nonce, nonce__isnull=False)
    if known := same.first():
        if same.live().contains(known) and _is_as_asked(known, asked, password):
            return known
        same.filter(pk=known.pk).update(nonce=None)  # revoked or changed since, so the button may create another
    try:
        with transaction.atomic():
            made.save(force_insert=True)
            items = [ShareItem(share=made, generation=row, number=place) for place, row in enumerate(rows)]
            ShareItem.objects.bulk_create([] if follow else items)
            record(Action.SHARE_CREATED, made, details={"with_password": bool(password)})
    except IntegrityError:
        if parallel := same.first():
            return parallel
        raise
    return made


def _is_as_asked(share: Share, asked: dict[str, Any], password: str) -> bool:
    """Whether the link still matches what the page requested, since its owner may have changed it."""
    now = {**{name: getattr(share, name) for name in asked}, "expires_at": str(share.expires_at)[:10]}
    return now == asked and (share.is_opened_by(password) if share.password else not password)


def change(share: Share, choices: Mapping[str, Any], password: str | None) -> None:
    """Changes a link, and nothing that another tab has changed in the meantime. An empty password takes its password
    away, None leaves it."""
    changed = [name for name, value in choices.items() if getattr(share, name) != value]
    for name in changed:
        setattr(share, name, choices[name])
    if password is not None:
        share.set_password(password)
        changed.append("password")
    if not changed:
        return
    with transaction.atomic():
        share.save(update_fields=changed)
        record(Action.SHARE_CHANGED, share, details={"fields": changed})


def revoke(*shares: Share) -> int:
    """Revokes the links immediately and for good. Returns how many."""
    now, revoked = timezone.now(), 0
    with transaction.atomic():
        for one in shares:
            if Share.objects.filter(pk=one.pk, revoked_at=None).update(revoked_at=now):
                record(Action.SHARE_REVOKED, one)
                revoked += 1
    return revoked


def try_password(share: Share, address: str, plain: str) -> bool:
    """Whether the password opens the share. Raises Waiting after too many wrong ones, also of other visitors."""
    key = f"{share.pk} {share.password}"  # a new password is not what was guessed at
    trying = throttles.begin(Count(VISITOR, f"{key} {throttles.network(address)}"), Count(LINK, key))
    if not share.is_opened_by(plain):
        return False
    trying.was_right()
    return True


def count_view(share: Share, agent: str) -> None:
    """Counts one more visitor, unless it is a bot that renders previews."""
    if not BOT.search(agent):
        Share.objects.filter(pk=share.pk).update(views=F("views") + 1, viewed_at=timezone.now())
        record(Action.SHARE_OPENED, share)


def let_in(share: Share, guest: str, address: str) -> None:
    """Raises Waiting if too many guests of this network gave their first heart lately: anybody can be a new one."""
    if not share.hearts.filter(guest=_hash(guest)).exists():
        throttles.begin(Count(NEW_GUESTS, f"{share.pk} {throttles.network(address)}"))


def heart(share: Share, result: Result, guest: str, name: str, *, on: bool = True) -> bool:
    """Adds or removes this guest's heart. Returns False if the link has reached its limit of hearts.

    Idempotent.
    """
    mine = {"share": share, "result": result, "guest": _hash(guest)}
    with transaction.atomic():
        Share.objects.select_for_update(no_key=True).get(pk=share.pk)  # the lock makes counting and adding atomic
        own = Heart.objects.filter(**mine)
        if not on:
            own.delete()
        elif not own.exists():
            if is_full(share):
                return False
            Heart.objects.create(**mine, name=name)
    return True


def rename_guest(guest: str, name: str) -> None:
    """Puts every heart of this guest under another name."""
    Heart.objects.filter(guest=_hash(guest)).update(name=name)


def is_full(share: Share) -> bool:
    return share.hearts.count() >= MOST_HEARTS


def hearts_of(share: Share, guest: str) -> set[UUID]:
    """The pictures that this guest has given a heart."""
    mine = Heart.objects.filter(share=share, guest=_hash(guest))
    return set(mine.values_list("result_id", flat=True))


def _hash(guest: str) -> str:
    return hashlib.sha256(guest.encode()).hexdigest()
