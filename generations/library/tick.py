"""The refresh tick: whether an open page's live cards have changed, answered before the rest of the stack.

An open page asks every two seconds and nearly always hears that nothing is new. So a signed, expiring token of the page
says who asks, in place of the session, and one query compares versions. In return the tick never says more than
"changed": what has changed comes from the view `live`, after full authentication.
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
MOST = 500  # cards asked about at once
SALT = "generations.library.tick"


def token_for(user: User) -> str:
    """What a page shows with its ticks, good for hearing whether this person's cards have changed."""
    return TimestampSigner(salt=SALT).sign(str(user.pk))


def holder(token: str) -> int | None:
    """The id of the person whose token it is, None when it has expired or is not one of ours."""
    try:
        return int(TimestampSigner(salt=SALT).unsign(token, max_age=LASTS))
    except BadSignature:
        return None


def seen(request: HttpRequest) -> dict[str, str]:
    """What the page knows of its live cards: marker by id, from `live=<id>:<marker>` each. Nonsense is left out."""
    parts = (part.rpartition(":") for part in request.POST.getlist("live")[:MOST])
    return {pk: marker for pk, _, marker in parts if is_uuid(pk)}


def has_changed(version: int, marker: str) -> bool:
    """Whether the row is another than the one the marker was made of, its place in line aside."""
    return marker.partition(".")[0] != str(version)


def any_changed(owner: int, markers: Mapping[str, str]) -> bool:
    """Whether one of the cards that this person may see has changed.

    An id that is not among them counts as unchanged: so what belongs to others looks like what does not exist, and a
    row that is gone does not set off the full request for ever.
    """
    if not markers:
        return False
    # SQLite keeps ids as 32 digits, and PostgreSQL reads them so.
    known = {pk.replace("-", ""): marker for pk, marker in markers.items()}
    holes = ", ".join(["%s"] * len(known))
    # Written out, because composing it takes the ORM as long as all the rest of a tick.
    # As `visible_to` has it.
    shown = "team_at IS NOT NULL AND deleted_at IS NULL AND status = 'done'"
    visible = f"(owner_id = %s OR ({shown})) AND erased_at IS NULL"
    query = f"SELECT id, version FROM generations_generation WHERE {visible} AND id IN ({holes})"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(query, [owner, *known])
        return any(has_changed(version, known[str(pk).replace("-", "")]) for pk, version in cursor.fetchall())


@login_not_required
@csrf_exempt  # it changes nothing, and the token says who asks
@require_POST
def tick(request: HttpRequest) -> HttpResponse:
    """204 when nothing is new, else the event `changed`, upon which the page asks `live`.

    So it does when the token is no good any more: `live` renews it, or finds the person signed out. And when nothing on
    the page is live: `live` tells it to stop.
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
    """Middleware that answers the tick itself and lets everything else pass."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method == "POST" and request.path == reverse("tick"):
            return tick(request)
        return get_response(request)

    return middleware
