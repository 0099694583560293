"""Budgets: how many credits a person, a project or the whole team may use in a calendar month."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Sum
from django.utils.translation import gettext_lazy as _

from generations.models.ledger import DailyUsage
from generations.models.project import Project

NOTICE = 0.8  # of a budget, from which on people are told


class BudgetQuerySet(models.QuerySet["Budget"]):
    def for_click(self, owner_id: int, project_id: int | None) -> BudgetQuerySet:
        """All that a click of this person for this project has to fit into."""
        whose = Q(scope=Budget.Scope.TEAM) | Q(person=owner_id)
        return self.filter(whose | Q(project=project_id) if project_id else whose)

    def nearly_used(self, day: date) -> list[tuple[Budget, int]]:
        """Those that people have to be told about in the month of `day`, each with its used credits."""
        used = [(budget, budget.used(day)) for budget in self.select_related("person", "project")]
        return [(budget, credits) for budget, credits in used if budget.is_nearly_used(credits)]


class Budget(models.Model):
    """Credits for one calendar month in the studio's time zone. What is reserved counts until it is settled."""

    class Scope(models.TextChoices):
        TEAM = "team", _("The whole team")
        PERSON = "person", _("A person")
        PROJECT = "project", _("A project")

    scope = models.CharField(max_length=7, choices=Scope)
    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True)
    project = models.OneToOneField(Project, models.CASCADE, null=True, blank=True)
    credits = models.PositiveIntegerField(help_text="Per calendar month. At 80% people are told, at 100% they stop.")

    objects = BudgetQuerySet.as_manager()

    class Meta:
        ordering = ["scope", "person__username", "project__name"]
        constraints = [
            models.UniqueConstraint(fields=["scope"], condition=Q(scope="team"), name="one_budget_for_the_team"),
            models.CheckConstraint(
                condition=Q(scope="team", person=None, project=None)
                | Q(scope="person", person__isnull=False, project=None)
                | Q(scope="project", person=None, project__isnull=False),
                name="a_budget_is_for_one",
                violation_error_message=_("Choose the person or the project that the budget is for, and nothing else."),
            ),
        ]

    def __str__(self) -> str:
        return self.whose

    @property
    def whose(self) -> str:
        return str(self.person or self.project or self.get_scope_display())

    def used(self, day: date) -> int:
        """Credits charged and reserved in the month of `day`."""
        rows = DailyUsage.objects.of_month(day)
        if self.scope == self.Scope.PERSON:
            rows = rows.filter(owner=self.person_id)
        if self.scope == self.Scope.PROJECT:
            rows = rows.filter(project=self.project_id)
        return int(rows.aggregate(used=Sum(F("charged") + F("reserved"), default=0))["used"])

    def is_nearly_used(self, credits: int) -> bool:
        return credits >= NOTICE * self.credits

    def fit(self, credits: int | None, day: date) -> int:
        """What is used of it already, if so many credits fit in as well; else raises Exceeded. An unknown price fits
        into no budget."""
        used = self.used(day)
        left = self.credits - used
        if left <= 0 or credits is None or credits > left:
            raise Exceeded(self, max(left, 0))
        return used


class Refused(Exception):
    """Nothing may be spent on this now."""


class Closed(Refused):
    """The project was closed."""


class Exceeded(Refused):
    """A click does not fit into a budget, of which `left` credits are free this month."""

    def __init__(self, budget: Budget, left: int) -> None:
        super().__init__(f"{budget}: {left} left")
        self.budget, self.left = budget, left


def check(owner_id: int, project_id: int | None, credits: int | None, day: date) -> None:
    """Makes sure that so many credits fit into every budget, until the transaction ends. Raises Refused.

    The budgets stay locked, so that of two clicks at once the second one counts what the first has reserved.
    """
    if project_id and Project.objects.filter(pk=project_id, closed_at__isnull=False).exists():
        raise Closed
    for budget in Budget.objects.for_click(owner_id, project_id).order_by("pk").select_for_update():
        budget.fit(credits, day)
