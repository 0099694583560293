"""Reference videos and sounds: kept, checked before the click, uploaded when needed; frames beside content pictures."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from accounts.models import Token, User
from generations.dispatch import upload
from generations.media import attachments, ffmpeg
from generations.media.download import Refused
from generations.models import Generation, Reference
from generations.studio import references
from meigen_api import errors
from sandbox.answers import html, refusal
from tests.cases import each
from tests.clips import HTMX, MODEL, add, generate, needs_ffprobe, own_video, pictures, sent
from tests.conftest import FastSandbox
from tests.helpers import (
    film,
    form_data,
    make_clip,
    make_token,
    make_user,
    picture,
    tone,
)

pytestmark = pytest.mark.django_db


class TestAdding:
    @needs_ffprobe
    @each(
        ("name", "data", "kind", "content_type"),
        [
            ("a.mp4", film(3.5), "video", "video/mp4"),
            ("a.mov", film(3.5, b"qt  "), "video", "video/quicktime"),
            ("a.wav", tone(3.5), "audio", "audio/wav"),
        ],
    )
    def test_a_clip_is_kept_with_what_it_is_and_how_long_it_plays(
        self, browser: Client, name: str, data: bytes, kind: str, content_type: str
    ) -> None:
        body = add(browser, name, data)
        reference = Reference.objects.get()
        assert (reference.kind, reference.content_type, reference.seconds) == (kind, content_type, 3.5)
        assert name in body
        assert "3.5 s" in body

    def test_without_ffprobe_its_seconds_stay_unknown(self, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ffmpeg, "can_run", lambda program: False)
        assert attachments.add_file(user, "a.mp4", io.BytesIO(film(3)), None).seconds is None

    def test_what_was_written_into_it_does_not_go_out(self, user: User) -> None:
        data = film(3, remark=b"\0\0\0\x1c\xa9xyz CANARY +52.5+13.4/")
        assert b"CANARY" in data
        reference = attachments.add_file(user, "a.mp4", io.BytesIO(data), None)
        with default_storage.open(reference.file.name or "") as file:
            kept = file.read()
        assert b"CANARY" not in kept
        assert len(kept) == len(data) == reference.size

    @each(
        ("name", "data", "words"),
        [
            ("half.mp4", film(3)[:-9], "is incomplete"),
            ("song.m4a", film(3, b"M4A "), "WAV or MP3"),
            ("film.webm", b"\x1a\x45\xdf\xa3\x82ab\x18\x53\x80\x67" + b"\x01" + b"\xff" * 7, "MP4 or QuickTime"),
            ("notes.txt", b"neither nor", "is not a readable PNG"),
        ],
    )
    def test_another_file_gets_a_sentence(self, browser: Client, name: str, data: bytes, words: str) -> None:
        body = add(browser, name, data)
        assert name in body
        assert words in body
        assert not Reference.objects.exists()

    def test_one_that_is_larger_than_any_model_takes_is_refused_unread(self, user: User) -> None:
        with pytest.raises(Refused, match="file_too_large"):
            attachments.add_file(user, "a.mp4", io.BytesIO(b""), 300_000_000)

    def test_a_picture_named_like_a_film_is_a_picture(self, browser: Client) -> None:
        add(browser, "film.mp4", picture())
        assert Reference.objects.get().kind == "image"

    @needs_ffprobe
    def test_an_address_on_meigens_hosts_is_real_view(self, sandbox: FastSandbox, user: User, token: Token) -> None:
        clip = make_clip(user, 6)
        found = attachments.add_link(make_user(), upload.public_url(clip, token, MODEL))
        assert (found.kind, found.seconds, found.size) == ("video", 6, clip.size)
        assert found.is_link

    def test_one_that_does_not_answer_is_taken_with_its_seconds_unknown(self, sandbox: FastSandbox, user: User) -> None:
        sandbox.fail_next("/clips/", html(502))
        found = attachments.add_link(user, f"{sandbox.url}/clips/a.mp4")
        assert (found.kind, found.seconds) == ("video", None)

    @each("link", ["https://elsewhere.example/a.mp4", "https://10.0.0.1/a.wav"])
    def test_an_address_elsewhere_is_not_fetched(self, browser: Client, link: str) -> None:
        body = browser.post("/references/", {"reference_url": link}, headers=HTMX).content.decode()
        assert "hosted by Meigen" in body
        assert not Reference.objects.exists()

    def test_many_addresses_at_once_are_looked_at_for_a_while_and_not_more(
        self, sandbox: FastSandbox, browser: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(references, "LOOK_SECONDS", 0)
        links = " ".join(f"{sandbox.url}/clips/{number}.mp4" for number in range(45))
        body = browser.post("/references/", {"reference_url": links}, headers=HTMX).content.decode()
        assert "At most 40 links at once." in body
        assert set(Reference.objects.values_list("kind", "seconds")) == {("video", None)}
        assert Reference.objects.count() == 40

    def test_a_strangers_clip_is_not_to_be_had(self, sandbox: FastSandbox, browser: Client, token: Token) -> None:
        foreign = make_clip(make_user(), 3)
        assert browser.get(f"/references/{foreign.pk}/").status_code == 404
        assert generate(browser, foreign).status_code == 422


class TestAnOwnResult:
    def test_it_is_used_where_meigen_keeps_it(
        self, sandbox: FastSandbox, browser: Client, user: User, token: Token
    ) -> None:
        result = own_video(user)
        for _ in range(2):  # twice is once
            browser.post(f"/generations/{result.generation.pk}/results/0/use/")
        reference = Reference.objects.get()
        assert (reference.kind, reference.public_url) == ("video", result.source_url)
        assert upload.public_url(reference, token, MODEL) == result.source_url

    def test_once_meigen_may_have_dropped_it_our_file_is_uploaded(
        self, sandbox: FastSandbox, user: User, token: Token
    ) -> None:
        reference = attachments.add_result(user, own_video(user))
        with time_machine.travel(timezone.now() + timedelta(days=4)):
            assert upload.public_url(reference, token, MODEL).startswith(f"{sandbox.url}/uploads/")

    def test_when_its_file_is_gone_that_is_said(self, sandbox: FastSandbox, browser: Client, user: User) -> None:
        result = own_video(user)
        reference = attachments.add_result(user, result)
        default_storage.delete(result.file.name or "")
        Reference.objects.update(uploaded_at=timezone.now() - timedelta(days=9))
        make_token(user)
        assert "no longer available" in generate(browser, reference).content.decode()
        assert not Generation.objects.filter(model_id=MODEL).exists()


class TestOneRequest:
    def test_frames_content_clips_and_sound_go_out_together_at_the_announced_price(
        self, sandbox: FastSandbox, browser: Client, user: User, token: Token
    ) -> None:
        first, last, *content = pictures(user, 5)
        clips = [make_clip(user, 3), make_clip(user, 2)]
        sound = make_clip(user, 4, "audio")
        frames = {"first_frame": str(first.pk), "last_frame": str(last.pk)}
        prompt = "from [image1] to [image2] like [video1], to [audio1]"
        response = generate(browser, first, last, *content, *clips, sound, prompt=prompt, **frames)
        assert response.status_code == 302, response.content.decode()
        fields = sent()
        assert fields["prompt"] == prompt
        assert fields["frameReferenceImages"] == [first.public_url, last.public_url]
        assert fields["contentReferenceImages"] == [one.public_url for one in content]
        assert [url.startswith(f"{sandbox.url}/uploads/") for url in fields["referenceVideos"]] == [True, True]
        assert len(fields["referenceAudios"]) == 1
        assert not {"referenceImages", "referenceMode"} & fields.keys()
        row = Generation.objects.get()
        assert row.credits_used == row.credits_estimated == 8 * (3 + 2 + 5)
        [charge] = sandbox.ledger.charges()
        paid_for = sandbox.ledger.job(charge.job)
        assert paid_for is not None
        assert json.loads(paid_for.body) == {**fields, "idempotencyKey": str(row.idempotency_key)}

    def test_the_request_comes_back_with_everything_in_its_place(
        self, sandbox: FastSandbox, browser: Client, user: User, token: Token
    ) -> None:
        first, last, other = pictures(user, 3)
        clip = make_clip(user, 3)
        generate(browser, other, first, last, clip, first_frame=str(first.pk), last_frame=str(last.pk))
        body = browser.get(f"/?from={Generation.objects.get().pk}").content.decode()
        for name, chosen in [("first_frame", first), ("last_frame", last)]:
            _, found, behind = body.partition(f'name="{name}" value="{chosen.pk}"')
            assert found
            assert "checked" in behind.partition(">")[0]
        assert f'value="{clip.pk}"' in body

    def test_the_frames_of_a_film_stay_its_frames_with_another_model(
        self, sandbox: FastSandbox, browser: Client, user: User, token: Token
    ) -> None:
        first, last = pictures(user, 2)[::-1]
        frames = {"first_frame": str(first.pk), "last_frame": str(last.pk)}
        query = {"model_id": "veo-3.1", "reference": [str(last.pk), str(first.pk)], **frames}
        body = browser.get("/studio/fields/", query, headers=HTMX).content.decode()
        for name, pk in frames.items():
            assert "checked" in body.partition(f'name="{name}" value="{pk}"')[2].partition(">")[0]
        browser.post("/generations/", form_data(**query))
        assert sent()["referenceImages"] == [first.public_url, last.public_url]
        # And back, as the frames they were.
        body = browser.get(f"/?from={Generation.objects.get().pk}&model_id={MODEL}").content.decode()
        for name, pk in frames.items():
            assert "checked" in body.partition(f'name="{name}" value="{pk}"')[2].partition(">")[0]

    def test_one_picture_may_be_both_frames(
        self, sandbox: FastSandbox, browser: Client, user: User, token: Token
    ) -> None:
        [one] = pictures(user, 1)
        frames = {"first_frame": str(one.pk), "last_frame": str(one.pk)}
        assert generate(browser, one, prompt="from [image1] to [image2]", **frames).status_code == 302
        assert sent()["frameReferenceImages"] == [one.public_url] * 2
        body = browser.get(f"/?from={Generation.objects.get().pk}").content.decode()
        assert body.count('data-kind="image"') == 1

    def test_a_model_without_content_pictures_takes_them_as_they_are(
        self, sandbox: FastSandbox, browser: Client, user: User, token: Token
    ) -> None:
        first, last = pictures(user, 2)
        form = form_data(model_id="veo-3.1", reference=[str(first.pk), str(last.pk)])
        assert browser.post("/generations/", form).status_code == 302
        assert sent()["referenceImages"] == [first.public_url, last.public_url]

    def test_a_clip_is_uploaded_again_after_three_days(self, sandbox: FastSandbox, user: User, token: Token) -> None:
        clip = make_clip(user, 3)
        before = upload.public_url(clip, token, MODEL)
        with time_machine.travel(timezone.now() + timedelta(days=2)):
            assert upload.public_url(clip, token, MODEL) == before
        with time_machine.travel(timezone.now() + timedelta(days=3, hours=1)):
            assert upload.public_url(clip, token, MODEL) != before

    def test_a_request_with_a_clip_may_wait_for_days_and_not_for_a_week(
        self, sandbox: FastSandbox, browser: Client, user: User, token: Token
    ) -> None:
        clip = make_clip(user, 3)
        upload.public_url(clip, token, MODEL)
        clip.refresh_from_db()
        sandbox.set_credits(token.secret().reveal(), 1)
        generate(browser, clip)
        for days, fits in [(3, True), (5, False)]:
            with time_machine.travel(timezone.now() + timedelta(days=days)):
                assert Generation.objects.get().can_send_again == fits

    @each(
        ("answer", "words"),
        [
            (refusal(402, "No", code="insufficient_credits"), "only from accounts with purchased credits"),
            (refusal(401, "No", code="invalid_token"), "Replace it, then send again"),
            (refusal(400, "Too large", code="too_large"), "Too large"),
            (html(502), "could not be uploaded"),
        ],
    )
    @pytest.mark.slow
    def test_when_it_cannot_be_uploaded_nothing_is_sent_and_nothing_lost(
        self, sandbox: FastSandbox, browser: Client, user: User, token: Token, answer: Any, words: str
    ) -> None:
        clip = make_clip(user, 3)
        sandbox.fail_next("/api/upload/reference-video", answer)
        response = generate(browser, clip, prompt="a patient heron")
        assert response.status_code == 422
        for expected in [words, "a patient heron", str(clip.pk)]:
            assert expected in response.content.decode()
        assert not Generation.objects.exists()

    def test_the_token_stays_out_of_the_upload_itself(self, sandbox: FastSandbox, user: User, token: Token) -> None:
        assert upload.public_url(make_clip(user, 3), token, MODEL)  # the sandbox refuses a PUT that has one
        sandbox.fail_next("/storage/", refusal(403, "No"))
        Reference.objects.update(uploaded_at=None)
        with pytest.raises(errors.MeigenError):
            upload.public_url(Reference.objects.get(), token, MODEL)
