"""The page of an invitation, for somebody who has no account yet."""

from datetime import timedelta

from allauth.account.utils import perform_login
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts import invitations, throttles
from accounts.address import client_address
from accounts.models import Invitation, User
from accounts.throttles import Count, Limit
from generations.models import Budget
from generations.people.forms import JoinForm

AN_HOUR = timedelta(hours=1)
UNKNOWN = Limit("invitations tried from a network", 30, timedelta(minutes=5), AN_HOUR, AN_HOUR)


@login_not_required
@sensitive_post_parameters("password1", "password2")
@sensitive_variables("secret")
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """Choose a name and a password, and be signed in."""
    try:
        trying = throttles.begin(Count(UNKNOWN, throttles.network(client_address(request))))
    except throttles.Waiting:
        return render(request, "429.html", status=429)
    invitation = invitations.find(secret)
    if invitation is None:
        return render(request, "generations/join.html", status=404)
    trying.was_right()
    form = JoinForm(request.POST if request.method == "POST" else None, invitation=invitation)
    if form.is_valid():
        try:
            person = _welcome(invitation, form.cleaned_data["username"], form.cleaned_data["password1"])
        except invitations.Over:
            return render(request, "generations/join.html", status=404)
        except IntegrityError:
            form.add_error(
                "username",
                _("Somebody has just taken this name or your address. Choose another name, or ask an admin."),
            )
        else:
            response: HttpResponse = perform_login(request, person)
            return response
    context = {"form": form, "invitation": invitation}
    return render(request, "generations/join.html", context, status=422 if form.is_bound else 200)


@sensitive_variables("password")
def _welcome(invitation: Invitation, name: str, password: str) -> User:
    """The new account, with all that the invitation promised, in one transaction."""
    with transaction.atomic():
        person = invitations.accept(invitation, name, password)
        if invitation.budget is not None:
            Budget.objects.create(scope=Budget.Scope.PERSON, person=person, credits=invitation.budget)
    return person
