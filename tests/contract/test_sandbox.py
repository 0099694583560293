"""The sandbox itself, as far as others lean on it."""

import httpx

from meigen_api import calls
from meigen_api.client import Client
from meigen_api.types import Json
from sandbox import Sandbox, transport
from tests.cases import each

from .meigen import TOKEN, Meigen


def test_it_mounts_in_process_too() -> None:
    with Client("http://meigen.test", TOKEN, transport=transport(Sandbox())) as client:
        assert client.send(calls.models())


def test_its_ledger_shows_as_a_page(meigen: Meigen) -> None:
    meigen.submit()
    page = httpx.get(meigen.server.url).text
    assert "charge" in page
    assert TOKEN.reveal() not in page


class TestItsModels:
    def listed(self, meigen: Meigen, query: str) -> list[Json]:
        models: list[Json] = httpx.get(f"{meigen.server.url}/api/models{query}").json()["models"]
        return models

    def test_its_own_notes_are_not_served(self, meigen: Meigen) -> None:
        assert not any("sandbox" in entry for entry in self.listed(meigen, ""))

    @each("kind", ["image", "video"])
    def test_they_may_be_of_one_kind(self, meigen: Meigen, kind: str) -> None:
        assert {entry["media_type"] for entry in self.listed(meigen, f"?media_type={kind}")} == {kind}

    def test_retired_ones_are_a_list_of_their_own(self, meigen: Meigen) -> None:
        assert [entry["id"] for entry in self.listed(meigen, "?active=false")] == ["seedream-3.0"]
        assert "seedream-3.0" not in [entry["id"] for entry in self.listed(meigen, "")]
