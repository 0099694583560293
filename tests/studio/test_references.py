"""Reference pictures: cleaned, kept, uploaded when needed, passed on in the chosen order."""

import io
from datetime import timedelta

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image, ImageCms

from accounts import tokens
from accounts.models import Token, User
from accounts.token_check import Verdict
from generations.dispatch import recovery, upload, wake
from generations.media import attachments, prepare
from generations.media.download import Refused
from generations.models import Generation, Reference
from meigen_api import errors
from meigen_api.secret import Secret
from sandbox.answers import Response, answer, html
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import form_data, make_generation, make_result, make_user, picture

HTMX = {"HX-Request": "true"}


def photo(size: tuple[int, int] = (3000, 1500)) -> bytes:
    """A JPEG with a place in its metadata and a turned sensor."""
    image = Image.effect_noise(size, 60).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x010F] = "CANARY camera"
    exif.get_ifd(0x8825)[1] = "N"
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif, quality=95, comment=b"a private remark")
    return buffer.getvalue()


def file(data: bytes, name: str = "a.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "image/png")


def add(browser: Client, *files: SimpleUploadedFile, **fields: str) -> tuple[int, str]:
    response = browser.post("/references/", {"reference_file": list(files), **fields}, headers=HTMX)
    return response.status_code, response.content.decode()


class TestPreparing:
    def test_a_photo_loses_its_metadata_and_fits(self) -> None:
        prepared = prepare.prepare(io.BytesIO(photo()), None)
        assert b"CANARY" not in prepared.body
        assert b"a private remark" not in prepared.body
        assert len(prepared.body) <= 2_000_000
        with Image.open(io.BytesIO(prepared.body)) as image:
            assert not image.getexif()
            assert image.size == (1024, 2048)  # the right way up

    def test_a_colour_profile_is_applied_and_goes(self) -> None:
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        buffer = io.BytesIO()
        Image.new("RGBA", (20, 20), (255, 0, 0, 40)).save(buffer, "PNG", icc_profile=profile)
        assert b"iCCP" not in prepare.prepare(io.BytesIO(buffer.getvalue()), None).body

    def test_transparency_stays(self) -> None:
        buffer = io.BytesIO()
        Image.new("RGBA", (20, 20), (255, 0, 0, 40)).save(buffer, "PNG")
        prepared = prepare.prepare(io.BytesIO(buffer.getvalue()), None)
        with Image.open(io.BytesIO(prepared.body)) as image:
            assert (image.format, image.mode) == ("PNG", "RGBA")

    @each("kind", ["PNG", "JPEG", "WEBP", "GIF"])
    def test_the_four_formats_are_taken(self, kind: str) -> None:
        assert prepare.prepare(io.BytesIO(picture(kind)), None).body

    @each("data", [b"", b"<svg onload=alert(1)>", b"<html>", b"%PDF", picture()[:-30], picture("TIFF")])
    def test_anything_else_is_refused(self, data: bytes) -> None:
        with pytest.raises(Refused):
            prepare.prepare(io.BytesIO(data), None)

    def test_a_bomb_is_refused_before_it_is_decoded(self) -> None:
        buffer = io.BytesIO()
        Image.new("1", (13000, 13000)).save(buffer, "PNG")
        with pytest.raises(Refused, match="too_many_pixels"):
            prepare.prepare(buffer, None)

    def test_a_file_that_is_too_large_is_refused_unread(self) -> None:
        with pytest.raises(Refused, match="file_too_large"):
            prepare.prepare(io.BytesIO(b""), 26_000_000)


def test_two_files_and_a_link_reach_the_request_in_their_order(
    sandbox: FastSandbox, browser: Client, user: User, token: Token
) -> None:
    status, body = add(
        browser, file(picture(), "one.png"), file(picture("JPEG"), "two.jpg"), reference_url="https://x.example/3.png"
    )
    assert status == 200
    rows = list(Reference.objects.order_by("created_at"))
    assert [row.name for row in rows] == ["one.png", "two.jpg", "x.example"]
    assert body.index(str(rows[0].pk)) < body.index(str(rows[1].pk)) < body.index(str(rows[2].pk))
    order = [str(rows[2].pk), str(rows[0].pk), str(rows[1].pk)]
    browser.post("/generations/", form_data(model_id="nanobanana-2", reference=order))
    sent = Generation.objects.get().request_fields["referenceImages"]
    assert sent[0] == "https://x.example/3.png"
    assert [url.startswith(f"{sandbox.url}/uploads/") for url in sent] == [False, True, True]
    assert set(Generation.objects.get().references.all()) == set(rows)


def test_files_posted_with_a_plain_form_are_used_too(sandbox: FastSandbox, browser: Client, token: Token) -> None:
    browser.post("/generations/", {**form_data(model_id="nanobanana-2"), "reference_file": [file(picture())]})
    assert len(Generation.objects.get().request_fields["referenceImages"]) == 1


def test_a_wrong_file_gets_a_sentence_and_the_others_stay(sandbox: FastSandbox, browser: Client) -> None:
    status, body = add(browser, file(picture(), "good.png"), file(b"<svg/>", "bad.svg"))
    assert status == 200
    assert "bad.svg: The file is not a readable PNG" in body
    assert Reference.objects.get().name == "good.png"
    assert str(Reference.objects.get().pk) in body


@each("link", ["http://x.example/a.png", "javascript:alert(1)", "ftp://x/a", "nonsense", "https://"])
def test_a_link_must_be_public_https(browser: Client, link: str) -> None:
    _, body = add(browser, reference_url=link)
    assert "public https address" in body
    assert not Reference.objects.exists()


def test_more_than_the_model_takes_is_said(sandbox: FastSandbox, browser: Client, user: User, token: Token) -> None:
    ids = [str(attachments.add_link(user, f"https://x.example/{number}").pk) for number in range(2)]
    body = browser.post("/generations/", form_data(model_id="midjourney-v8.1", reference=ids)).content.decode()
    assert "accepts at most 1 reference pictures" in body
    body = browser.post("/generations/", form_data(reference=ids)).content.decode()
    assert "does not accept reference pictures" in body


def test_a_reference_that_is_not_ones_own_stops_the_click(sandbox: FastSandbox, browser: Client, token: Token) -> None:
    foreign = attachments.add_link(make_user(), "https://x.example/private")
    response = browser.post("/generations/", form_data(model_id="nanobanana-2", reference=[str(foreign.pk)]))
    assert response.status_code == 422
    assert "no longer available" in response.content.decode()
    assert not Generation.objects.exists()


def test_the_same_form_with_a_file_sent_twice_is_paid_once(sandbox: FastSandbox, browser: Client, token: Token) -> None:
    data = form_data(model_id="nanobanana-2")
    for _ in range(2):
        browser.post("/generations/", {**data, "reference_file": [file(picture())]})
    assert Generation.objects.count() == 1
    assert len(sandbox.ledger.charges()) == 1


def test_without_a_token_files_and_links_wait_with_the_prompt(
    sandbox: FastSandbox, browser: Client, user: User
) -> None:
    data = form_data(model_id="nanobanana-2", reference_url="https://x.example/a.png")
    browser.post("/generations/", {**data, "reference_file": [file(picture())]})
    body = browser.get("/").content.decode()
    assert all(str(row.pk) in body for row in Reference.objects.all())
    assert Reference.objects.count() == 2


def test_a_request_whose_uploads_meigen_has_forgotten_is_not_sent_again(
    sandbox: FastSandbox, browser: Client, user: User, token: Token
) -> None:
    sandbox.set_credits(token.secret().reveal(), 1)
    browser.post("/generations/", {**form_data(model_id="nanobanana-2"), "reference_file": [file(picture())]})
    generation = Generation.objects.get()
    assert generation.can_send_again
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        sandbox.set_credits(token.secret().reveal(), 100)
        assert not Generation.objects.get().can_send_again
        browser.post(f"/generations/{generation.pk}/send-again/")
    assert sandbox.ledger.charges() == []


def test_a_replaced_token_frees_a_request_only_while_its_uploads_live(
    sandbox: FastSandbox, browser: Client, user: User, token: Token
) -> None:
    sandbox.revoke(token.secret().reveal())
    browser.post("/generations/", {**form_data(model_id="nanobanana-2"), "reference_file": [file(picture())]})
    tokens.replace(token, Secret("meigen_sk_another"), Verdict.GOOD)
    assert wake.waiting()
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        recovery.recover()
        assert Generation.objects.get().status == "rejected"
        assert not wake.waiting()  # or the sweep would run for ever
    recovery.recover()
    assert Generation.objects.get().status == "queued"


def test_an_upload_is_used_again_for_a_while_and_then_made_anew(sandbox: FastSandbox, user: User, token: Token) -> None:
    row = attachments.add_file(user, "a.png", io.BytesIO(picture()), None)
    first = upload.public_url(row, token, "nanobanana-2")
    assert upload.public_url(row, token, "nanobanana-2") == first
    # A request may wait for 20 of the 24 hours that Meigen keeps it.
    with time_machine.travel(timezone.now() + timedelta(hours=4, minutes=1)):
        assert upload.public_url(Reference.objects.get(), token, "nanobanana-2") != first


@each(
    "broken",
    [
        html(502),
        Response(200, b"nonsense"),
        answer(200, {"success": True, "presignedUrl": "http://169.254.169.254/", "publicUrl": "https://x.example/a"}),
        answer(200, {"success": True, "presignedUrl": "https://x.example/a", "publicUrl": "http://10.0.0.1/a"}),
    ],
)
def test_when_the_gateway_fails_nothing_is_sent_and_nothing_lost(
    sandbox: FastSandbox, browser: Client, user: User, token: Token, broken: Response
) -> None:
    row = attachments.add_file(user, "a.png", io.BytesIO(picture()), None)
    sandbox.fail_next("/api/upload", broken)
    data = form_data(prompt="a patient heron", model_id="nanobanana-2", reference=[str(row.pk)])
    response = browser.post("/generations/", data)
    assert response.status_code == 422
    assert "could not be uploaded" in response.content.decode()
    assert "a patient heron" in response.content.decode()
    assert str(row.pk) in response.content.decode()
    assert not Generation.objects.exists()
    sandbox.fail_next("/api/upload", broken)
    with pytest.raises(errors.MeigenError):
        upload.public_url(row, token, "nanobanana-2")


def test_a_reference_is_shown_to_its_owner(browser: Client, user: User) -> None:
    row = attachments.add_file(user, "a.png", io.BytesIO(picture()), None)
    response = browser.get(f"/references/{row.pk}/")
    assert response["Content-Type"] == "image/jpeg"
    with default_storage.open(row.file.name or "") as kept:
        assert response.getvalue() == kept.read()


def test_an_own_result_becomes_a_reference(sandbox: FastSandbox, browser: Client, user: User, token: Token) -> None:
    generation = make_generation(user, status="done")
    make_result(generation)
    response = browser.post(f"/generations/{generation.pk}/results/0/use/")
    assert response["Location"] == f"/?reference={Reference.objects.get().pk}"
    assert str(Reference.objects.get().pk) in browser.get(response["Location"]).content.decode()


@each("headers", [{}, HTMX])
def test_a_result_whose_file_is_missing_becomes_none_and_it_is_said(
    browser: Client, user: User, headers: dict[str, str]
) -> None:
    generation = make_generation(user, status="done")
    default_storage.delete(make_result(generation).file.name or "")
    response = browser.post(f"/generations/{generation.pk}/results/0/use/", headers=headers)
    page = response if headers else browser.get(response["Location"])  # htmx stays on the page
    assert "file is missing" in page.content.decode()
    assert not Reference.objects.exists()


class TestWhileTheDiskIsFull:
    @pytest.fixture
    def full(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fails(*args: object) -> str:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(default_storage, "save", fails)

    @pytest.mark.usefixtures("full")
    def test_the_prompt_and_the_credits_are_kept(self, sandbox: FastSandbox, browser: Client, token: Token) -> None:
        form = form_data(prompt="a CANARY fox", model_id="nanobanana-2")
        for headers in [{}, HTMX]:
            response = browser.post("/generations/", {**form, "reference_file": file(picture())}, headers=headers)
            assert response.status_code in {200, 422}
            assert "is not accepting files right now" in response.content.decode()
            assert "a CANARY fox" in response.content.decode()
        assert not Generation.objects.exists()

    def test_a_result_becomes_no_reference_and_it_is_said(
        self, browser: Client, user: User, request: pytest.FixtureRequest
    ) -> None:
        generation = make_generation(user, status="done")
        make_result(generation)
        request.getfixturevalue("full")
        browser.post(f"/generations/{generation.pk}/results/0/use/")
        assert "is not accepting files right now" in browser.get(generation.get_absolute_url()).content.decode()


def test_an_earlier_request_brings_its_references_back(
    sandbox: FastSandbox, browser: Client, user: User, token: Token
) -> None:
    rows = [attachments.add_link(user, f"https://x.example/{number}") for number in range(3)]
    ids = [str(rows[index].pk) for index in (2, 0, 1)]
    browser.post("/generations/", form_data(model_id="nanobanana-2", reference=ids))
    # Uploaded elsewhere since, the order is still the request's.
    Reference.objects.filter(pk=ids[0]).update(public_url="https://x.example/zzz")
    body = browser.get(f"/?from={Generation.objects.get().pk}").content.decode()
    assert body.index(ids[0]) < body.index(ids[1]) < body.index(ids[2])


def test_what_pictures_are_for_is_asked_when_there_are_some(
    sandbox: FastSandbox, browser: Client, user: User, token: Token
) -> None:
    question = "Use the references for"
    midjourney = {"model_id": "midjourney-v8.1"}
    assert question not in browser.get("/", midjourney).content.decode()
    picture = user.references.create(name="mine", public_url="https://images.meigen.ai/mine.png")
    assert question in browser.get("/studio/fields/", {**midjourney, "reference": str(picture.pk)}).content.decode()
    assert question not in browser.get("/studio/fields/", midjourney).content.decode()
