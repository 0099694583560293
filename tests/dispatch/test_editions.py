"""The studio speaks to a Meigen of today and to an older one alike."""

import pytest
from django.test import Client

from accounts.models import Token
from generations.dispatch import sweep
from generations.models import Generation
from tests.conftest import FastSandbox
from tests.helpers import form_data

S = Generation.Status
BOTH = pytest.mark.parametrize("sandbox", [1, 2], indirect=True)


@BOTH
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("looks_often")
@pytest.mark.parametrize(
    ("chosen", "kind"),
    [
        ({"model_id": "nanobanana-2", "resolution": "2K"}, "image"),
        ({"model_id": "midjourney-v8.1", "stylize": "200"}, "image"),
        ({"model_id": "seedance-2-0", "tier": "fast", "resolution": "480p", "duration": "5"}, "video"),
    ],
)
@pytest.mark.slow
def test_from_the_click_to_the_result(
    sandbox: FastSandbox, browser: Client, token: Token, chosen: dict[str, str], kind: str
) -> None:
    response = browser.post("/generations/", form_data(**chosen, aspect_ratio="16:9"))
    assert response.status_code == 302, response.content.decode()
    sweep.run_slice(seconds=20)
    row = Generation.objects.get()
    assert (row.status, row.media_type) == (S.DONE, kind)
    assert row.results.count() == (4 if "midjourney" in chosen["model_id"] else 1)
    assert row.credits_status == ("charged" if sandbox.edition == 1 else "confirmed")
    assert row.credits_used == row.credits_estimated
    assert not row.is_charged_otherwise
    assert [charge.credits for charge in sandbox.ledger.charges()] == [row.credits_used]


@BOTH
@pytest.mark.django_db
def test_frames_go_out_as_each_server_takes_them(sandbox: FastSandbox, browser: Client, token: Token) -> None:
    links = "https://x.example/first.png https://x.example/last.png"
    chosen = {"model_id": "seedance-2-0", "tier": "fast", "resolution": "480p", "duration": "5"}
    browser.post("/generations/", form_data(**chosen, aspect_ratio="16:9", reference_url=links))
    row = Generation.objects.get()
    assert row.status == S.RUNNING
    member = "referenceImages" if sandbox.edition == 1 else "contentReferenceImages"
    assert row.request_fields[member] == links.split()


@BOTH
@pytest.mark.django_db
def test_the_form_offers_what_the_server_says(sandbox: FastSandbox, browser: Client, token: Token) -> None:
    body = browser.get("/studio/fields/", {"model_id": "gpt-image-2.5"}).content.decode()
    assert ("sunburst" in body) == (sandbox.edition == 2)
    assert 'value="xhigh"' in body
    body = browser.get("/studio/fields/", {"model_id": "seedance-2-5"}).content.decode()
    assert '<option value="30"' in body
    assert ("10 videos" in body) == (sandbox.edition == 2)
