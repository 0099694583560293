"""The vendor's gallery: one image, and searching within a quota."""

from collections.abc import Iterator
from typing import Any

import pytest

from meigen_api import calls, errors
from meigen_api.secret import Secret
from tests.cases import each

from .meigen import DAY, Meigen, answer


class TestAnImage:
    def test_it_is_public_and_the_same_that_a_search_finds(self, meigen: Meigen) -> None:
        found = meigen.send(calls.search("lighthouse", limit=3), None)
        assert len(found) == 3
        image = meigen.send(calls.image(found[0].id), None)
        assert image == found[0]
        assert "lighthouse" in image.prompt
        assert (image.author, image.width) != ("", None)
        assert meigen.send(calls.search("lighthouse", limit=3, offset=3), None) != found

    def test_a_structured_prompt_reads_as_lines(self, meigen: Meigen) -> None:
        [image] = [image for image in meigen.send(calls.search("teapot"), None) if image.is_structured]
        assert image.prompt.splitlines()[0] == "subject: a glass teapot with blooming jasmine"
        assert "camera:\n  lens: 50mm" in image.prompt

    def test_the_older_flat_form(self) -> None:
        flat = {"id": "9", "imageUrl": "https://images.meigen.ai/9.jpg", "prompt": "a heron", "createdAt": "2025"}
        image = calls.result(calls.image("9"), answer(200, flat))
        assert (image.prompt, image.picture_urls) == ("a heron", ("https://images.meigen.ai/9.jpg",))

    def test_an_unknown_one(self, meigen: Meigen) -> None:
        assert isinstance(meigen.failed(calls.image("nothing"), None), errors.NotFound)

    def test_one_without_an_id_is_none(self) -> None:
        with pytest.raises(errors.BadAnswer):
            calls.result(calls.image("9"), answer(200, {"data": {"text": "a heron"}}))


class TestThePictureThatMatched:
    def test_a_search_names_it(self, meigen: Meigen) -> None:
        pairs = [image for image in meigen.send(calls.search("a", limit=50), None) if len(image.picture_urls) == 2]
        assert {image.matched for image in pairs} == {0, 1}

    def test_a_single_image_has_none(self, meigen: Meigen) -> None:
        [pair] = [image for image in meigen.send(calls.search("calico exposure"), None) if image.matched]
        assert meigen.send(calls.image(pair.id), None).matched == 0

    @each("index", [None, -1, 2, 0.5, "one", [], True, 10**30])
    def test_an_index_that_names_none_means_the_first(self, index: Any) -> None:
        links = ["https://images.meigen.ai/a.jpg", "https://images.meigen.ai/b.jpg"]
        data = [{"id": "a", "media_urls": links, "matched_media_index": index}]
        [image] = calls.result(calls.search("x"), answer(200, {"data": data}))
        assert image.matched == 0


class TestTheQuota:
    @pytest.fixture
    def meigen(self) -> Iterator[Meigen]:
        """Two searches a day from an address, three of an account."""
        running = Meigen(searches=(2, 3))
        yield running
        running.stop()

    def searches(self, meigen: Meigen, token: Secret | None, times: int) -> None:
        for _ in range(times):
            meigen.send(calls.search("fox"), token)

    def test_without_a_token_it_is_the_addresss(self, meigen: Meigen) -> None:
        self.searches(meigen, None, 2)
        error = meigen.failed(calls.search("fox"), None)
        assert isinstance(error, errors.RateLimited)
        assert (error.status, error.code) == (429, "rate_limited")

    def test_with_one_it_is_the_accounts_own(self, meigen: Meigen) -> None:
        ana, ben = Secret("meigen_sk_ana_0000"), Secret("meigen_sk_ben_0000")
        self.searches(meigen, None, 2)
        self.searches(meigen, ana, 3)
        error = meigen.failed(calls.search("fox"), ana)
        assert isinstance(error, errors.RateLimited)
        assert (error.status, error.code) == (429, "DAILY_LIMIT_REACHED")
        self.searches(meigen, ben, 3)

    @each(("token", "times"), [(None, 2), (Secret("meigen_sk_ana_0000"), 3)])
    def test_it_is_there_again_when_it_says(self, meigen: Meigen, token: Secret | None, times: int) -> None:
        self.searches(meigen, token, times)
        wait = meigen.failed(calls.search("fox"), token).retry_after
        assert wait is not None
        assert 0 < wait <= DAY
        meigen.clock.now += wait + 1
        self.searches(meigen, token, times)

    def test_a_dead_token_is_a_401(self, meigen: Meigen) -> None:
        assert isinstance(meigen.failed(calls.search("fox"), Secret("nonsense")), errors.BadToken)

    def test_single_images_and_models_count_for_nobody(self, meigen: Meigen) -> None:
        found = meigen.send(calls.search("lighthouse"), None)[0]
        for _ in range(5):
            meigen.send(calls.image(found.id), None)
            meigen.send(calls.models(), None)


def test_a_search_without_results_is_none(meigen: Meigen) -> None:
    assert meigen.send(calls.search("nothing-like-it"), None) == []
    with pytest.raises(errors.BadAnswer):
        calls.result(calls.search("x"), answer(200, {"success": True}))
