"""What a person does to generations: ask for some, cancel, send again, check again."""

import hashlib
import logging
import time
import unicodedata
import uuid
from collections.abc import Mapping
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from accounts import vault
from accounts.models import Token, User
from meigen_api.calls import canonical_body
from meigen_api.errors import MeigenError

from .dispatch import failpoints, fetch, poll, receipt, submit, wake
from .forms import GenerateForm
from .models import Collection, Event, Generation, ReferenceUse

S = Generation.Status

logger = logging.getLogger(__name__)

# How long a click waits for Meigen, so that a 400 or 402 is on the page at once. The rest belongs to the workers.
CLICK_SECONDS = 5.0


def ask(
    owner: User, token: Token, form: GenerateForm, urls: Mapping[uuid.UUID, str] | None = None
) -> tuple[list[Generation], bool]:
    """One click, one transaction: the rows of a valid form, and whether they are new.

    `urls` are the public addresses of the form's references, by their ids. The same nonce finds the rows of
    the first click again, so a double click or a page sent twice is paid once.
    """
    nonce = form.cleaned_data["nonce"] or uuid.uuid4().hex
    try:
        with transaction.atomic():
            rows = Generation.objects.bulk_create(_rows(owner, token, form, nonce, urls))
            ReferenceUse.objects.bulk_create(
                ReferenceUse(generation=row, reference=reference, number=number, role=role)
                for row in rows
                for number, (reference, role) in enumerate(form.attached.uses)
            )
            if form.cleaned_data.get("into"):
                _collect(owner, form.cleaned_data["into"], rows)
            now = rows[0].created_at
            Event.objects.bulk_create([Event(generation=row, at=now, status=S.QUEUED) for row in rows])
            wake.sweep()
            failpoints.reach("before-commit")
    except IntegrityError:
        known = list(Generation.objects.filter(owner=owner, nonce=nonce).order_by("number"))
        if not known:
            raise
        wishes = [form.wish(prompt) for prompt in form.wanted]
        if [row.wish for row in known] == wishes:
            return known, False
        # The answer to the first click was lost and the form was edited since: this is another wish. The same edit
        # gives the same new nonce, so that it too is paid once.
        form.cleaned_data["nonce"] = hashlib.sha256("".join([nonce, *wishes]).encode()).hexdigest()
        return ask(owner, token, form, urls)
    failpoints.reach("after-commit")
    return rows, True


def _collect(owner: User, pk: uuid.UUID, rows: list[Generation]) -> None:
    """Puts the rows of a click into a collection, unless it is gone: the click is worth more."""
    collection = Collection.objects.visible_to(owner).locked().filter(pk=pk).first()
    if collection is not None:
        collection.add(owner, rows)


def _rows(
    owner: User, token: Token, form: GenerateForm, nonce: str, urls: Mapping[uuid.UUID, str] | None
) -> list[Generation]:
    assert form.model is not None  # a valid form has one
    now = timezone.now()
    price = form.price_each
    rows = []
    for number, prompt in enumerate(form.wanted, 1):
        key = uuid.uuid4()
        fields = form.request_fields(prompt, urls)
        rows.append(
            Generation(
                owner=owner,
                nonce=nonce,
                number=number,
                batch_size=form.total,
                idempotency_key=key,
                body=canonical_body({**fields, "idempotencyKey": str(key)}),
                prompt=unicodedata.normalize("NFC", fields["prompt"]),  # as searches compare it; it goes out as typed
                model_id=form.model.id,
                model_name=form.model.name[:200],
                media_type=form.model.media_type,
                aspect_ratio=fields.get("aspectRatio", "")[:20],
                credits_estimated=price.least if price else None,
                credits_estimated_most=price.most if price and not price.is_exact else None,
                expected_wait=form.model.typical_seconds,
                wish=form.wish(prompt),
                token=token,
                created_at=now + timedelta(microseconds=number),  # so that lists keep their order
                queued_at=now,
            )
        )
    return rows


def send_now(rows: list[Generation]) -> None:
    """Sends what can be sent within the patience of a click, and reads the rows again."""
    ends = time.monotonic() + CLICK_SECONDS
    for row in rows:
        if (left := ends - time.monotonic()) < 0.5:
            break
        try:
            submit.send(row.pk, seconds=left)
        except Exception:  # the rows are safe, and the workers go on with them
            logger.exception("Generation %s could not be sent at once", row.pk)
    for row in rows:
        row.refresh_from_db()


def cancel(generation: Generation) -> bool:
    """Takes a generation out of the queue that was not sent, or that waits for a good token or for credits."""
    refused = generation.status == S.REJECTED and generation.answer_status in {401, 402}
    expecting = [S.REJECTED] if refused else [S.QUEUED]
    return generation.move(
        S.CANCELLED, expecting=expecting, note=gettext_noop("Cancelled."), message="", finished_at=timezone.now()
    )


def cancel_click(generation: Generation) -> int:
    """Takes all that one click asked for, and that was not sent yet, out of the queue; says how many."""
    rows = Generation.objects.filter(owner=generation.owner_id, nonce=generation.nonce, status=S.QUEUED)
    return sum(cancel(row) for row in rows)


def fetch_again(generation: Generation) -> bool:
    """Tries anew to fetch and keep what was given up; says whether there was anything."""
    return fetch.again(generation)


def send_again(generation: Generation) -> bool:
    """Puts a refused or cancelled generation back into the queue under its own key, and sends it if it can."""
    if not generation.can_send_again:
        return False
    with transaction.atomic():
        queued = submit.requeue(generation, gettext_noop("Sent again."))
        if queued:
            wake.sweep()
    if queued:
        send_now([generation])
    return queued


def send_all_again(user: User) -> int:
    """Puts everything back into the queue that was refused for want of credits lately; says how many."""
    with transaction.atomic():
        refused = Generation.objects.owned_by(user).lacking_credits(timezone.now())
        count = sum(submit.requeue(row, gettext_noop("Sent again, with all that lacked credits.")) for row in refused)
        if count:
            wake.sweep()
    return count


def check_again(generation: Generation) -> str:
    """Watches a stalled generation again, free of charge; returns what to tell the person beyond the card, or ""."""
    if generation.status != S.STALLED:
        return ""
    if generation.remote_id:
        now = timezone.now()
        with transaction.atomic():
            until = now + poll.WATCH[generation.media_type]
            if generation.move(
                S.RUNNING,
                expecting=S.STALLED,
                note=gettext_noop("Checked again."),
                watch_until=until,
                message="",
                deleted_at=None,
            ):
                wake.sweep()
        return ""
    try:
        receipt.look_up(generation, CLICK_SECONDS)
        wake.sweep()
    except (MeigenError, vault.Unreadable):
        return gettext("Meigen could not say what became of it. Check again later; that is free.")
    return ""
