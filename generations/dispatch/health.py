"""Whether the studio works, for load balancers and supervisors."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from generations.dispatch import pending
from generations.dispatch.wake import HEARTBEAT
from generations.models import Lease, Pause


@never_cache
@require_safe
@login_not_required
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while the database answers, has had every migration, and background work is alive or has not started yet.

    Else 503. A studio that is paused after a restore works as it should, and says so.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if missing := len(pending.migrations()):
            words = f"{missing} pending: run manage.py migrate"
            told = {"ok": False, "database": "ok", "migrations": words, "worker": "unknown"}
            return JsonResponse(told, status=503)
        beats_until = Lease.expiry(HEARTBEAT)
        paused_since = Pause.begun()
    except DatabaseError:
        return JsonResponse({"ok": False, "database": "unreachable", "worker": "unknown"}, status=503)
    if beats_until is None:
        worker, ok = "not started yet", True
    else:
        ok = beats_until > timezone.now()
        worker = "alive" if ok else "silent"
    told = {"ok": ok, "database": "ok", "migrations": "ok", "worker": worker}
    if paused_since:
        told["paused_since"] = paused_since
    return JsonResponse(told, status=200 if ok else 503)
