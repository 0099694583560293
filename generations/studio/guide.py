"""The first steps of a newcomer, ticked off by what the database knows."""

from typing import NamedTuple

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.http import Request
from accounts.models import User
from generations.models import Generation, Share

EXAMPLES = [
    _("A calico cat in a sunlit kitchen, soft morning light"),
    _("Product photo of a glass perfume bottle on wet black stone"),
    _("A paper-cut poster of a {red|blue} train in the mountains"),
]


class Guide(NamedTuple):
    """Which steps are done."""

    has_token: bool
    has_result: bool
    has_shown: bool

    @property
    def examples(self) -> list[object]:
        return [] if self.has_result else list(EXAMPLES)


def first_steps(user: User) -> Guide | None:
    """None once all are done, or the person has put them away; from then on this asks nothing."""
    if user.guide_ended_at is not None:
        return None
    own = Generation.objects.owned_by(user)
    steps = Guide(
        has_token=user.current_token is not None,
        has_result=own.filter(status=Generation.Status.DONE).exists(),
        has_shown=own.exclude(team_at=None).exists() or Share.objects.filter(created_by=user).exists(),
    )
    if not all(steps):
        return steps
    end(user)
    return None


def end(user: User) -> None:
    User.objects.filter(pk=user.pk, guide_ended_at=None).update(guide_ended_at=timezone.now())


@require_POST
def end_guide(request: Request) -> HttpResponse:
    end(request.user)
    return render(request, "generations/_guide.html") if request.htmx else redirect("studio")
