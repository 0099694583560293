"""The vendor's gallery: search it, open an image, take its prompt or its picture."""

from django.test import Client

from accounts.models import Token, User
from generations.models import Reference
from meigen_api.sandbox import gallery
from meigen_api.sandbox.answers import Response, answer, html
from tests.conftest import FastSandbox

ITEM = next(iter(gallery.items().values()))
STRUCTURED = next(item for item in gallery.items().values() if item["text"].startswith("{"))


def test_a_search_shows_what_is_found(sandbox: FastSandbox, browser: Client) -> None:
    body = browser.get("/inspiration/", {"q": "lighthouse"}).content.decode()
    assert body.count("<article") == 4
    assert "lighthouse" in body
    assert "Nothing found" in browser.get("/inspiration/", {"q": "no such thing"}).content.decode()


def test_more_come_page_by_page(sandbox: FastSandbox, browser: Client) -> None:
    first = browser.get("/inspiration/").content.decode()
    assert first.count("<article") == 24
    assert "offset=24" in first
    second = browser.get("/inspiration/", {"offset": "24"}, headers={"HX-Request": "true"}).content.decode()
    assert second.count("<article") == 24
    assert "<html" not in second


def test_a_pasted_link_or_id_opens_the_image(sandbox: FastSandbox, browser: Client) -> None:
    for pasted in [
        ITEM["id"],
        f"https://www.meigen.ai/image/{ITEM['id']}/?ref=x",
        f"https://images.meigen.ai/{ITEM['id']}.jpg",
    ]:
        assert browser.get("/inspiration/", {"q": pasted})["Location"] == f"/inspiration/{ITEM['id']}/"


def test_one_image_is_asked_once_an_hour(sandbox: FastSandbox, browser: Client) -> None:
    assert ITEM["text"] in browser.get(f"/inspiration/{ITEM['id']}/").content.decode()
    sandbox.fail_next("/api/images", html(502))
    assert ITEM["text"] in browser.get(f"/inspiration/{ITEM['id']}/").content.decode()


def test_a_structured_prompt_is_readable(sandbox: FastSandbox, browser: Client) -> None:
    body = browser.get(f"/inspiration/{STRUCTURED['id']}/").content.decode()
    assert "subject: " in body
    assert "lens: 50mm" in body


def test_its_prompt_fills_the_studio(sandbox: FastSandbox, browser: Client, token: Token) -> None:
    assert ITEM["text"] in browser.get("/", {"inspiration": ITEM["id"]}).content.decode()


def test_its_picture_becomes_a_reference_by_its_link(sandbox: FastSandbox, browser: Client, user: User) -> None:
    response = browser.post(f"/inspiration/{ITEM['id']}/use/")
    row = Reference.objects.get(owner=user)
    assert (row.public_url, row.is_link) == (f"{sandbox.url}/gallery/{ITEM['id']}.jpg", True)
    assert response["Location"] == f"/?reference={row.pk}"


def test_images_that_cannot_be_named_in_an_address_are_left_out(sandbox: FastSandbox, browser: Client) -> None:
    odd = [{"id": "a/b", "text": "x"}, {"id": "c\ud800", "text": "x"}, {"id": "ok-1", "text": "lone \ud800"}]
    sandbox.fail_next("/api/search", answer(200, {"success": True, "data": odd}))
    assert browser.get("/inspiration/").content.decode().count("<article") == 1


def test_its_picture_is_shown_from_here(sandbox: FastSandbox, browser: Client) -> None:
    response = browser.get(f"/inspiration/{ITEM['id']}/picture/")
    assert response["Content-Type"] == "image/webp"
    assert response.content[:4] == b"RIFF"


def test_a_picture_on_a_host_that_is_not_allowed_is_not_fetched(sandbox: FastSandbox, browser: Client) -> None:
    data = {"id": "evil", "text": "x", "thumbnail_url": "http://169.254.169.254/latest"}
    sandbox.fail_next("/api/images", answer(200, {"success": True, "data": data}))
    assert browser.get("/inspiration/evil/picture/").status_code == 404


def test_failures_get_a_sentence(sandbox: FastSandbox, browser: Client) -> None:
    sandbox.fail_next("/api/search", html(502))
    assert "cannot be reached" in browser.get("/inspiration/").content.decode()
    assert "no image with this id" in browser.get("/inspiration/nothing/").content.decode()
    sandbox.fail_next("/api/images", Response(200, b"nonsense"))
    response = browser.get("/inspiration/nothing/")
    assert (response.status_code, "cannot be reached" in response.content.decode()) == (503, True)
    sandbox.fail_next("/api/images", html(500))
    assert browser.get("/", {"inspiration": "nothing"}).status_code == 200


def test_strange_ids_and_offsets_are_harmless(sandbox: FastSandbox, browser: Client) -> None:
    for image_id in ["..%2f..%2fapi%2ftokens", "%00", "%F0%9F%A6%8A", "a" * 300]:
        assert browser.get(f"/inspiration/{image_id}/").status_code in {404, 503}
    assert browser.get("/inspiration/", {"q": "12345678-1234-1234-1234-1234/6789012"}).status_code == 200
    for offset in ["-5", "x", "99999999", "٣"]:
        assert browser.get("/inspiration/", {"offset": offset}).status_code == 200
