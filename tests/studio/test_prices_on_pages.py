"""What pages say of prices, and what happens when one has changed since."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import Token, User
from generations.dispatch import catalogue
from generations.models import Generation
from meigen_api.prices import Price
from meigen_api.types import models_from_json
from sandbox import catalogue as sandbox_catalogue
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import form_data

HTMX = {"HX-Request": "true"}


@pytest.mark.django_db
class TestOnThePages:
    def test_the_picker_says_from(self, sandbox: FastSandbox, browser: Client, token: Token) -> None:
        body = browser.get("/").content.decode()
        assert "GPT Image 2.5 · from 4 cr" in body
        assert "Nanobanana 2 · 5 cr" in body
        assert "Seedance 2.0 · from 36 cr" in body

    def test_an_open_choice_is_a_range_on_the_button_and_in_the_row(
        self, sandbox: FastSandbox, browser: Client, token: Token
    ) -> None:
        data = form_data(model_id="seedance-2-0", aspect_ratio="16:9", count="2")
        assert " · 72 to 128 credits" in browser.post("/studio/price/", data, headers=HTMX).content.decode()
        browser.post("/generations/", data)
        for row in Generation.objects.all():
            assert row.announced == Price(36, 64)
            assert not row.is_charged_otherwise

    def test_the_same_prompt_with_another_model_names_its_price(
        self, sandbox: FastSandbox, browser: Client, user: User, token: Token
    ) -> None:
        browser.post("/generations/", form_data(model_id="gpt-image-2", resolution="2K", quality="high"))
        body = browser.get(Generation.objects.get().get_absolute_url()).content.decode()
        prices = dict(re.findall(r'model_id=[^"]+">([^<]+) <span class="soft number">([^<]+)</span>', body))
        assert prices["GPT Image 2.5"] == "22 cr"  # 2K and high, which it has too
        assert prices["Seedream 5.0 Pro"] == "20 cr"
        assert prices["Seedance 2.0"] == "36\N{EN DASH}64 cr"

    def test_a_preset_names_its_price(self, sandbox: FastSandbox, browser: Client, token: Token) -> None:
        browser.get("/")
        kept = form_data(model_id="gpt-image-2", resolution="2K", quality="high", count="3", preset_name="Dear")
        browser.post("/presets/", kept)
        assert "120 credits" in browser.get("/presets/").content.decode()

    def test_a_price_that_has_risen_since_the_button_was_drawn_is_asked_about_first(
        self, sandbox: FastSandbox, browser: Client, token: Token
    ) -> None:
        shown = browser.post("/studio/price/", form_data(), headers=HTMX).content.decode()
        assert 'name="shown_price" value="2"' in shown
        response = browser.post("/generations/", form_data(shown_price="1", prompt="a patient heron"))
        assert response.status_code == 422
        body = response.content.decode()
        assert "The price is now 2 credits." in body
        assert "a patient heron" in body
        assert 'name="shown_price" value="2"' in body  # pressed again, it is agreed to
        assert not Generation.objects.exists()
        for agreed in ["2", "3", "", "nonsense"]:
            assert browser.post("/generations/", form_data(shown_price=agreed)).status_code == 302

    def test_a_price_that_rose_at_meigen_after_the_page_was_opened_is_asked_about_first(
        self, sandbox: FastSandbox, browser: Client, token: Token
    ) -> None:
        browser.get("/")
        for entry in sandbox.entries:
            if entry["id"] == "z-image-turbo":
                entry["credits_per_generation"] = 24
                entry["extra_config"].pop("pricing", None)
        with time_machine.travel(timezone.now() + timedelta(minutes=2)):
            response = browser.post("/generations/", form_data(shown_price="2"))
        assert "The price is now 24 credits." in response.content.decode()
        assert not Generation.objects.exists()

    def test_a_price_that_is_no_longer_known_is_asked_about_first(
        self, sandbox: FastSandbox, browser: Client, token: Token
    ) -> None:
        for entry in sandbox.entries:
            if entry["id"] == "z-image-turbo":
                entry["credits_per_generation"] = None
        response = browser.post("/generations/", form_data(shown_price="2"))
        assert response.status_code == 422
        assert "The price is no longer known in advance." in response.content.decode()
        assert not Generation.objects.exists()
        assert browser.post("/generations/", form_data()).status_code == 302

    def test_a_price_that_the_button_did_not_have_is_asked_about_first(
        self, sandbox: FastSandbox, browser: Client, token: Token
    ) -> None:
        wrong = browser.post("/studio/price/", form_data(count="99"), headers=HTMX).content.decode()
        [shown] = re.findall(r'name="shown_price" value="([^"]*)"', wrong)
        # The count is mended, and Ctrl+Enter is faster than its price.
        response = browser.post("/generations/", form_data(count="8", shown_price=shown))
        assert response.status_code == 422
        assert "The price is now 16 credits." in response.content.decode()
        assert not Generation.objects.exists()

    def test_what_was_charged_otherwise_is_said_on_the_card_and_found_by_an_admin(
        self, sandbox: FastSandbox, browser: Client, admin_client: Client, user: User, token: Token
    ) -> None:
        browser.get("/")
        browser.post("/generations/", form_data())
        for entry in sandbox.entries:
            if entry["id"] == "z-image-turbo":
                entry["credits_per_generation"] = 9  # dearer at Meigen, and our list is five minutes old
        browser.post("/generations/", form_data())
        row = Generation.objects.get(credits_used=9)
        assert browser.get("/").content.decode().count("Announced 2 cr, charged 9.") == 1
        assert list(Generation.objects.charged_otherwise()) == [row]
        listed = admin_client.get("/admin/generations/generation/?credits=otherwise").content.decode()
        assert str(row.pk) in listed
        assert "announced 2" in listed


@pytest.mark.django_db
class TestWhatIsOffered:
    @each("edition", [1, 2])
    def test_images_are_images_and_videos_are_videos(self, edition: int) -> None:
        listed = {found.id: found for found in models_from_json({"models": sandbox_catalogue.load(edition)})}
        videos = {name for name, found in listed.items() if found.is_video}
        assert videos >= {"seedance-2-5", "seedance-2-0", "grok-video", "veo-3.1", "agnes-video-2.0"}
        assert not videos & {"gpt-image-2.5", "nanobanana-2", "midjourney-v8.1", "z-image-turbo"}

    def test_a_picture_is_one_in_the_row_and_in_the_history(
        self, sandbox: FastSandbox, browser: Client, token: Token
    ) -> None:
        browser.post("/generations/", form_data(model_id="nanobanana-2"))
        browser.post("/generations/", form_data(model_id="veo-3.1", prompt="waves"))
        picture, film = Generation.objects.get(model_id="nanobanana-2"), Generation.objects.get(model_id="veo-3.1")
        assert (picture.media_type, film.media_type) == ("image", "video")
        assert "waves" not in browser.get("/generations/?kind=image").content.decode()

    def test_the_default_of_the_images_is_preselected(self, sandbox: FastSandbox, browser: Client, user: User) -> None:
        assert catalogue.offer().default is not None
        assert '<option value="nanobanana-2" selected>' in browser.get("/").content.decode()

    def test_a_broken_video_model_is_not_offered_and_its_presets_and_links_say_why(
        self, sandbox: FastSandbox, browser: Client, token: Token
    ) -> None:
        assert "cinema-beta" not in browser.get("/").content.decode()
        browser.post("/presets/", form_data(model_id="cinema-beta", preset_name="Broken"))
        for page in ["/presets/", "/?model_id=cinema-beta"]:
            assert "its settings as broken" in browser.get(page).content.decode()
        response = browser.post("/generations/", form_data(model_id="cinema-beta"))
        assert response.status_code == 422
        assert "its settings as broken" in response.content.decode()
