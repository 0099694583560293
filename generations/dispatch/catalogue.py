"""Meigen's list of models, cached for five minutes for all processes together."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, lru_cache

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from generations.dispatch import changes
from generations.models import Catalogue
from meigen_api import calls, errors
from meigen_api.client import Client
from meigen_api.errors import Answer
from meigen_api.types import Model

FRESH = timedelta(minutes=5)
FRESH_FOR_A_CLICK = timedelta(minutes=1)  # a price that rose meanwhile is asked about before anything is sent
SECONDS = 6.0
RETRY_AFTER_FAILURE = timedelta(seconds=20)


@dataclass(frozen=True)
class Offer:
    """The models that Meigen lists, in its order. `stale_since` is set when it could not be asked for newer ones."""

    listed: tuple[Model, ...]
    stale_since: datetime | None = None

    @cached_property
    def models(self) -> tuple[Model, ...]:
        """Those that may be chosen."""
        return tuple(model for model in self.listed if model.is_offered)

    def model(self, model_id: str) -> Model | None:
        return next((model for model in self.models if model.id == model_id), None)

    @property
    def default(self) -> Model | None:
        """The image model that Meigen proposes, else the first of all."""
        proposed = (model for model in self.models if model.is_default and not model.is_video)
        return next(proposed, next(iter(self.models), None))

    def is_broken(self, model_id: str) -> bool:
        """Whether Meigen lists the model, with settings that nobody can rely on."""
        return any(model.id == model_id and not model.is_valid for model in self.listed)


def offer(fresh: timedelta = FRESH) -> Offer:
    """The current offer, no older than this if Meigen answers.

    At most one process at a time asks Meigen; the others are served the last good list.
    """
    now = timezone.now()
    row, _ = Catalogue.objects.get_or_create(pk=1)
    if row.fetched_at is None or now - row.fetched_at >= fresh:
        row = _refresh(row, now)
    is_fresh = row.fetched_at is not None and now - row.fetched_at < FRESH
    return Offer(_models(row.body), None if is_fresh else row.fetched_at or now)


def known() -> Offer:
    """The last good list, without asking Meigen."""
    row = Catalogue.objects.filter(pk=1).first()
    return Offer(_models(row.body) if row else ())


def ask() -> str:
    """Meigen's list as it is now. Raises MeigenError, also if there is nothing in it that can be chosen."""
    with Client(settings.MEIGEN_BASE_URL, seconds=SECONDS) as client:
        body = client.send(calls.raw_models())
    if not Offer(_models(body)).models:
        raise errors.BadAnswer(errors.Problem.NO_MODELS)
    return body


def _refresh(row: Catalogue, now: datetime) -> Catalogue:
    free = Q(refresh_until=None) | Q(refresh_until__lt=now)
    until = now + timedelta(seconds=SECONDS) + RETRY_AFTER_FAILURE
    if not Catalogue.objects.filter(free, pk=1).update(refresh_until=until):
        return row
    try:
        body = ask()
    except errors.MeigenError:
        Catalogue.objects.filter(pk=1).update(refresh_until=timezone.now() + RETRY_AFTER_FAILURE)
        return row
    with transaction.atomic():
        changes.note(_models(row.body), _models(body))
        Catalogue.objects.filter(pk=1).update(body=body, fetched_at=timezone.now(), refresh_until=None)
    row.refresh_from_db()
    return row


@lru_cache(maxsize=2)
def _models(body: str) -> tuple[Model, ...]:
    if not body:
        return ()
    return tuple(calls.read_models(json.loads(body), Answer(200)))
