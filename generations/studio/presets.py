"""Saves the studio's form under a name, and restores it."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from generations.dispatch import catalogue
from generations.dispatch.catalogue import Offer
from generations.media import attachments
from generations.models import Preset
from generations.models.wish import is_address
from generations.studio.form import GenerateForm
from meigen_api.prices import Price

# Form fields that name a reference, which belongs to its owner.
REFERENCES = {"first_frame", "last_frame"}


def save(user: User, name: str, values: dict[str, str], references: list[str], *, is_team: bool) -> Preset:
    """Creates a preset, or updates the person's own preset with this name."""
    model = catalogue.known().model(values.get("model_id", ""))
    kept: dict[str, Any] = {
        "values": values,
        "references": references,
        "model_name": (model.name if model else values.get("model_id", ""))[:200],
        "saved_at": timezone.now(),
    }
    own = Preset.objects.filter(pk__in=Preset.objects.named(user, name).values("pk"))
    if is_team:
        kept["is_team"] = True  # saving again does not unshare a preset
    if not own.update(**kept):
        try:
            with transaction.atomic():
                return Preset.objects.create(owner=user, name=name, **kept)
        except IntegrityError:  # created by another click in the meantime
            own.update(**kept)
    return own.get()


def edit(user: User, pk: UUID, name: str, *, is_team: bool) -> bool:
    """Renames the person's preset and says whether the team has it. Returns False if another of theirs has this
    name."""
    try:
        with transaction.atomic():
            Preset.objects.filter(owner=user, pk=pk).update(name=name, is_team=is_team)
    except IntegrityError:
        return False
    return True


def price(user: User, preset: Preset, offer: Offer) -> Price | None:
    """What a click with the unchanged preset would cost this person, or None if unknown."""
    values = values_for(user, preset)
    references = attachments.owned(user, preset.references)[0] if preset.references else []
    return GenerateForm(offer, initial=values, references=references).price


def values_for(user: User, preset: Preset) -> dict[str, str]:
    """The saved form. For another person's preset, without the addresses of their references."""
    values: dict[str, str] = preset.values
    if preset.owner_id == user.pk:
        return values
    private = REFERENCES | ({"sref"} if is_address(values.get("sref", "")) else set())
    return {name: value for name, value in values.items() if name not in private}
