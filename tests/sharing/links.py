"""Share links: whoever has one sees the pictures, as long and as far as its maker allows."""

import re
from typing import Any

from django.test import Client
from django.urls import reverse

from accounts.models import User
from generations.library import collecting
from generations.models import Collection, Generation, Share
from tests.helpers import make_generation, make_result

CANARIES = [b"heron", b"CANARY", b"/preview/", b"og:", b"WEBP", b"PNG", b"JFIF"]


def birds(user: User, *rows: Generation) -> Collection:
    collection, _ = collecting.create(user, "Birds")
    collecting.add(user, collection.pk, [row.pk for row in rows])
    return collection


def path(share: Share) -> str:
    return reverse("shared", args=[share.secret])


def files(share: Share, generation: Generation) -> list[str]:
    """Every address of the share that could give something away."""
    url = path(share)
    [result, *_] = generation.results.all()
    return [
        url,
        f"{url}zip/",
        f"{url}{result.pk}/",
        f"{url}{result.pk}/?download",
        f"{url}{result.pk}/preview/",
        f"{url}{result.pk}/chat.jpg",
    ]


def make_done(user: User, prompt: str = "a heron at dawn", **more: Any) -> Generation:
    generation = make_generation(user, status="done", prompt=prompt, **more)
    make_result(generation)
    return generation


def visitor(share: Share) -> Client:
    """A guest who has opened the page."""
    guest = Client()
    guest.get(path(share))
    return guest


def body(response: Any) -> bytes:
    return response.getvalue()  # type: ignore[no-any-return]


def link(browser: Client, generation: Generation) -> str:
    browser.post(reverse("share", args=[generation.pk]))
    page = browser.get(generation.get_absolute_url()).content.decode()
    found = re.search(r"http://testserver(/s/[\w-]{43}/)", page)
    assert found
    return found[1]
