"""Whether the studio works, for load balancers, supervisors and whoever is woken at night.

Two questions have different answers. `/healthz` is about the whole studio, and 503 when somebody has to do something.
`/healthz?web` is about this web server alone, and 503 only when pages cannot be served: a probe that takes the web
server away when a worker has died helps nobody. Meigen being away makes neither a 503, as nobody here can mend that.
Anybody may ask, so no answer names hosts or folders.
"""

import logging
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from generations.dispatch import pending, troubles, wake
from generations.media import store
from generations.models import Pause
from generations.monitoring import signs
from generations.monitoring.signs import Signs

logger = logging.getLogger(__name__)


@never_cache
@require_safe
@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    """200 or 503, and what was found in words."""
    try:
        told: dict[str, Any] = {"database": "ok", "migrations": "ok", **_looked_up()}
    except DatabaseError:
        logger.exception("The health check failed")
        told = {"database": "unreachable", "worker": "unknown"}
    pages = told["database"] == told.get("migrations") == "ok"
    ok = pages and told["worker"] != "silent" and told["disk"] != "full"
    status = 200 if ok or (pages and "web" in request.GET) else 503
    return JsonResponse({"ok": ok, **told}, status=status)


def _looked_up() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if missing := len(pending.migrations()):
        pending.tell(missing)
        return {"migrations": f"{missing} pending: run manage.py migrate", "worker": "unknown"}
    found = signs.read()
    told: dict[str, Any] = {
        "worker": _worker(found),
        "hosts": {"alive": sum(host.is_alive for host in found.hosts), "silent": _silent(found)},
        "sweep": _sweep(found),
        "disk": "full" if found.has(troubles.STORE) else _disk(),
        "meigen": "away" if found.has(troubles.MEIGEN) or found.has(troubles.FILES) else "ok",
        "clocks": "apart" if found.has(troubles.CLOCK) else "ok",
    }
    if paused_since := Pause.begun():
        told["paused_since"] = paused_since
    return told


def _worker(found: Signs) -> str:
    if found.alive_until is None:
        return "not started yet"
    return "alive" if found.alive_until > timezone.now() else "silent"


def _silent(found: Signs) -> int:
    """How many hosts are silent; the first look that finds one writes the line that living workers cannot."""
    silent = sum(not host.is_alive for host in found.hosts)
    if silent > sum(trouble.kind == troubles.SILENT for trouble in found.troubles):
        wake.note_silence()
    return silent


def _sweep(found: Signs) -> str:
    """Whether what is to be sent or polled is in somebody's hands."""
    resting_since = timezone.now() - signs.LATE
    if any(at > resting_since for at in found.swept_at.values()) or Pause.is_on():
        return "ok"
    return "late" if wake.anything_left() else "ok"


def _disk() -> str:
    """The room on this host's disks."""
    try:
        return "ok" if all(store.room(folder).is_enough for folder in store.folders().values()) else "low"
    except OSError:
        return "unknown"
