"""What has changed in Meigen's catalogue, and whom it touches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.http import Request
from generations.models import CatalogueChange, DailyUsage, Draft, Preset, Project
from generations.models.ledger import day_of
from generations.usage.views import SEES_ALL

SHOWN = 100
LATELY = timedelta(days=30)


@dataclass(frozen=True)
class Change:
    """A change and everything here that names the model: presets, people's unsent forms, projects of the last month."""

    change: CatalogueChange
    presets: list[Preset]
    drafts: list[Draft]
    projects: list[Project]

    @property
    def price(self) -> str:
        """The price of one generation, before and now."""
        change = self.change
        before, now = _words(change.least_before, change.most_before), _words(change.least, change.most)
        return _("%(before)s, now %(now)s") % {"before": before, "now": now} if before and now else before or now


def between(begins: datetime, ends: datetime) -> list[Change]:
    """The changes of a time, the newest first, with what they touch."""
    rows = list(CatalogueChange.objects.filter(at__gte=begins, at__lt=ends)[:SHOWN])
    models = {row.model_id for row in rows}
    presets = list(Preset.objects.filter(values__model_id__in=models).select_related("owner"))
    drafts = list(Draft.objects.filter(values__model_id__in=models).select_related("owner"))
    used = DailyUsage.objects.filter(model_id__in=models, project__isnull=False)
    used = used.filter(day__gte=day_of(timezone.now() - LATELY))
    pairs = {*used.values_list("model_id", "project")}
    projects = Project.objects.in_bulk({project for _, project in pairs})
    return [
        Change(
            row,
            [preset for preset in presets if preset.values.get("model_id") == row.model_id],
            [draft for draft in drafts if draft.values.get("model_id") == row.model_id],
            [projects[project] for model, project in sorted(pairs) if model == row.model_id],
        )
        for row in rows
    ]


@require_safe
@permission_required(SEES_ALL, raise_exception=True)
def changes(request: Request) -> HttpResponse:
    """The changes of the last 90 days."""
    now = timezone.now()
    context = {"changes": between(now - timedelta(days=90), now + timedelta(minutes=1))}
    return render(request, "generations/changes.html", context)


def _words(least: int | None, most: int | None) -> str:
    """Such as "4 credits", or a span where the choices differ; "" if the catalogue does not say."""
    if least is None or most is None:
        return ""
    span = str(least) if least == most else f"{least}\N{EN DASH}{most}"
    return _("%(span)s credits") % {"span": span}
