"""What the filters of the history and the gallery can be set to: the models, people and projects that there are."""

from collections.abc import Iterator
from operator import itemgetter
from typing import Any

from django.core.cache import caches
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from accounts.models import User
from generations.models import Collection, Generation, GenerationQuerySet, Project
from generations.models.ids import uuid_in
from generations.models.project import NO_PROJECT

CHOICES_LAST = 60  # seconds


def models(user: User, *, of_team: bool) -> list[tuple[str, str]]:
    """(id, name) of every model in the list, sorted by name."""
    cache, key = caches["local"], "models-of-team" if of_team else f"models-of-{user.pk}"
    known: list[tuple[str, str]] | None = cache.get(key)
    if known is None:
        rows = Generation.objects.shown_to_team() if of_team else Generation.objects.owned_by(user).kept()
        known = sorted(_each_model(rows), key=itemgetter(1))
        cache.set(key, known, CHOICES_LAST)
    return known


def _each_model(rows: GenerationQuerySet) -> Iterator[tuple[str, str]]:
    """The distinct models, one index lookup each. DISTINCT would read a million rows to find twenty."""
    pairs = rows.order_by("model_id", "-created_at", "-id").values_list("model_id", "model_name")
    pair = pairs.first()
    while pair:
        yield pair
        pair = pairs.filter(model_id__gt=pair[0]).first()


def made_by(shown: GenerationQuerySet, owner: Any) -> GenerationQuerySet:
    """What one person shows to the team. It is all done; the condition is repeated because SQLite chooses an index by
    the number of matching columns."""
    return shown.filter(owner=owner, status=Generation.Status.DONE)


def authors() -> list[tuple[str, str]]:
    """(id, name) of everyone who shows something to the team."""
    known: list[tuple[str, str]] | None = caches["local"].get("authors")
    if known is None:
        shown = Exists(made_by(Generation.objects.shown_to_team(), OuterRef("pk")))
        people = User.objects.filter(shown).order_by("username").values_list("pk", "username")
        known = [(str(pk), name) for pk, name in people]
        caches["local"].set("authors", known, CHOICES_LAST)
    return known


def projects(wanted: str) -> list[tuple[str, str]]:
    """(id, name) of every project, closed ones too, and `wanted` for sure."""
    known: list[tuple[str, str]] | None = caches["local"].get("projects")
    if known is None or (wanted and wanted not in dict(known)):
        known = [(str(project.pk), str(project)) for project in Project.objects.all()]
        caches["local"].set("projects", known, CHOICES_LAST)
    return [(NO_PROJECT, _("No project")), *known] if known else []


def collection(user: User, wanted: str) -> list[tuple[str, str]]:
    """(id, name) of the collection in the address, if the person may open it. The others come once they are asked
    for."""
    pk = uuid_in(wanted)
    rows = Collection.objects.visible_to(user).filter(pk=pk) if pk else ()
    return [(str(row.pk), row.name) for row in rows]
