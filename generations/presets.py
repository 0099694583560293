"""Keeping the studio's form under a name, and finding it again."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User

from .dispatch import catalogue
from .forms import FIELD_OF_MEMBER
from .models import Preset
from .models.generation import REFERRED_TO, is_address

# Fields of the form for what is referred to by its address.
ADDRESSED = {FIELD_OF_MEMBER[member] for member in REFERRED_TO & FIELD_OF_MEMBER.keys()} | {"reference_video_seconds"}


def save(user: User, name: str, values: dict[str, str], references: list[str], *, is_team: bool) -> Preset:
    """A new preset, or the person's own of this name with new values."""
    model = next((model for model in catalogue.known() if model.id == values.get("model_id")), None)
    kept: dict[str, Any] = {
        "values": values,
        "references": references,
        "model_name": (model.name if model else values.get("model_id", ""))[:200],
        "saved_at": timezone.now(),
    }
    own = Preset.objects.filter(pk__in=Preset.objects.named(user, name).values("pk"))
    if is_team:
        kept["is_team"] = True  # what the team has already is not taken from it by saving again
    if not own.update(**kept):
        try:
            with transaction.atomic():
                return Preset.objects.create(owner=user, name=name, **kept)
        except IntegrityError:  # made by another click meanwhile
            own.update(**kept)
    return own.get()


def values_for(user: User, preset: Preset) -> dict[str, str]:
    """The form as it was; of another person's without the addresses of what they referred to."""
    values: dict[str, str] = preset.values
    if preset.owner_id == user.pk:
        return values
    private = ADDRESSED | ({"sref"} if is_address(values.get("sref", "")) else set())
    return {name: value for name, value in values.items() if name not in private}
