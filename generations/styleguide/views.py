"""The styleguide: the templates of the pages with made-up content. There is none unless DEBUG is on."""

from django.conf import settings
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.http import Request
from generations.dispatch import catalogue
from generations.library import actions
from generations.sharing.forms import ShareForm
from generations.studio.form import GenerateForm
from generations.styleguide import samples

SCHEMES = ("light", "dark")
DIRECTIONS = ("ltr", "rtl")
ICONS = ("star", "remix", "share", "download", "reference", "delete", "heart", "earlier", "later", "previous", "next")


@require_safe
def styleguide(request: Request) -> HttpResponse:
    """`?scheme=dark`, `?lang=zh-hans` and `?dir=rtl` choose how everything looks."""
    if not request.user.is_staff:
        raise Http404
    languages = [code for code, _name in settings.LANGUAGES]
    chosen = {
        "scheme": _one_of(SCHEMES, request.GET.get("scheme")),
        "lang": _one_of(languages, request.GET.get("lang") or translation.get_language()),
        "dir": _one_of(DIRECTIONS, request.GET.get("dir")),
    }
    with translation.override(chosen["lang"]):
        offer = catalogue.offer()
        wrong = ShareForm({"title": "x" * 130, "days": "x", "password": "short"})
        wrong.auto_id = "wrong_%s"
        states = samples.cards(request.user)
        done = next(state.card for state in states if state.name == "done")
        context = {
            "chosen": chosen,
            "choices": {"scheme": SCHEMES, "lang": languages, "dir": DIRECTIONS},
            "form": GenerateForm(offer),
            "offer": offer,
            "waits": {},
            "fields": ShareForm(None),
            "wrong": wrong,
            "messages": _messages(),
            "states": states,
            "done": done,
            "covers": samples.collections(request.user, done),
            "saved_forms": samples.presets(request.user),
            "clicks": samples.clicks(request.user),
            "verbs": actions.bar(),
            "icons": ICONS,
            "everything": request.path,
        }
        return render(request, "generations/styleguide.html", context)


@require_safe
def picture(request: Request, number: int) -> HttpResponse:
    if not request.user.is_staff:
        raise Http404
    return HttpResponse(samples.drawing(int(number)), content_type="image/svg+xml")


def _messages() -> list[Message]:
    return [
        Message(constants.SUCCESS, _("Link updated.")),
        Message(constants.INFO, _("The team already sees it.")),
        Message(constants.WARNING, _("You can only share your own finished results.")),
        Message(constants.ERROR, _("Meigen refuses your token. Replace it first.")),
    ]


def _one_of(offered: tuple[str, ...] | list[str], asked: str | None) -> str:
    return asked if asked and asked in offered else offered[0]
