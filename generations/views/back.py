"""Where a plain form leads when it is done."""

from django.utils.http import url_has_allowed_host_and_scheme

from accounts.http import Request


def back_to(request: Request, fallback: str) -> str:
    """The page the form names as `next`, when it is one of ours."""
    target = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if is_ours else fallback
