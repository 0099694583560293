"""Forgotten passwords: django-allauth's pages, where the studio can send mail, within limits of our own."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from allauth.account import views as allauth
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from . import throttles
from .address import client_address
from .columns import as_address
from .throttles import Count, Limit

AN_HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)
NETWORK = Limit("new passwords asked for in a network", 20, timedelta(minutes=5), AN_HOUR, AN_HOUR)
ADDRESS = Limit("new passwords asked for an address", 3, timedelta(minutes=15), A_DAY, A_DAY)
KEYS = Limit("links for new passwords of a network", 30, timedelta(minutes=5), AN_HOUR, AN_HOUR)


class Base36Converter:
    """A person's id as allauth writes it, so that the hyphen behind it is found."""

    regex = "[0-9A-Za-z]+"
    to_python = to_url = str


View = Callable[..., HttpResponse]


def by_mail(view: View) -> View:
    """A page for people who are signed out; there is none where the studio sends no mail."""

    @login_not_required
    @wraps(view)
    def mailing(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not settings.HAS_MAIL:
            raise Http404
        try:
            return view(request, **kwargs)
        except throttles.Waiting:
            return render(request, "429.html", status=429)

    return mailing


@by_mail
def ask(request: HttpRequest) -> HttpResponse:
    """Where to send the link. The answer is the same whether anybody has that address, and it is counted either way."""
    if request.method == "POST":
        typed = as_address(request.POST.get("email", "").strip())[:254]
        throttles.begin(Count(NETWORK, throttles.network(client_address(request))), Count(ADDRESS, typed))
    response: HttpResponse = allauth.password_reset(request)
    return response


@by_mail
def sent(request: HttpRequest) -> HttpResponse:
    response: HttpResponse = allauth.password_reset_done(request)
    return response


@by_mail
def choose(request: HttpRequest, uidb36: str, key: str) -> HttpResponse:
    """Where the link leads. Keys cannot be guessed; who tries nevertheless is slowed down."""
    trying = throttles.begin(Count(KEYS, throttles.network(client_address(request))))
    response: HttpResponse = allauth.password_reset_from_key(request, uidb36=uidb36, key=key)
    if response.status_code == 302:
        trying.was_right()
    return response


@by_mail
def done(request: HttpRequest) -> HttpResponse:
    response: HttpResponse = allauth.password_reset_from_key_done(request)
    return response
