"""Reference videos and sounds in the form: what is said before the click, and what it costs."""

import pytest
from django.test import Client

from accounts.models import Token, User
from generations.models import Generation, Reference
from tests.cases import each
from tests.clips import HTMX, MODEL, generate, pictures
from tests.conftest import FastSandbox
from tests.helpers import (
    form_data,
    make_clip,
)

pytestmark = pytest.mark.django_db


class TestBeforeTheClick:
    """What Meigen would refuse is said before anything is paid."""

    def refused(self, browser: Client, *references: Reference, **fields: str) -> str:
        response = generate(browser, *references, **fields)
        assert response.status_code == 422
        assert not Generation.objects.exists()
        return str(response.content.decode())

    @pytest.fixture(autouse=True)
    def _ready(self, sandbox: FastSandbox, token: Token) -> None:
        """A studio with models to choose and a token to pay with."""

    @pytest.mark.slow
    def test_too_many_clips(self, browser: Client, user: User) -> None:
        assert "at most 3 clips" in self.refused(browser, *(make_clip(user, 2 + n / 10) for n in range(4)))

    def test_one_that_is_too_short_or_too_long(self, browser: Client, user: User) -> None:
        assert "clips must be 2 to 15 s" in self.refused(browser, make_clip(user, 1.5))
        assert "it is 16 s" in self.refused(browser, make_clip(user, 16))

    def test_too_many_seconds_together(self, browser: Client, user: User) -> None:
        assert "are 17 s long in total" in self.refused(browser, make_clip(user, 8), make_clip(user, 9))

    def test_seconds_that_add_up_to_the_limit_are_not_too_many(self, browser: Client, user: User) -> None:
        clips = [make_clip(user, seconds) for seconds in (2.007, 4.065, 8.928)]
        assert generate(browser, *clips).status_code == 302

    def test_the_same_one_under_two_names(self, browser: Client, user: User) -> None:
        one, other = make_clip(user, 3), make_clip(user, 3)
        Reference.objects.filter(pk=other.pk).update(name="another.mp4")
        assert "is attached twice" in self.refused(browser, one, other)

    def test_the_same_one_twice(self, browser: Client, user: User) -> None:
        assert "is attached twice" in self.refused(browser, make_clip(user, 3), make_clip(user, 3))

    def test_one_that_is_too_large(self, browser: Client, user: User) -> None:
        clip = make_clip(user, 3)
        Reference.objects.update(size=60_000_000)
        assert "it is 57.2" in self.refused(browser, clip)

    def test_sound_needs_something_to_see(self, browser: Client, user: User) -> None:
        sound = make_clip(user, 3, "audio")
        assert "only together with a picture or a video" in self.refused(browser, sound)
        assert generate(browser, sound, *pictures(user, 1)).status_code == 302

    def test_a_sound_of_another_format(self, browser: Client, user: User) -> None:
        sound = make_clip(user, 3, "audio")
        Reference.objects.update(content_type="video/mp4")
        assert "accepts WAV, MP3 only" in self.refused(browser, sound, *pictures(user, 1))

    def test_a_size_that_is_not_made_from_clips(self, browser: Client, user: User) -> None:
        body = self.refused(browser, make_clip(user, 3), tier="pro", resolution="4k")
        assert "does not support the size 4k together with a reference video" in body

    def test_a_model_that_takes_none(self, browser: Client, user: User) -> None:
        body = self.refused(browser, make_clip(user, 3), model_id="veo-3.1", resolution="", duration="4")
        assert "Veo 3.1 does not accept reference videos" in body

    def test_a_first_frame_that_is_needed(self, browser: Client) -> None:
        body = self.refused(browser, model_id="grok-video", tier="", aspect_ratio="")
        assert "needs a first frame" in body
        assert "a picture is required as the first frame" in body

    def test_a_last_frame_without_a_first(self, browser: Client, user: User) -> None:
        [last] = pictures(user, 1)
        assert "needs a first frame" in self.refused(browser, last, last_frame=str(last.pk))

    def test_more_content_pictures_than_are_taken(self, browser: Client, user: User) -> None:
        many = pictures(user, 11)
        first, last = (str(one.pk) for one in many[:2])
        assert "at most 9 content pictures" in self.refused(browser, *many, first_frame=first)
        assert generate(browser, *many, first_frame=first, last_frame=last).status_code == 302

    def test_a_frame_that_is_not_attached_any_more(self, browser: Client, user: User) -> None:
        one, other = pictures(user, 2)
        assert "no longer attached" in self.refused(browser, one, first_frame=str(other.pk))

    @each("prompt", ["[image3]", "[image0]", "a [video1] b", "[audio1]"])
    def test_a_token_that_names_nothing(self, browser: Client, user: User, prompt: str) -> None:
        two = pictures(user, 2)
        assert "but there is no such reference" in self.refused(browser, *two, prompt=prompt)
        priced = form_data(model_id=MODEL, prompt=prompt, reference=[str(one.pk) for one in two])
        assert "no such reference" in browser.post("/studio/price/", priced, headers=HTMX).content.decode()

    @each("prompt", ["[image2] [image1]", "[Image9]", "[imagery1]", "image1", "[image]"])
    def test_other_words_are_only_words(self, browser: Client, user: User, prompt: str) -> None:
        assert generate(browser, *pictures(user, 2), prompt=prompt).status_code == 302

    def test_more_than_three_characters(self, browser: Client) -> None:
        person = "[character:00000000-0000-0000-0000-00000000000%s]"
        prompt = " ".join(person % number for number in range(4))
        assert "at most three [character] references" in self.refused(browser, prompt=prompt)


class TestTheRatio:
    """A model whose omitted ratio follows the input has no silent choice."""

    def ratios(self, browser: Client, *references: Reference, **chosen: str) -> tuple[list[str], str]:
        """(the ratios on offer, the one that is chosen)."""
        query = {"model_id": MODEL, "reference": [str(one.pk) for one in references], **chosen}
        body = browser.get("/studio/fields/", query, headers=HTMX).content.decode()
        tags = [tag for tag in body.split("<input ") if tag.startswith('type="radio" name="aspect_ratio"')]
        values = [tag.partition('value="')[2].partition('"')[0] for tag in tags]
        [checked] = [v for v, tag in zip(values, tags, strict=True) if "checked" in tag.partition(">")[0]]
        return values, checked

    def test_without_an_input_one_is_named(self, sandbox: FastSandbox, browser: Client) -> None:
        values, chosen = self.ratios(browser)
        assert chosen == "16:9"
        assert not {"", "adaptive"} & set(values)

    def test_with_an_input_it_is_followed_unless_one_is_chosen(
        self, sandbox: FastSandbox, browser: Client, user: User
    ) -> None:
        assert self.ratios(browser, *pictures(user, 1))[1] == "adaptive"
        assert self.ratios(browser, make_clip(user, 3))[1] == "adaptive"
        assert self.ratios(browser, *pictures(user, 1), aspect_ratio="9:16")[1] == "9:16"
        assert self.ratios(browser, aspect_ratio="adaptive")[1] == "16:9"  # the input was taken out again
        proposed = {"aspect_ratio": "16:9", "proposed_ratio": "16:9"}
        assert self.ratios(browser, *pictures(user, 1), **proposed)[1] == "adaptive"  # it was not chosen by anybody
        assert self.ratios(browser, **proposed)[1] == "16:9"

    def test_none_is_refused_before_the_click(self, sandbox: FastSandbox, browser: Client, token: Token) -> None:
        assert "Choose a ratio" in generate(browser, aspect_ratio="").content.decode()
        assert not Generation.objects.exists()


def test_a_clips_seconds_are_in_the_price(sandbox: FastSandbox, browser: Client, user: User, token: Token) -> None:
    data = form_data(model_id=MODEL, tier="fast", resolution="480p", duration="5", aspect_ratio="16:9")
    data["reference"] = [str(make_clip(user, 10).pk)]
    assert " · 120 credits" in browser.post("/studio/price/", data, headers=HTMX).content.decode()
    Reference.objects.update(seconds=None)
    assert " · 72 to 160 credits" in browser.post("/studio/price/", data, headers=HTMX).content.decode()
