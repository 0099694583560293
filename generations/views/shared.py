"""What a share link shows to somebody without an account: the pictures and nothing else."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from generations import media
from generations.models import Share

View = Callable[..., HttpResponseBase]


def through_link(view: View) -> View:
    """Finds the share behind the secret, else 404; keeps the page out of search engines, referrers and caches."""

    @require_safe
    @login_not_required
    @wraps(view)
    def wrapper(request: HttpRequest, secret: str, **kwargs: Any) -> HttpResponseBase:
        share = Share.objects.for_secret(secret)
        if share is None:
            raise Http404
        response = view(request, share, **kwargs)
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "no-referrer"
        response["Cache-Control"] = "private, no-store"
        return response

    return wrapper


@through_link
def shared(request: HttpRequest, share: Share) -> HttpResponse:
    results = share.generation.results.filter(kept_at__isnull=False)
    waiting = share.generation.results.filter(kept_at=None, gone_at=None).exists()
    secret = request.resolver_match.kwargs["secret"] if request.resolver_match else ""
    return render(
        request,
        "generations/shared.html",
        {"results": results, "waiting": waiting, "secret": secret, "prompt": share.generation.prompt},
    )


@through_link
def shared_result(request: HttpRequest, share: Share, number: int) -> HttpResponseBase:
    return media.serve(request, media.authorise(number, share=share), "file")


@through_link
def shared_thumbnail(request: HttpRequest, share: Share, number: int) -> HttpResponseBase:
    return media.serve(request, media.authorise(number, share=share), "thumbnail")
