"""Turns one click into rows: all of them in one transaction, or none."""

import hashlib
import unicodedata
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Token, User
from generations.dispatch import failpoints, wake
from generations.models import Approval, Collection, Event, Generation, ReferenceUse, Trail, approval, budget
from generations.models.ledger import day_of
from generations.studio.form import GenerateForm
from generations.studio.prices import together
from meigen_api.calls import canonical_body

S = Generation.Status


@dataclass(frozen=True)
class Wanted:
    """A valid form, and the public addresses of its references by their ids."""

    form: GenerateForm
    urls: Mapping[uuid.UUID, str] = field(default_factory=dict)


def create(
    owner: User, token: Token, form: GenerateForm, urls: Mapping[uuid.UUID, str] | None = None
) -> tuple[list[Generation], bool]:
    """One click, one transaction: the rows of a valid form, and whether they are new.

    A click that needs approval is held until somebody decides. Raises budget.Refused if it does not fit into a budget.
    `urls` are the public addresses of the form's references, by their ids. The same nonce finds the rows of the first
    click again, so a double click or a page sent twice is charged once.
    """
    wishes = [form.wish(prompt) for prompt in form.wanted]
    click = form.cleaned_data["nonce"] or uuid.uuid4().hex
    # The response to the first click may have been lost and the form edited since: that is another wish. The same edit
    # gives the same second nonce, so it is charged once as well.
    edited = hashlib.sha256("".join([click, *wishes]).encode()).hexdigest()
    for nonce in (click, edited):
        rows, new = create_together(owner, token, [Wanted(form, urls or {})], nonce)
        if new or [row.wish for row in rows] == wishes:
            return rows, new
    raise RuntimeError("The nonce of an edited click names other wishes.")


def create_together(owner: User, token: Token, wanted: Sequence[Wanted], nonce: str) -> tuple[list[Generation], bool]:
    """The same for several forms of one project, of which nobody can have edited any since: whatever rows the nonce
    finds are those of this click."""
    try:
        return _inserted(owner, token, wanted, nonce), True
    except IntegrityError:
        known = of_click(owner, nonce)
        if not known:
            raise
        return known, False


def of_click(owner: User, nonce: str) -> list[Generation]:
    """What a click has made, in its order."""
    return list(Generation.objects.filter(owner=owner, nonce=nonce).order_by("number"))


def _inserted(owner: User, token: Token, wanted: Sequence[Wanted], nonce: str) -> list[Generation]:
    """All the rows of a click. Raises IntegrityError when the nonce has been used."""
    first, price = wanted[0].form, together(each.form.price for each in wanted)
    credits = price.most if price else None
    now = timezone.now()
    with transaction.atomic():
        try:
            budget.check(owner.pk, first.project_id, credits, day_of(now))
        except budget.Refused:
            if not Generation.objects.filter(owner=owner, nonce=nonce).exists():  # else this click has been counted
                raise
        made = [(row, each.form) for each in wanted for row in _rows(owner, token, each, now)]
        is_held = approval.needed(owner, credits)
        for number, (row, _form) in enumerate(made, 1):
            row.nonce, row.number, row.batch_size = nonce, number, len(made)
            row.created_at = now + timedelta(microseconds=number)  # keeps the rows of a click in order in lists
            row.status, row.needs_approval = S.HELD if is_held else S.QUEUED, is_held
        rows = Generation.objects.bulk_create(row for row, _form in made)
        ReferenceUse.objects.bulk_create(
            ReferenceUse(generation=row, reference=reference, number=number, role=role)
            for row, form in made
            for number, (reference, role) in enumerate(form.attached.uses)
        )
        if first.cleaned_data.get("into"):
            _collect(owner, first.cleaned_data["into"], rows)
        trail = Trail()
        for row in rows:
            trail.add(Event(generation=row, at=rows[0].created_at, status=row.status), None, row.booking)
        trail.write()
        if is_held:
            reason = first.cleaned_data["reason"]
            Approval.objects.create(
                owner=owner, nonce=nonce, credits=credits, reason=reason, asked_at=rows[0].created_at
            )
        wake.sweep()
        failpoints.reach("before-commit")
    failpoints.reach("after-commit")
    return rows


def _collect(owner: User, pk: uuid.UUID, rows: list[Generation]) -> None:
    """Adds the rows of a click to a collection. If the collection is gone, the click still counts."""
    collection = Collection.objects.visible_to(owner).locked().filter(pk=pk).first()
    if collection is not None:
        collection.add(owner, rows)


def _source(owner: User, form: GenerateForm) -> uuid.UUID | None:
    """The generation that the form was opened with. If its owner may not see it, the click still counts."""
    wanted = form.cleaned_data["made_from"]
    seen = Generation.objects.visible_to(owner).filter(pk=wanted) if wanted else Generation.objects.none()
    return seen.values_list("pk", flat=True).first()


def _rows(owner: User, token: Token, wanted: Wanted, now: datetime) -> Iterator[Generation]:
    """What one form asks for. The click gives each row its place and its first status."""
    form = wanted.form
    assert form.model is not None  # a valid form has a model
    price = form.price_each
    source = _source(owner, form)
    for prompt in form.wanted:
        key = uuid.uuid4()
        fields = form.request_fields(prompt, wanted.urls)
        yield Generation(
            owner=owner,
            project=form.cleaned_data.get("project"),
            made_from_id=source,
            idempotency_key=key,
            body=canonical_body({**fields, "idempotencyKey": str(key)}),
            prompt=unicodedata.normalize("NFC", fields["prompt"]),  # normalized for search; it is sent as typed
            model_id=form.model.id,
            model_name=form.model.name[:200],
            media_type=form.model.media_type,
            aspect_ratio=fields.get("aspectRatio", "")[:20],
            credits_estimated=price.least if price else None,
            credits_estimated_most=price.most if price and not price.is_exact else None,
            expected_wait=form.model.typical_seconds,
            wish=form.wish(prompt),
            token=token,
            counted_on=day_of(now),
            queued_at=now,
        )
