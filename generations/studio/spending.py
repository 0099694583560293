"""What a click meets before it may spend: budgets of the month, and approval."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from generations.models import Budget, approval, budget
from generations.models.ledger import day_of
from generations.studio.form import GenerateForm


@dataclass(frozen=True)
class Outlook:
    """Whether the click that the form describes can be made, and what to say about it beforehand."""

    needs_approval: bool = False
    refusal: str = ""
    notices: tuple[str, ...] = ()


def outlook(user: User, form: GenerateForm) -> Outlook:
    if form.model is None or not form.count_each:
        return Outlook()
    asked, day = form.credits_at_most, day_of(timezone.now())
    notices = []
    for each in Budget.objects.for_click(user.pk, form.project_id).select_related("project"):
        try:
            used = each.fit(asked, day)
        except budget.Exceeded as problem:
            return Outlook(refusal=refusal(problem, asked))
        if each.is_nearly_used(used + (asked or 0)):
            notices.append(_nearly(each, used))
    return Outlook(approval.needed(user, asked), notices=tuple(notices))


def refusal(problem: budget.Refused, asked: int | None) -> str:
    """Why a click is refused; `asked` is what it costs at most."""
    if not isinstance(problem, budget.Exceeded):
        return _("This project is closed. Choose another.")
    each, left = problem.budget, problem.left
    numbers = {"whose": _whose(each), "left": left, "credits": each.credits, "asked": asked}
    if not left:
        words = _("%(whose)s of %(credits)s credits for this month is used up. Ask an admin to raise it.")
    elif asked is None:
        words = _("The price is not known in advance, so it cannot be checked: %(whose)s has %(left)s credits left.")
    else:
        words = _("%(whose)s has %(left)s of %(credits)s credits left this month, and this needs %(asked)s.")
    return words % numbers


def _nearly(each: Budget, used: int) -> str:
    words = _("%(whose)s: %(used)s of %(credits)s credits used this month.")
    return words % {"whose": _whose(each), "used": used, "credits": each.credits}


def _whose(each: Budget) -> str:
    if each.project:
        return _("The budget of %(project)s") % {"project": each.project.label}
    return _("Your budget") if each.scope == Budget.Scope.PERSON else _("The team's budget")
