"""The list that a result is viewed in. The result's address carries it: `?list=history&q=fox`, `?list=gallery`,
`?list=studio`, or `?in=<id>` for a collection. Whatever is written there, only what the viewer may see is listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.urls import Resolver404, ResolverMatch, get_script_prefix, resolve, reverse
from django.utils.translation import gettext as _

from accounts.http import Request
from accounts.models import User
from generations.library.filters import HistoryForm, asked_for
from generations.models import Collection, Generation, GenerationQuerySet

Beside = tuple[GenerationQuerySet, GenerationQuerySet]

COLLECTION = "in"


@dataclass(frozen=True)
class List:
    """`query` is what a result's address carries of it, `address` where it is."""

    query: str
    address: str
    name: str
    collection: Collection | None = None
    form: HistoryForm | None = None

    @property
    def within(self) -> str:
        """The end of the address of another result in this list."""
        return f"?{self.query}" if self.query else ""

    @property
    def also(self) -> str:
        """The same after other parameters."""
        return f"&{self.query}" if self.query else ""

    @property
    def is_search(self) -> bool:
        return bool(self.form and self.form.cleaned_data.get("q"))

    def beside(self, row: Generation, viewer: User) -> Beside:
        """What is listed before and after the row, the nearest first."""
        if self.collection:
            return self.collection.beside(row, viewer)
        place = row.created_at, row.pk
        if self.form:
            return self.form.rows(above=place), self.form.rows(place)
        rows = usual(row, viewer)
        return rows.after(*place), rows.newest_first(place)


def usual(row: Generation, viewer: User) -> GenerationQuerySet:
    """The list in which the viewer sees this row anyway: their own history or the team gallery."""
    if row.owner_id == viewer.pk:
        return Generation.objects.owned_by(viewer).kept()
    return Generation.objects.shown_to_team()


def viewed_in(request: Request, row: Generation, collected: Sequence[Collection]) -> List:
    """The list in the address, if the viewer may open it, or the usual one. `collected` are the row's collections."""
    wanted, name = request.GET.get(COLLECTION, ""), request.GET.get("list", "")
    for collection in collected:
        if str(collection.pk) == wanted:
            query = urlencode({COLLECTION: collection.pk})
            return List(query, collection.get_absolute_url(), collection.name, collection=collection)
    if name == "studio" and row.owner_id == request.user.pk:
        return List("list=studio", reverse("studio"), _("Studio"))
    if name in {"history", "gallery"}:
        return _filtered(request, name)
    if row.owner_id == request.user.pk:
        return List("", reverse("generations"), _("History"))
    return List("", reverse("gallery"), _("Team gallery"))


def _filtered(request: Request, name: str) -> List:
    form = HistoryForm(request.user, request.GET, of_team=name == "gallery")
    chosen = form.in_force
    address = f"{form.address}?{urlencode(chosen)}" if chosen else form.address
    words = {
        ("history", False): _("History"),
        ("history", True): _("Filtered history"),
        ("gallery", False): _("Team gallery"),
        ("gallery", True): _("Filtered gallery"),
    }
    return List(urlencode({"list": name, **chosen}), address, words[name, bool(chosen)], form=form)


def carried(address: str) -> str:
    """What the addresses of results end with on the page at this address of ours. `viewed_in` checks it when it comes
    back."""
    try:
        page, asked = _read(address)
    except (Resolver404, ValueError):
        return ""
    chosen = asked_for(asked)
    if page.view_name == "collection":
        carries = {COLLECTION: str(page.kwargs["pk"])}
    elif page.view_name in {"generation", "compare"}:
        carries = {name: asked[name] for name in ("list", COLLECTION) if name in asked} | chosen
    elif page.view_name == "studio":
        carries = {"list": "studio"}
    elif page.view_name == "gallery" or (page.view_name == "generations" and chosen):
        carries = {"list": "gallery" if page.view_name == "gallery" else "history", **chosen}
    else:
        carries = {}
    return f"?{urlencode(carries)}" if carries else ""


def _read(address: str) -> tuple[ResolverMatch, dict[str, str]]:
    """The page at an address of ours, wherever the studio lives, and what is asked of it."""
    left = urlsplit(address)
    page = resolve(left.path.removeprefix(get_script_prefix().rstrip("/")))
    return page, dict(parse_qsl(left.query))


class Found(NamedTuple):
    """Everything in a list, and whether it is what a search for words finds."""

    rows: GenerationQuerySet
    is_search: bool


def found_at(address: str, viewer: User) -> Found | None:
    """What the list at this address shows the viewer, or None if there is no list or its filters are not all valid:
    without one of them, few could become everything."""
    try:
        page, asked = _read(address)
    except (Resolver404, ValueError):
        return None
    if page.view_name == "collection":
        shown = Collection.objects.visible_to(viewer).filter(**page.kwargs).first()
        return Found(shown.wall(viewer), is_search=False) if shown else None
    if page.view_name not in {"generations", "gallery"}:
        return None
    form = HistoryForm(viewer, asked, of_team=page.view_name == "gallery")
    return Found(form.rows(), bool(form.cleaned_data.get("q"))) if form.is_valid() else None
