"""What an admin can decide about the work of others: the same operations as on the members' pages, and logged.

Each needs the permission to change generations. Whoever may only view them, such as a reviewer, is offered none.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from generations.dispatch import decisions
from generations.library.actions import Action, for_owner
from generations.models import Generation
from generations.models.sentences import Sentence

MOST = 500  # at once
CHECK_SECONDS = 20.0  # for what Meigen has to be asked about


class Decision(NamedTuple):
    """A button of the page, for what its owner may do as `action`; `done` says what was done."""

    name: str
    word: str
    done: str
    action: Action


SEND_AGAIN = Decision("send_again", "Send again", "Sent again", Action.SEND_AGAIN)
CHECK_AGAIN = Decision("check_again", "Check again", "Checked again", Action.CHECK_AGAIN)
CANCEL = Decision("cancel", "Cancel", "Cancelled", Action.CANCEL)
CLOSE = Decision("close_from_team", "Close from the team", "Closed from the team", Action.HIDE)


def offered(row: Generation) -> list[tuple[str, str]]:
    """(action, word) of what can be decided about it now; sending says its price."""
    possible = for_owner(row)
    every = [SEND_AGAIN, CHECK_AGAIN, CANCEL, CLOSE]
    words = {decision.name: decision.word for decision in every if decision.action in possible}
    if "send_again" in words and row.announced:
        words["send_again"] += f" · {row.announced.most} credits"
    return [*words.items()]


ACTIONS = ["send_again", "check_again", "cancel", "close_from_team"]


class Deciding:
    """Actions of the list, which the buttons of the page and of the clinic use too."""

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("generations.change_generation")

    @admin.action(description="Send again, which costs credits", permissions=["decide"])
    def send_again(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        note = Sentence.SENT_AGAIN_BY_ADMIN.stored()
        return self._decide(request, queryset, SEND_AGAIN, lambda rows: decisions.requeue(rows, note))

    @admin.action(description="Check again, free of charge", permissions=["decide"])
    def check_again(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return self._decide(request, queryset, CHECK_AGAIN, lambda rows: [*_checked(rows)])

    @admin.action(description="Cancel what was not sent", permissions=["decide"])
    def cancel(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return self._decide(request, queryset, CANCEL, lambda rows: [row for row in rows if decisions.cancel(row)])

    @admin.action(description="Close from the team", permissions=["decide"])
    def close_from_team(self, request: HttpRequest, queryset: Any) -> HttpResponse | None:
        return self._decide(request, queryset, CLOSE, lambda rows: [row for row in rows if _closed(row)])

    def _decide(
        self,
        request: HttpRequest,
        queryset: Any,
        decision: Decision,
        perform: Callable[[list[Generation]], list[Generation]],
    ) -> HttpResponse | None:
        rows = list(queryset.select_related("token", "owner")[:MOST])
        done: list[Generation] = []
        if decision is CHECK_AGAIN:  # it asks Meigen, and no transaction waits for that
            done = self._logged(request, perform(rows), decision)
        else:
            for row in rows:  # each by itself: a transaction about many holds what their owners' clicks wait for
                with transaction.atomic():
                    done += self._logged(request, perform([row]), decision)
        self._tell(request, decision, len(done), len(rows))
        return _back_to_page(request, rows)

    def _logged(self, request: HttpRequest, done: list[Generation], decision: Decision) -> list[Generation]:
        for row in done:
            self.log_change(request, row, decision.done)  # type: ignore[attr-defined]
        return done

    def _tell(self, request: HttpRequest, decision: Decision, done: int, asked: int) -> None:
        words = f"{decision.done}: {done}."
        if left := asked - done:
            words += f" Nothing to do, or not possible now: {left}."
        if asked == MOST:
            words += f" That was at most {MOST} at once; repeat it for the rest."
        level = messages.SUCCESS if done else messages.WARNING
        messages.add_message(request, level, words)


def _checked(rows: list[Generation]) -> Iterator[Generation]:
    """Those of the rows that could be checked in time."""
    ends = time.monotonic() + CHECK_SECONDS
    for row in rows:
        if time.monotonic() < ends and decisions.can_check_again(row) and not decisions.check_again(row):
            yield row


def _closed(row: Generation) -> bool:
    return bool(Generation.objects.filter(pk=row.pk).hide())


def _back_to_page(request: HttpRequest, rows: list[Generation]) -> HttpResponse | None:
    """The page or the clinic whose button it was; None for the list."""
    if request.POST.get("back") == "page" and len(rows) == 1:
        return HttpResponseRedirect(reverse("admin:generations_generation_change", args=[rows[0].pk]))
    if request.POST.get("back") == "clinic":
        return HttpResponseRedirect(reverse("admin:generations_generation_clinic"))
    return None
