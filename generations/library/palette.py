"""The command palette: one list of what a person can go to, by the words in its name."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlencode

from django.db.models.functions import Left
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.http import Request
from accounts.models import User
from accounts.text import composed
from generations.dispatch import catalogue
from generations.library.choices import authors
from generations.models import Collection, Generation, Preset

LONGEST = 200  # of what is looked for
SHOWN = 5  # of each kind
MOST = 300  # rows of a kind that are looked through
RECENT = 100  # prompts that are looked through; the history searches all of them
BEGINNING = 300  # characters of a prompt


class Entry(NamedTuple):
    """One place to go to; `about` tells it from others of its name."""

    name: str
    address: str
    about: str = ""


@dataclass(frozen=True)
class Group:
    title: str
    entries: list[Entry]


@require_safe
def palette(request: Request) -> HttpResponse:
    """Everything whose name or description contains all words of `?q=`, a few of each kind."""
    text = composed(request.GET.get("q", ""))[:LONGEST].strip()
    kinds = {
        _("Recent prompts"): _prompts(request.user),
        _("Pages"): _pages(request.user),
        _("Models"): _models(),
        _("Collections"): _collections(request.user),
        _("Presets"): _presets(request.user),
        _("Galleries"): _galleries(),
    }
    groups = [Group(title, _matching(entries, text)) for title, entries in kinds.items()]
    context = {"groups": [group for group in groups if group.entries], "q": text}
    return render(request, "generations/_palette.html", context)


def _matching(entries: Iterator[Entry], text: str) -> list[Entry]:
    """The first few that match, and before them those whose name begins with the text."""
    words = text.casefold().split()
    found = [entry for entry in entries if all(word in f"{entry.name} {entry.about}".casefold() for word in words)]
    found.sort(key=lambda entry: not entry.name.casefold().startswith(text.casefold()))
    return found[:SHOWN]


def _pages(user: User) -> Iterator[Entry]:
    yield Entry(_("Studio"), reverse("studio"))
    yield Entry(_("History"), reverse("generations"))
    yield Entry(_("Team gallery"), reverse("gallery"))
    yield Entry(_("Collections"), reverse("collections"))
    yield Entry(_("Inspiration"), reverse("inspiration"))
    yield Entry(_("Starred"), f"{reverse('generations')}?starred=on", _("History"))
    yield Entry(_("Needs attention"), f"{reverse('generations')}?state=trouble", _("History"))
    yield Entry(_("Deleted"), f"{reverse('generations')}?state=deleted", _("History"))
    yield Entry(_("Presets"), reverse("presets"))
    yield Entry(_("Share links"), reverse("shares"))
    yield Entry(_("Usage"), reverse("usage"))
    if user.has_perm("generations.decide_approval"):
        yield Entry(_("Approvals"), reverse("approvals"))
    yield Entry(_("Meigen tokens"), reverse("tokens"))
    yield Entry(_("Time zone"), reverse("time_zone"))
    yield Entry(_("Sign-in and security"), reverse("mfa_index"))
    yield Entry(_("Change password"), reverse("account_change_password"))
    if user.is_staff:
        yield Entry(_("Administration"), reverse("admin:index"))


def _models() -> Iterator[Entry]:
    for model in catalogue.known().models:
        yield Entry(model.name, _studio(model_id=model.id), model.provider)


def _collections(user: User) -> Iterator[Entry]:
    for row in Collection.objects.visible_to(user)[:MOST]:
        yield Entry(row.name, row.get_absolute_url(), "" if row.owner_id == user.pk else str(row.owner))


def _presets(user: User) -> Iterator[Entry]:
    for preset in Preset.objects.visible_to(user)[:MOST]:
        about = [preset.model_name] if preset.owner_id == user.pk else [preset.model_name, str(preset.owner)]
        yield Entry(preset.name, _studio(preset=preset.pk), " · ".join(filter(None, about)))


def _galleries() -> Iterator[Entry]:
    for pk, name in authors():
        yield Entry(name, f"{reverse('gallery')}?{urlencode({'author': pk})}", _("Team gallery"))


def _prompts(user: User) -> Iterator[Entry]:
    """The latest of each prompt."""
    rows = Generation.objects.owned_by(user).kept().newest_first().annotate(beginning=Left("prompt", BEGINNING))
    told = set()
    for pk, prompt, model in rows.values_list("pk", "beginning", "model_name")[:RECENT]:
        if prompt not in told:
            told.add(prompt)
            yield Entry(Truncator(" ".join(prompt.split())).chars(90), _studio(**{"from": pk}), model)


def _studio(**asked: object) -> str:
    return f"{reverse('studio')}?{urlencode(asked)}"
