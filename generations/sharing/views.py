"""A person's share links: creating, changing, listing and revoking them."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import Request, back_to
from generations.models import Collection, Generation, Share
from generations.models.ids import uuids
from generations.sharing import links, qr
from generations.sharing.forms import ShareForm

SHOWN = 24


@require_safe
def shares(request: Request) -> HttpResponse:
    """Lists the person's active links."""
    rows = Share.objects.live().filter(created_by=request.user).select_related("collection")
    return render(request, "generations/shares.html", {"shares": rows.counted()})


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def new_share(request: Request) -> HttpResponse:
    """Creates a link to the `selected` generations or to a `collection`."""
    source = request.POST if request.method == "POST" else request.GET
    collection = _collection(request, source.get("collection", ""))
    if collection is not None:
        offer = links.collected(request.user, collection)
    else:
        offer = links.chosen(request.user, uuids(source.getlist("selected")))
    if request.method != "POST":
        return ask(request, offer, collection)
    form = ShareForm(request.POST, collection=collection, is_empty=not offer.rows and collection is not None)
    if form.is_valid() and (offer.rows or collection):
        follow = collection if form.cleaned_data.get("follows") else None
        password, nonce = form.cleaned_data["password"], form.cleaned_data["nonce"]
        made = links.share(request.user, offer.rows, follow=follow, password=password, nonce=nonce, **form.choices())
        protected = _(
            "The link is ready. Anyone who has the link and the password can see what is below until you revoke it."
        )
        without = _("The link is ready. Anyone who has it can see what is below until you revoke it.")
        messages.success(request, protected if password else without)
        return redirect("share_link", made.pk)
    return ask(request, offer, collection, form)


def ask(
    request: Request, offer: links.Offer, collection: Collection | None = None, form: ShareForm | None = None
) -> HttpResponse:
    """The page that asks for the settings of a new link."""
    if not offer.rows and collection is None:
        messages.warning(request, _("You can only share your own finished results."))
        return redirect("generations")
    first = Generation.objects.filter(pk__in=[row.pk for row in offer.rows[:SHOWN]]).with_card()
    context = {
        "form": form or ShareForm(None, collection=collection),
        "offer": offer,
        "shown": sorted(first, key=offer.rows.index),
        "collection": collection,
    }
    return render(request, "generations/new_share.html", context, status=422 if form else 200)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def share_link(request: Request, pk: UUID) -> HttpResponse:
    """One link: its address, views and hearts. A POST changes its settings."""
    share = _own(request, pk)
    form = ShareForm(request.POST if request.method == "POST" else None, share=share)
    if request.method == "POST" and form.is_valid():
        links.change(share, form.choices(), form.new_password())
        messages.success(request, _("Link updated."))
        return redirect("share_link", share.pk)
    context = {
        "share": share,
        "form": form,
        "address": address(request, share),
        "shown": share.contents().with_card()[:SHOWN],
    }
    return render(request, "generations/share_link.html", context, status=422 if form.errors else 200)


@require_POST
def revoke(request: Request, pk: UUID) -> HttpResponse:
    """Revokes a link. Idempotent, also for a link that has expired in the meantime."""
    links.revoke(get_object_or_404(Share, pk=pk, created_by=request.user))
    messages.success(request, _("Link revoked. It no longer shows anything."))
    target = back_to(request, reverse("shares"))
    return HttpResponseRedirect(reverse("shares") if target == reverse("share_link", args=[pk]) else target)


@require_safe
def share_qr(request: Request, pk: UUID) -> HttpResponse:
    """The link as a QR code, rendered here."""
    return HttpResponse(qr.drawing(address(request, _own(request, pk))), content_type="image/svg+xml")


def address(request: Request, share: Share) -> str:
    """The link as a guest receives it, or an empty string if it can no longer be decrypted."""
    return request.build_absolute_uri(reverse("shared", args=[share.secret])) if share.secret else ""


def _own(request: Request, pk: UUID) -> Share:
    return get_object_or_404(
        Share.objects.live().select_related("collection", "created_by"), pk=pk, created_by=request.user
    )


def _collection(request: Request, pk: str) -> Collection | None:
    [*found] = uuids([pk])
    return get_object_or_404(Collection, pk=found[0], owner=request.user) if found else None
