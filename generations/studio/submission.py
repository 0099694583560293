"""Turns one click on the studio's form into rows: all of them in one transaction, or none."""

import hashlib
import unicodedata
import uuid
from collections.abc import Mapping
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Token, User
from generations.dispatch import failpoints, wake
from generations.models import Approval, Collection, Event, Generation, ReferenceUse, Trail, approval, budget
from generations.models.ledger import day_of
from generations.studio.form import GenerateForm
from meigen_api.calls import canonical_body

S = Generation.Status


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
        try:
            return _inserted(owner, token, form, nonce, urls), True
        except IntegrityError:
            known = list(Generation.objects.filter(owner=owner, nonce=nonce).order_by("number"))
            if not known:
                raise
        if [row.wish for row in known] == wishes:
            return known, False
    raise RuntimeError("The nonce of an edited click names other wishes.")


def _inserted(
    owner: User, token: Token, form: GenerateForm, nonce: str, urls: Mapping[uuid.UUID, str] | None
) -> list[Generation]:
    """All the rows of a click. Raises IntegrityError when the nonce has been used."""
    with transaction.atomic():
        try:
            budget.check(owner.pk, form.project_id, form.credits_at_most, day_of(timezone.now()))
        except budget.Refused:
            if not Generation.objects.filter(owner=owner, nonce=nonce).exists():  # else this click has been counted
                raise
        rows = Generation.objects.bulk_create(_rows(owner, token, form, nonce, urls))
        ReferenceUse.objects.bulk_create(
            ReferenceUse(generation=row, reference=reference, number=number, role=role)
            for row in rows
            for number, (reference, role) in enumerate(form.attached.uses)
        )
        if form.cleaned_data.get("into"):
            _collect(owner, form.cleaned_data["into"], rows)
        now = rows[0].created_at
        trail = Trail()
        for row in rows:
            trail.add(Event(generation=row, at=now, status=row.status), None, row.booking)
        trail.write()
        if rows[0].status == S.HELD:
            Approval.objects.create(
                owner=owner, nonce=nonce, credits=form.credits_at_most, reason=form.cleaned_data["reason"], asked_at=now
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


def _rows(
    owner: User, token: Token, form: GenerateForm, nonce: str, urls: Mapping[uuid.UUID, str] | None
) -> list[Generation]:
    assert form.model is not None  # a valid form has a model
    now = timezone.now()
    price = form.price_each
    source = _source(owner, form)
    is_held = approval.needed(owner, form.credits_at_most)
    rows = []
    for number, prompt in enumerate(form.wanted, 1):
        key = uuid.uuid4()
        fields = form.request_fields(prompt, urls)
        rows.append(
            Generation(
                owner=owner,
                status=S.HELD if is_held else S.QUEUED,
                needs_approval=is_held,
                project=form.cleaned_data.get("project"),
                made_from_id=source,
                nonce=nonce,
                number=number,
                batch_size=form.total,
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
                created_at=now + timedelta(microseconds=number),  # keeps the rows of a click in order in lists
                counted_on=day_of(now),
                queued_at=now,
            )
        )
    return rows
