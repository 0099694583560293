"""The form is found as it was left, as a whole, or with a sentence about what is missing."""

import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Token, User
from generations.media import attachments
from generations.models import Draft, Generation, Preset, Reference
from tests.conftest import FastSandbox
from tests.helpers import form_data, make_user, picture

HTMX = {"HX-Request": "true"}
CHOSEN = {
    "prompt": "a patient heron",
    "model_id": "nanobanana-2",
    "aspect_ratio": "4:3",
    "resolution": "2K",
    "count": "3",
}


def stored_picture(owner: User) -> Reference:
    return attachments.add_file(owner, "one.png", io.BytesIO(picture()), None)


@pytest.fixture
def reference(user: User) -> Reference:
    return stored_picture(user)


def typed(browser: Client, **values: Any) -> str:
    return browser.post("/studio/price/", form_data(**{**CHOSEN, **values}), headers=HTMX).content.decode()


def shows_all(body: str) -> bool:
    return (
        ">\na patient heron</textarea>" in body
        and '<option value="nanobanana-2" selected>' in body
        and all(
            re.search(rf'name="{name}" value="{value}"[^>]* checked', body)
            for name, value in [("aspect_ratio", "4:3"), ("resolution", "2K")]
        )
        and 'name="count" value="3"' in body
        and " · 15 credits" in body
    )


def test_the_whole_form_is_there_on_the_next_visit(
    sandbox: FastSandbox, browser: Client, token: Token, reference: Reference
) -> None:
    typed(browser, reference=[str(reference.pk)])
    body = browser.get("/").content.decode()
    assert shows_all(body)
    assert str(reference.pk) in body


def test_it_stays_after_the_click(sandbox: FastSandbox, browser: Client, token: Token) -> None:
    browser.post("/generations/", form_data(**CHOSEN))
    assert Generation.objects.count() == 3
    assert shows_all(browser.get("/").content.decode())


def test_it_is_the_persons_own(sandbox: FastSandbox, browser: Client, token: Token) -> None:
    typed(browser)
    other = Client()
    other.force_login(make_user())
    assert "a patient heron" not in other.get("/").content.decode()


def test_a_reference_that_is_gone_is_said(
    sandbox: FastSandbox, browser: Client, token: Token, reference: Reference
) -> None:
    typed(browser, reference=[str(reference.pk)])
    reference.delete()
    assert "A reference is no longer available." in browser.get("/").content.decode()


def test_a_model_that_is_gone_is_said(sandbox: FastSandbox, browser: Client, token: Token) -> None:
    typed(browser)
    Draft.objects.update(values={**Draft.objects.get().values, "model_id": "gone"})
    assert "gone: Meigen no longer offers this model." in browser.get("/").content.decode()


def test_a_setting_that_the_model_no_longer_has_is_said(sandbox: FastSandbox, browser: Client, token: Token) -> None:
    typed(browser, resolution="16K")
    assert "Dropped because Nanobanana 2 does not support it: size 16K" in browser.get("/").content.decode()


def test_an_address_with_a_prompt_has_its_way_and_changes_nothing(
    sandbox: FastSandbox, browser: Client, token: Token
) -> None:
    typed(browser)
    assert ">\na red fox</textarea>" in browser.get("/", {"prompt": "a red fox"}).content.decode()
    assert shows_all(browser.get("/").content.decode())


def test_a_picture_is_added_to_what_was_there(
    sandbox: FastSandbox, browser: Client, token: Token, reference: Reference
) -> None:
    typed(browser)
    body = browser.get("/", {"reference": str(reference.pk)}).content.decode()
    assert shows_all(body)
    assert str(reference.pk) in body


def test_what_a_tab_still_has_becomes_the_form(
    sandbox: FastSandbox, browser: Client, token: Token, reference: Reference
) -> None:
    typed(browser, prompt="written in another tab")
    body = browser.post("/studio/form/", {**CHOSEN, "reference": [str(reference.pk)]}, headers=HTMX).content.decode()
    assert shows_all(body)
    assert str(reference.pk) in body
    assert shows_all(browser.get("/").content.decode())


def test_what_another_person_saved_comes_without_their_references_and_says_so(
    sandbox: FastSandbox, browser: Client, token: Token
) -> None:
    other = make_user("mia")
    preset = Preset.objects.create(
        owner=other, name="Hers", is_team=True, values=CHOSEN, references=[str(stored_picture(other).pk)]
    )
    body = browser.get("/", {"preset": str(preset.pk)}).content.decode()
    assert shows_all(body)
    assert "The references belong to mia, so they are not attached." in body


def test_a_draft_of_a_prompt_that_is_too_long_is_not_cut(sandbox: FastSandbox, browser: Client, token: Token) -> None:
    assert "1 character too many." in typed(browser, prompt="x" * 10_001)
    assert "x" * 10_001 in browser.get("/").content.decode()


def test_a_signed_out_form_that_is_nobodys_starts_no_session(db: None) -> None:
    client = Client()
    client.post("/generations/", form_data(prompt="x" * 1000))
    assert "sessionid" not in client.cookies


def test_a_reference_picture_survives_the_choice_of_a_model_without_javascript(
    sandbox: FastSandbox, browser: Client, token: Token
) -> None:
    file = SimpleUploadedFile("one.png", picture())
    browser.post("/studio/model/", {**CHOSEN, "reference_file": file})
    assert str(Reference.objects.get().pk) in browser.get("/").content.decode()
