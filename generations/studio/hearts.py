"""What guests like, as a list for the owner of the link, and what finishes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from accounts.models import User
from generations.dispatch.catalogue import Offer
from generations.models import Generation, Heart, Project, Result
from generations.studio import finishing
from generations.studio.finishing import Finish
from generations.studio.prices import together
from generations.studio.prompt import MAX_AT_ONCE
from meigen_api.prices import Price


@dataclass(frozen=True)
class Group:
    """What one click finishes: results of one project, which its credits are booked on."""

    project: Project | None
    plans: list[Finish]

    @property
    def price(self) -> Price | None:
        return together(plan.form.price for plan in self.plans if plan.form)


@dataclass(frozen=True)
class Loved:
    """The pictures with the names of those who like them, most hearts first; what can be finished, and what cannot."""

    pictures: list[tuple[Result, list[str]]]
    groups: list[Group]
    others: list[Finish]


def loved(user: User, hearts: Iterable[Heart], offer: Offer) -> Loved:
    """What these hearts say to the user, who has made what they are for."""
    names: dict[Result, list[str]] = {}
    for heart in hearts:
        names.setdefault(heart.result, []).append(heart.name)
    pictures = sorted(names.items(), key=lambda picture: -len(picture[1]))
    wanted = {result.generation_id for result in names}
    rows = Generation.objects.finished_by(user).filter(pk__in=wanted).select_related("project").order_by("created_at")
    plans = finishing.proposed(user, rows, offer)
    possible = sorted(filter(_is_possible, plans), key=_project)
    groups = [_group(list(found)) for _, found in groupby(possible, key=_project)]
    return Loved(pictures, groups, [plan for plan in plans if not plan.is_possible])


def _is_possible(plan: Finish) -> bool:
    return plan.is_possible


def _project(plan: Finish) -> int:
    return plan.row.project_id or 0


def _group(plans: list[Finish]) -> Group:
    return Group(plans[0].row.project, plans[:MAX_AT_ONCE])
