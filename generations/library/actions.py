"""Which actions a generation offers in each state, and in which order: the first one is what to do next.

Cards, the result page with its keys and the selection bar read this table. Whatever performs an action checks again,
because the state may have changed since the page was shown; `why_not` is what it says then.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from generations.dispatch import decisions
from generations.models import Generation

S = Generation.Status


class Action(StrEnum):
    """Values are names of addresses or verbs of the selection bar, where there are such."""

    RESTORE = "restore"
    CANCEL = "cancel"
    CANCEL_ALL = "cancel_click"
    SEND_AGAIN = "send_again"
    CHECK_AGAIN = "check_again"
    FETCH_AGAIN = "fetch_again"
    REPLACE_TOKEN = "replace_token"  # noqa: S105 (a name)
    TOP_UP = "top_up"
    EDIT = "edit"
    STAR = "star"
    REMIX = "remix"
    REFERENCE = "use_result"
    SHARE = "share"
    DOWNLOAD = "download"
    COMPARE = "compare"
    SHOW = "team"
    HIDE = "private"
    COLLECT = "collect"
    DELETE = "delete"


A = Action

_ANY_TIME = (A.REMIX, A.HIDE, A.COLLECT)
_ENDED = (A.EDIT, *_ANY_TIME, A.DELETE)
_TABLE: dict[str, tuple[Action, ...]] = {
    S.HELD: (A.CANCEL, A.CANCEL_ALL, *_ANY_TIME),
    S.QUEUED: (A.REPLACE_TOKEN, A.CANCEL, A.CANCEL_ALL, *_ANY_TIME),
    S.SENDING: (A.REPLACE_TOKEN, *_ANY_TIME),
    S.RUNNING: _ANY_TIME,
    S.DONE: (
        *(A.FETCH_AGAIN, A.STAR, A.REMIX, A.REFERENCE, A.SHARE, A.DOWNLOAD, A.COMPARE),
        *(A.SHOW, A.HIDE, A.COLLECT, A.DELETE),
    ),
    S.FAILED: _ENDED,
    S.REJECTED: (A.REPLACE_TOKEN, A.TOP_UP, A.SEND_AGAIN, A.EDIT, A.CANCEL, *_ANY_TIME, A.DELETE),
    S.STALLED: (A.CHECK_AGAIN, A.REPLACE_TOKEN, *_ENDED),
    S.CANCELLED: (A.SEND_AGAIN, *_ENDED),
}
_DELETED = (A.RESTORE, A.REMIX, A.REFERENCE, A.DOWNLOAD, A.COMPARE)


def _has_file(card: Generation) -> bool:
    return any(result.kept_at for result in card.results.all())


def _is_lost(card: Generation) -> bool:
    results = card.results.all()
    return bool(results) and all(result.gone_at for result in results)


def _has_refused_token(card: Generation) -> bool:
    return card.token is not None and card.token.refused_at is not None


# What an action needs beyond the state.
_NEEDS: dict[Action, Callable[[Generation], bool]] = {
    A.CANCEL: decisions.can_cancel,
    A.CANCEL_ALL: lambda card: card.batch_size > 1,
    A.SEND_AGAIN: lambda card: card.can_send_again,
    A.CHECK_AGAIN: decisions.can_check_again,
    A.FETCH_AGAIN: lambda card: any(result.gone_at for result in card.results.all()),
    A.REPLACE_TOKEN: _has_refused_token,
    A.TOP_UP: lambda card: card.answer_status == 402 and card.can_send_again,
    A.REFERENCE: _has_file,
    A.SHARE: lambda card: not _is_lost(card),
    A.DOWNLOAD: _has_file,
    A.COMPARE: lambda card: any(result.kept_at and not result.is_video for result in card.results.all()),
    A.SHOW: lambda card: card.team_at is None,
    A.HIDE: lambda card: card.team_at is not None,
}
# What people may do with the work of others that the team is shown.
_FOR_ALL = {A.STAR, A.REMIX, A.REFERENCE, A.DOWNLOAD, A.COMPARE, A.COLLECT}

# What leads on from a state; the rest are the tools of a picture.
STEPS = {
    *(A.RESTORE, A.CANCEL, A.CANCEL_ALL, A.SEND_AGAIN, A.CHECK_AGAIN, A.FETCH_AGAIN),
    *(A.REPLACE_TOKEN, A.TOP_UP, A.EDIT),
}


def for_owner(card: Generation) -> tuple[Action, ...]:
    """What its owner can do with it now, the most useful first."""
    actions = _DELETED if card.deleted_at else _TABLE[card.status]
    return tuple(action for action in actions if action not in _NEEDS or _NEEDS[action](card))


def offered(card: Generation) -> tuple[Action, ...]:
    """What the viewer for whom the card was prepared can do with it now, the most useful first."""
    return tuple(action for action in for_owner(card) if card.is_own or action in _FOR_ALL)


_WORDS = {
    A.RESTORE: gettext_lazy("Undo"),
    A.CANCEL: gettext_lazy("Cancel"),
    A.CANCEL_ALL: gettext_lazy("Cancel all waiting"),
    A.CHECK_AGAIN: gettext_lazy("Check again · free"),
    A.FETCH_AGAIN: gettext_lazy("Fetch again · free"),
    A.REPLACE_TOKEN: gettext_lazy("Replace the token"),
    A.TOP_UP: gettext_lazy("Top up"),
    A.EDIT: gettext_lazy("Edit and send as new"),
}


def word(step: Action, card: Generation) -> str:
    """What a step's button says."""
    if step == A.SEND_AGAIN:
        return _("Send again") if card.status == S.REJECTED else _("Send")
    return str(_WORDS[step])


class Verb(NamedTuple):
    """A button of the selection bar, whose icon has its name. One that `leads_away` answers with another page or a
    file; one that is not `is_offered` by single cards concerns the collection that is shown."""

    name: str
    word: str | Promise
    leads_away: bool = False
    is_offered: bool = True


_BAR = [
    Verb(A.RESTORE, gettext_lazy("Restore")),
    Verb(A.STAR, gettext_lazy("Star")),
    Verb(A.SHOW, gettext_lazy("Show to the team")),
    Verb(A.HIDE, gettext_lazy("Hide from the team")),
    Verb(A.DOWNLOAD, gettext_lazy("Download"), leads_away=True),
    Verb(A.SHARE, gettext_lazy("Share"), leads_away=True),
    Verb(A.COMPARE, gettext_lazy("Compare"), leads_away=True),
    Verb(A.DELETE, gettext_lazy("Delete")),
]
# Where the work of several people is shown, what changes one's own is done in the history.
_OF_HISTORY = {A.SHOW, A.HIDE, A.DELETE}


def bar(states: Iterable[str] = _TABLE, *, is_trash: bool = False, is_mixed: bool = False) -> list[Verb]:
    """The verbs that something in these states may offer."""
    possible = set(_DELETED) if is_trash else {action for state in states for action in _TABLE[state]}
    return [verb for verb in _BAR if verb.name in (possible - _OF_HISTORY if is_mixed else possible)]


def verbs(found: Iterable[Action]) -> list[str]:
    """Those of a card's actions that the selection bar can do."""
    names = {verb.name for verb in _BAR} | {A.COLLECT}
    return [action for action in found if action in names]


def why_not(card: Generation, action: Action) -> str:
    """Why this cannot be done with the card as it is now."""
    if action == A.RESTORE:
        return _("It is not deleted.")
    if card.deleted_at:
        return _("It is already deleted.") if action == A.DELETE else _("It is deleted. Undo that first.")
    if action in {A.CANCEL, A.CANCEL_ALL} and card.status in {S.SENDING, S.RUNNING}:
        return _("It was already being sent, so it could not be cancelled.")
    if action in {A.SEND_AGAIN, A.CHECK_AGAIN} and action in _TABLE[card.status] and (problem := _not_again(card)):
        return problem
    if action == A.SHARE and card.status == S.DONE:
        return _("Its files could not be saved, so a link would show nothing.")
    if action == A.SHOW and card.team_at:
        return _("The team already sees it.")
    return str(_REFUSALS[action])


def _not_again(card: Generation) -> str:
    """Why it cannot be sent or checked again, where its state would allow that."""
    if card.token is None:
        return _("The token it was made with has been removed. Edit it and send it as new.")
    if card.token.refused_at:
        return _("Meigen refuses your token. Replace it first.")
    if card.needs_approval:
        return _("It was not approved. Edit it and send it as new to ask again.")
    return _("It does not fit into this month's budget.") if card.can_send_again else ""


_REFUSALS = {
    A.CANCEL: gettext_lazy("It is not waiting, so there is nothing to cancel."),
    A.CANCEL_ALL: gettext_lazy("None of them is waiting, so there is nothing to cancel."),
    A.SEND_AGAIN: gettext_lazy("This one is not waiting to be sent again."),
    A.CHECK_AGAIN: gettext_lazy("There is nothing to check: we know what became of it."),
    A.FETCH_AGAIN: gettext_lazy("There is nothing to fetch again."),
    A.STAR: gettext_lazy("Only finished results can be starred."),
    A.REFERENCE: gettext_lazy("It has no file to use as a reference."),
    A.SHARE: gettext_lazy("Only finished results can be shared."),
    A.SHOW: gettext_lazy("Only finished results can be shown to the team."),
    A.HIDE: gettext_lazy("The team does not see it."),
    A.DELETE: gettext_lazy("It is still in progress. Delete it once it has finished."),
}
