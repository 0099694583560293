"""The refresh tick: tells an open page whether its live cards have changed, before the rest of the stack runs.

An open page polls every two seconds and nearly always learns that nothing is new. So a signed, expiring token in the
page identifies the person instead of the session, and one query compares versions. In return the tick never says more
than "changed"; what has changed comes from the view `live`, after full authentication.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta

from django.contrib.auth.decorators import login_not_required
from django.core.signing import BadSignature, TimestampSigner
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from accounts.models import User
from generations.models.ids import is_uuid

LASTS = timedelta(minutes=15)
MOST = 500  # the most cards that one tick may ask about
SALT = "generations.library.tick"


def token_for(user: User) -> str:
    """The token a page sends with its ticks. It only allows asking whether this person's cards have changed."""
    return TimestampSigner(salt=SALT).sign(str(user.pk))


def holder(token: str) -> int | None:
    """The id of the person this token was issued to, or None if it has expired or is invalid."""
    try:
        return int(TimestampSigner(salt=SALT).unsign(token, max_age=LASTS))
    except BadSignature:
        return None


def seen(request: HttpRequest) -> dict[str, str]:
    """The state of the page's live cards: marker by id, from `live=<id>:<marker>` each. Invalid values are ignored."""
    parts = (part.rpartition(":") for part in request.POST.getlist("live")[:MOST])
    return {pk: marker for pk, _, marker in parts if is_uuid(pk)}


def has_changed(version: int, marker: str) -> bool:
    """Whether the row differs from what the marker was made of, ignoring its place in line."""
    return marker.partition(".")[0] != str(version)


def any_changed(owner: int, markers: Mapping[str, str]) -> bool:
    """Whether one of the cards that this person may see has changed.

    An id that is not among them counts as unchanged. So other people's rows look like rows that do not exist, and a
    deleted row does not trigger full requests forever.
    """
    if not markers:
        return False
    # SQLite stores ids as 32 hex digits, and PostgreSQL accepts that format.
    known = {pk.replace("-", ""): marker for pk, marker in markers.items()}
    holes = ", ".join(["%s"] * len(known))
    # Raw SQL, because composing it in the ORM takes as long as the rest of a tick.
    # The same condition as in `visible_to`.
    shown = "team_at IS NOT NULL AND deleted_at IS NULL AND status = 'done'"
    visible = f"(owner_id = %s OR ({shown})) AND erased_at IS NULL"
    query = f"SELECT id, version FROM generations_generation WHERE {visible} AND id IN ({holes})"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(query, [owner, *known])
        return any(has_changed(version, known[str(pk).replace("-", "")]) for pk, version in cursor.fetchall())


@login_not_required
@csrf_exempt  # it changes nothing, and the token identifies the person
@require_POST
def tick(request: HttpRequest) -> HttpResponse:
    """Responds 204 if nothing is new, otherwise with the event `changed`, upon which the page requests `live`.

    It also sends `changed` if the token is no longer valid, because `live` renews it or finds the person signed out,
    and if the page has no live cards, because `live` tells it to stop.
    """
    owner = holder(request.POST.get("tick", ""))
    markers = seen(request)
    if owner is None or not markers or any_changed(owner, markers):
        response = HttpResponse(headers={"HX-Trigger": "changed"})
    else:
        response = HttpResponse(status=204)
    response["Cache-Control"] = "no-store"
    return response


def ticks_first(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that answers the tick itself and passes everything else on."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method == "POST" and request.path == reverse("tick"):
            return tick(request)
        return get_response(request)

    return middleware
