"""Finishing a result: the same request again, with one setting above what was asked for."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import User
from generations.dispatch.catalogue import Offer
from generations.models import Generation, Reference
from generations.models.ids import is_uuid
from generations.models.wish import REFERENCE_FIELDS
from generations.studio import options
from generations.studio.form import GenerateForm
from generations.studio.initial import references_of
from generations.studio.options import initial_from, not_offered
from generations.studio.prices import price_of
from meigen_api.prices import Price
from meigen_api.types import Model

S = Generation.Status
CAME_TO_NOTHING = (S.FAILED, S.REJECTED, S.CANCELLED)
# In the order in which they are proposed.
SETTINGS = {choice.name: choice for choice in options.CHOICES if choice.name in {"resolution", "quality", "tier"}}
ORDER = ("resolution", "quality", "tier")
LINES = re.compile(r"(\d+)(k?)", re.IGNORECASE)


@dataclass(frozen=True)
class Step:
    """One setting at a value above what was asked for, and what the request costs then. `more` is by how many credits
    that is more than the same request costs now, if both are certain."""

    name: str
    value: str
    price: Price
    more: int | None = None

    @property
    def words(self) -> str:
        """Such as "Finish in 4K"."""
        match self.name:
            case "resolution":
                words = _("Finish in {value}")
            case "quality":
                words = _("Finish in {value} quality")
            case _other:
                words = _("Finish in the {value} tier")
        return words.format(value=self.value)


@dataclass(frozen=True)
class Finish:
    """How a result is finished, or why it is not. `made` is where that has been done already."""

    row: Generation
    step: Step | None = None
    form: GenerateForm | None = None
    problem: str = ""
    made: Generation | None = None

    @property
    def token(self) -> str:
        """What a button posts for it."""
        return f"{self.row.pk}:{self.step.name}:{self.step.value}" if self.step else ""


def steps(row: Generation, model: Model, clip_seconds: Sequence[float | None] = ()) -> list[Step]:
    """What the model offers above what was asked for, the next size first.

    A higher quality or tier is one that costs more: the catalogue lists them without saying which is better. What has
    no known price is left out.
    """
    values = initial_from(row.request_fields)
    now = price_of(model, values, clip_seconds)
    found = []
    for name in ORDER:
        for value in _above(model, name, values, clips=bool(clip_seconds)):
            price = price_of(model, {**values, name: value}, clip_seconds)
            if price is None or (name != "resolution" and (now is None or price.least <= now.least)):
                continue
            is_certain = now is not None and now.is_exact and price.is_exact
            found.append(Step(name, value, price, price.least - now.least if now and is_certain else None))
    return found


def _above(model: Model, name: str, values: dict[str, Any], *, clips: bool) -> Sequence[str]:
    tier = str(values.get("tier") or "")
    offered = list(options.values_of(model, name, tier, clips=clips))
    if name == "resolution":
        offered.sort(key=_lines)
    size = values.get("resolution")
    if name == "tier" and size:
        offered = [each for each in offered if each == tier or size in model.resolutions_for(each, clips=clips)]
    asked = str(values.get(name) or getattr(model, f"default_{name}"))
    return offered[offered.index(asked) + 1 :] if asked in offered else ()


def _lines(size: str) -> int:
    """How many lines a size has, for comparing: 4K is 2160p."""
    found = LINES.match(size)
    return int(found[1]) * (540 if found[2] else 1) if found else 0


def made_by(row: Generation, step: Step, led_to: Iterable[Generation]) -> Generation | None:
    """What the row has led to that is its request after this step, unless that came to nothing."""
    wanted = {**row.settings, SETTINGS[step.name].member: step.value}
    for other in led_to:
        is_same = other.model_id == row.model_id and other.prompt == row.prompt and other.settings == wanted
        if is_same and other.status not in CAME_TO_NOTHING:
            return other
    return None


def proposed(user: User, rows: Sequence[Generation], offer: Offer) -> Iterator[Finish]:
    """The next step of each of these results of the user's, or why there is none."""
    led_to = _led_to(user, rows)
    return (_planned(row, offer, led_to[row.pk]) for row in rows)


def asked_for(user: User, tokens: Sequence[str], offer: Offer) -> list[Finish]:
    """What the tokens of a button stand for now. What is not the user's, or not there any more, is left out."""
    wanted = dict(_read(tokens))
    rows = {row.pk: row for row in Generation.objects.finished_by(user).filter(pk__in=wanted)}
    led_to = _led_to(user, rows.values())
    plans = [_planned(rows[pk], offer, led_to[pk], step) for pk, step in wanted.items() if pk in rows]
    same: dict[uuid.UUID, Reference] = {}  # so that what several refer to is uploaded once
    for form in (plan.form for plan in plans if plan.form):
        form.references = [same.setdefault(each.pk, each) for each in form.references]
    return plans


def _led_to(user: User, rows: Iterable[Generation]) -> dict[uuid.UUID | None, list[Generation]]:
    """What the user may see of what the forms made that were opened with these."""
    found: dict[uuid.UUID | None, list[Generation]] = defaultdict(list)
    for row in Generation.objects.visible_to(user).kept().filter(made_from__in=rows):
        found[row.made_from_id].append(row)
    return found


def _read(tokens: Iterable[str]) -> Iterator[tuple[uuid.UUID, tuple[str, str]]]:
    for token in tokens:
        pk, _colon, rest = token.partition(":")
        name, _colon, value = rest.partition(":")
        if is_uuid(pk):
            yield uuid.UUID(pk), (name, value)


def _planned(
    row: Generation, offer: Offer, led_to: Iterable[Generation], wanted: tuple[str, str] | None = None
) -> Finish:
    """The row with its next step, or with the one that is wanted."""
    model = offer.model(row.model_id)
    if not offer.models:
        return Finish(row, problem=_("Could not reach Meigen for its models. Reload in a minute."))
    if model is None:
        return Finish(row, problem=not_offered(offer, row.model_id))
    references: list[Reference] = []
    frames: dict[str, str] = {}
    if REFERENCE_FIELDS & row.request_fields.keys():
        references, frames = references_of(row)
        if not references:
            return Finish(row, problem=_("Its references are no longer available."))
    found = steps(row, model, [each.seconds for each in references if each.kind == Reference.Kind.VIDEO])
    step = next((each for each in found if wanted is None or wanted == (each.name, each.value)), None)
    if step is None:
        return Finish(row, problem=_("{model} offers nothing above these settings.").format(model=model.name))
    if made := made_by(row, step, led_to):
        return Finish(row, step, made=made)
    asked = initial_from(row.request_fields) | frames | {step.name: step.value}
    asked |= {"count": 1, "made_from": str(row.pk), "project": row.project_id or ""}
    form = GenerateForm(offer, data=asked, references=references)
    return Finish(row, step, form, problem=first_error(form))


def first_error(form: GenerateForm) -> str:
    return next((str(error) for errors in form.errors.values() for error in errors), "")


def nonce_of(page: str, tokens: Sequence[str]) -> str:
    """The nonce of one button: it stands for what the button says, so that nothing else can be meant by it."""
    return hashlib.sha256("\n".join([page or uuid.uuid4().hex, *sorted(tokens)]).encode()).hexdigest()
