"""What guests like, as a list for the owner of the link, and what finishes it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from generations.dispatch import catalogue
from generations.models import Generation, Project, Result, Share
from generations.studio import finishing
from generations.studio.finishing import Finish
from generations.studio.prices import together
from generations.studio.prompt import MAX_AT_ONCE
from meigen_api.prices import Price


@dataclass(frozen=True)
class Group:
    """What one click may finish: results of one project, which its credits are booked on; and what of it is chosen."""

    project: Project | None
    plans: list[Finish]
    chosen: list[Finish]

    @property
    def price(self) -> Price | None:
        """Of what is chosen."""
        return together(plan.form.price for plan in self.chosen if plan.form)


@dataclass(frozen=True)
class Loved:
    """The pictures with the names of those who like them, most hearts first; what can be finished, what is finished
    already, and what cannot be."""

    pictures: list[tuple[Result, list[str]]]
    groups: list[Group]
    made: list[Finish]
    others: list[Finish]

    @property
    def count(self) -> int:
        return sum(len(names) for _result, names in self.pictures)


def loved(share: Share, chosen: Collection[str] | None = None) -> Loved:
    """What the hearts of a link say to the person who made it; `chosen` are the tokens of what to finish, or all.

    A button takes as much as a click may make; what is left comes when that is finished.
    """
    names: dict[UUID, list[str]] = {}
    for pk, name in share.hearts.order_by("-at").values_list("result", "name"):
        names.setdefault(pk, []).append(name)
    if not names:
        return Loved([], [], [], [])
    results = Result.objects.filter(pk__in=names).select_related("generation")
    pictures = [(result, names[result.pk]) for result in results]
    pictures.sort(key=lambda picture: (-len(picture[1]), picture[0].generation.created_at, picture[0].number))
    order = {result.generation_id: place for place, (result, _names) in reversed(list(enumerate(pictures)))}
    own = Generation.objects.finished_by(share.created_by).filter(pk__in=order).select_related("project")
    rows = sorted(own, key=lambda row: order[row.pk])
    groups: dict[int | None, Group] = {}
    made, others = [], []
    for plan in finishing.proposed(share.created_by, rows, catalogue.offer()):
        if plan.made:
            made.append(plan)
        elif plan.problem:
            others.append(plan)
        else:
            group = groups.setdefault(plan.row.project_id, Group(plan.row.project, [], []))
            group.plans.append(plan)
            if chosen is None or plan.token in chosen:
                group.chosen.append(plan)
            if len(group.plans) == MAX_AT_ONCE:
                break
    return Loved(pictures, list(groups.values()), made, others)
