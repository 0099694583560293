"""Migrations, there and back, with rows in the tables: each makes and removes what takes seconds."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.models import User
from generations import library
from generations.models import Generation, Share, ShareItem, Star
from tests.helpers import make_generation, make_user


def make_links(user: User, row: Generation) -> dict[str, Share]:
    """Links that show the row first, of their maker's own, and one that shows nothing."""
    later, theirs = make_generation(user, status="done"), make_generation(make_user(), status="done")
    special: dict[str, dict[str, Any]] = {"locked": {"password": "x"}, "over": {"expires_at": row.created_at}}
    made = {}
    for name in ("many", "locked", "over", "empty"):
        made[name] = Share(created_by=user, **special.get(name, {}))
        made[name].seal()
        made[name].save()
        for number, item in enumerate([theirs, row, later] if name != "empty" else []):
            ShareItem.objects.create(share=made[name], generation=item, number=number)
    return made


@pytest.mark.django_db(transaction=True)
def test_the_migration_goes_back_and_forth(user: User) -> None:
    if connection.vendor == "sqlite":
        connection.close()
    row = make_generation(user, prompt="a heron", status="done")
    library.star(user, row)
    shares = make_links(user, row)
    try:
        call_command("migrate", "generations", "0006_remove_starred_at", verbosity=0)
        Generation.objects.filter(pk=row.pk).update(prompt="an egret")
    finally:
        call_command("migrate", verbosity=0)
    assert Generation.objects.search("egret").get() == row
    assert Star.objects.get().made_at == row.created_at
    # A link shows one generation of its maker's own; without what kept it to a few it is taken back.
    assert set(Share.objects.values_list("pk", flat=True)) == {shares[name].pk for name in ("many", "locked", "over")}
    assert {item.generation for item in ShareItem.objects.all()} == {row}
    assert Share.objects.get(revoked_at=None) == shares["many"]
    make_generation(user, prompt="another egret")
    assert Generation.objects.search("egret").count() == 2
