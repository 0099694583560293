"""Prices and models that change at Meigen, and the day's digest."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django_q.models import OrmQ
from pytest_django import Settings

from accounts.models import User
from generations import tasks
from generations.dispatch import changes as noted
from generations.models import Approval, Budget, CatalogueChange, Draft, Preset, Project
from generations.usage import digest
from meigen_api import calls
from meigen_api.errors import Answer
from tests.helpers import make_generation


def catalogue(**prices: int) -> Any:
    entries = [
        {"id": name, "name": name.title(), "credits_per_generation": price, "supported_ratios": ["1:1"]}
        for name, price in prices.items()
    ]
    return calls.read_models({"success": True, "models": entries}, Answer(200))


def change(before: dict[str, int], after: dict[str, int]) -> list[tuple[str, str, int | None, int | None]]:
    noted.note(catalogue(**before), catalogue(**after))
    return list(CatalogueChange.objects.order_by("pk").values_list("model_id", "kind", "most_before", "most"))


@pytest.mark.django_db
def test_every_difference_is_kept_and_the_first_catalogue_is_none() -> None:
    assert change({}, {"fox": 4}) == []
    found = change({"fox": 4, "owl": 3, "hen": 2, "elk": 9}, {"fox": 5, "owl": 2, "hen": 2, "new": 1})
    assert found == [
        ("fox", "dearer", 4, 5),
        ("owl", "cheaper", 3, 2),
        ("new", "new", None, 1),
        ("elk", "retired", 9, None),
    ]


def test_a_change_names_the_presets_drafts_and_projects_that_it_touches(lead: Client, user: User) -> None:
    project = Project.objects.create(name="Spring")
    make_generation(user, model_id="fox", project=project)
    Preset.objects.create(owner=user, name="My fox", values={"model_id": "fox"})
    Preset.objects.create(owner=user, name="My owl", values={"model_id": "owl"})
    Draft.objects.create(owner=user, values={"model_id": "fox"})
    change({"fox": 4}, {"fox": 5})
    page = lead.get("/usage/changes/").content.decode()
    assert "4 credits, now 5 credits" in page
    assert f"Preset My fox of {user}" in page
    assert f"Draft of {user}" in page
    assert "Project Spring" in page
    assert "My owl" not in page


def test_the_digest_is_mailed_once_a_day_to_those_who_see_all(settings: Settings, lead: Client, user: User) -> None:
    settings.DIGEST_MAIL = True
    Budget.objects.create(scope="team", credits=10)
    with time_machine.travel(datetime(2026, 3, 3, 12, tzinfo=UTC), tick=False) as clock:
        make_generation(user, status="done", credits_used=9)
        tasks.watchdog()
        assert not mailed()
        clock.move_to(datetime(2026, 3, 4, 7, 1, tzinfo=UTC))
        for _ in range(3):
            tasks.watchdog()
        assert mailed() == 1
        assert digest.send() == 1
    sent = mail.outbox[0]
    assert sent.to == ["lead@example.com"]
    assert "2026-03-03" in sent.subject
    assert f"{user}: 9" in sent.body
    assert "The whole team: 9 of 10 credits used" in sent.body


def mailed() -> int:
    return sum("send_digest" in job.func() for job in OrmQ.objects.all())


@pytest.mark.parametrize("day", ["", "2026-03-03", "tomorrow", "9999-01-01"])
def test_the_digest_is_a_page_as_well(lead: Client, day: str) -> None:
    assert lead.get("/usage/digest/", {"day": day}).status_code == 200


def test_a_day_of_the_digest_has_its_own_numbers(user: User) -> None:
    make_generation(user, status="failed", credits_used=3, created_at=datetime(2026, 3, 3, 12, tzinfo=UTC))
    told = digest.of(date(2026, 3, 3))
    assert (told.total["unrefunded"], [line.value for line in told.people]) == (3, [user.username])
    assert not Approval.objects.exists()
    assert not digest.of(date(2026, 3, 4)).people
