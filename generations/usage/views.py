"""The pages about what was spent: usage for everybody, and statements for those who answer for the bill."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import Request
from audit import export as csv_file
from generations.models import Project
from generations.models.ledger import SUMS, day_of, month_of
from generations.usage import chart, export, sums
from generations.usage.forms import GROUPS, UsageForm
from generations.usage.report import Report
from generations.usage.sums import Extent

SEES_ALL = "generations.view_dailyusage"


@require_safe
def usage(request: Request) -> HttpResponseBase:
    """One's own usage, or the team's for those who may see it. `?format=csv` and `xlsx` give the table as a file."""
    of_all = request.user.has_perm(SEES_ALL)
    form = UsageForm(request.GET, of_all=of_all)
    person = form.person_id if of_all else request.user.pk
    extent = Extent(form.since_day, form.until_day, person, form.project_id)
    report = Report(extent, form.chosen_group, of_all)
    if (format := request.GET.get("format")) in {"csv", "xlsx"}:
        return _file(report, format)
    total = report.total
    kept = sums.kept(extent)
    charged = next(cell.number for cell in total.cells if cell.name == "charged")
    context = {
        "form": form,
        "rows": list(report.rows),
        "total": total,
        "headings": SUMS,
        "by": GROUPS[form.chosen_group],
        "chart": chart.drawn(extent),
        "kept": kept,
        "per_kept": charged / kept if kept else None,
        "query": urlencode(asked := {name: form[name].value() or "" for name in form.fields}),
        "period": urlencode({name: value for name, value in asked.items() if name != "by"}),
        "of_all": of_all,
        "projects": form.projects if of_all else [],
        "extent": extent,
    }
    return render(request, "generations/usage.html", context)


def _file(report: Report, format: str) -> HttpResponseBase:
    header = [str(GROUPS[report.by]), *map(str, SUMS.values())]
    rows: list[list[Any]] = [[row.label, *row.numbers] for row in report.rows]
    if format == "csv":
        return csv_file.response("usage", header, rows)
    return export.workbook(f"usage-{report.extent.since}-{report.extent.until}", header, rows)


@require_safe
@permission_required(SEES_ALL, raise_exception=True)
def statement(request: Request, pk: int) -> HttpResponse:
    """What one project used in `?month=2026-11`, for printing."""
    project = get_object_or_404(Project, pk=pk)
    first, after = month_of(_month(request.GET.get("month", "")))
    extent = Extent(first, after - timedelta(days=1), project=project.pk)
    context = {
        "project": project,
        "month": first,
        "before": month_of(first - timedelta(days=1))[0],
        "after": after,
        "tables": [(GROUPS[by], list(Report(extent, by, of_all=True).rows)) for by in ("person", "model")],
        "total": sums.total(extent),
        "made_at": timezone.now(),
    }
    return render(request, "generations/statement.html", context)


def _month(text: str) -> date:
    """The month that the text names, else this one."""
    try:
        month = date.fromisoformat(f"{text}-01")
    except ValueError:
        return day_of(timezone.now())
    return month if 2000 <= month.year < 3000 else day_of(timezone.now())
