"""What the tests of collections make, do and read."""

import re
from typing import Any

from django.test import Client

from accounts.models import User
from generations.library import collecting
from generations.models import Collection, Generation
from tests.helpers import make_generation, make_result

HTMX = {"HX-Request": "true"}


def make_collection(owner: User, name: str = "SECRET plans", *rows: Generation, is_team: bool = False) -> Collection:
    collection, _ = collecting.create(owner, name, is_team=is_team)
    for row in rows:
        collecting.add(owner, collection.pk, [row.pk])
    return collection


def make_done(owner: User, prompt: str, **overrides: Any) -> Generation:
    row = make_generation(owner, prompt=prompt, status="done", **overrides)
    make_result(row)
    return row


def do(client: Client, verb: str, *rows: Generation, **more: Any) -> Any:
    return client.post("/generations/selected/", {"do": verb, "selected": [row.pk for row in rows], **more})


def cards(client: Client, url: str) -> list[str]:
    """The prompts of a page's cards, in their order."""
    return re.findall(r'class="card-prompt" href="[^"]+">([^<]+)<', client.get(url).content.decode())


def inside(collection: Collection) -> set[str]:
    return set(collection.generations.values_list("prompt", flat=True))
