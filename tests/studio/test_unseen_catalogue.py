"""A model that appears at Meigen tomorrow works here without a release."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import Token
from generations.models import Generation
from sandbox.answers import answer, html
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import form_data

IMAGE = {
    "id": "zeppelin/v99:beta",
    "name": "Zeppelin 99",
    "provider": "Nobody Labs",
    "description": "Never seen before.",
    "credits_per_generation": 7,
    "supported_ratios": ["7:5", "5:7", "33:10", "adaptive"],
    "max_reference_images": 3,
    "media_type": "image",
    "extra_config": {
        "resolutions": ["9K", "tiny"],
        "qualities": ["ludicrous", "meh"],
        "variants": ["silver", {"id": "gold", "name": "Gold"}],
        "tags": ["Maintenance", "Hot"],
        "somethingNew": {"deep": [1, 2, 3]},
    },
    "capabilities": None,
    "futureField": True,
}
OLD_VIDEO = {
    "id": "cinema-old",
    "name": "Cinema",
    "credits_per_generation": 60,
    "supported_ratios": ["7:5"],
    "media_type": "video",
    "extra_config": {
        "tiers": ["draft", "ultra"],
        "defaultTier": "draft",
        "tierResolutions": {"draft": ["333p"], "ultra": ["333p", "9000p"]},
        "durations": [3, 7.5],
        "pricingPerSec": {"draft": {"333p": 2}, "ultra": {"9000p": 11}},
        "supportsReferenceVideo": True,
    },
}
NEW_VIDEO = {
    "id": "cinema-new",
    "name": "Cinema Neo",
    "supported_ratios": [],
    "max_reference_images": 1,
    "media_type": "video",
    "extra_config": None,
    "capabilities": {
        "valid": True,
        "video": {
            "outputDuration": {"kind": "range", "min": 2, "max": 4, "step": 0.5, "default": 3},
            "referenceVideo": {"enabled": True, "maxCount": 2, "minSeconds": 1, "maxSeconds": 9},
            "referenceAudio": {"enabled": True, "maxCount": 1},
            "billing": {"mode": "per_call"},
            "requiresFirstFrame": True,
        },
    },
}
NOT_OFFERED = [
    {"id": "hidden-one", "extra_config": {"hidden": True}},
    {"id": "invalid-one", "media_type": "video", "capabilities": {"video": {"valid": False}}},
    {"id": "sound-one", "media_type": "audio"},
]
NONSENSE: list[Any] = [None, 5, "x", {}, {"id": ""}, {"id": None}, {"id": ["a"]}, {"name": "no id"}, []]
SECONDS = {"kind": "range", "default": 5}
EXTREME: list[dict[str, Any]] = [
    {
        "id": "fine",
        "media_type": "video",
        "capabilities": {"video": {"outputDuration": {**SECONDS, "min": 1, "max": 300, "step": 1e-320}}},
    },
    {"id": "cheap", "credits_per_generation": -5},
    {"id": "dear", "credits_per_generation": 3e9},
]
STRANGE = {
    "id": "strange",
    "name": {"en": "?"},
    "supported_ratios": "16:9",
    "max_reference_images": "many",
    "credits_per_generation": [5],
    "media_type": "",
    "extra_config": {"resolutions": {"a": 1}, "durations": [None, "x", -4, 0, 5], "qualities": [None, {}, "ok", "ok"]},
    "capabilities": {"video": [], "valid": "yes"},
}


# Addresses at Meigen, which stands for the sandbox's own; its file server is down, so that their seconds stay unknown.
CLIP = "MEIGEN/clips/a.mp4"
SOUND = "MEIGEN/clips/a.mp3"


@pytest.fixture(autouse=True)
def catalogue(sandbox: FastSandbox) -> None:
    listed = [IMAGE, OLD_VIDEO, NEW_VIDEO, *NOT_OFFERED, *NONSENSE, STRANGE]
    sandbox.fail_next("/api/models", answer(200, {"success": True, "models": listed}), times=99)
    sandbox.fail_next("/clips/", html(502), times=9)


def at(sandbox: FastSandbox, posted: dict[str, Any]) -> dict[str, Any]:
    """The form with these fields, or the body, with the sandbox's address in it."""
    placed: dict[str, Any] = json.loads(json.dumps(posted).replace("MEIGEN", sandbox.url))
    return placed


def offered(browser: Client, model_id: str, **chosen: str) -> dict[str, list[str]]:
    """The values of every choice on the page, by field name."""
    body = browser.get("/studio/fields/", {"model_id": model_id, **chosen}).content.decode()
    found: dict[str, list[str]] = {}
    for tag in re.findall(r'<input type="radio"[^>]*>', body):
        name, value = re.search(r'name="(\w+)"', tag), re.search(r'value="([^"]*)"', tag)
        assert name
        assert value
        found.setdefault(name[1], []).append(value[1])
    for name_, inner in re.findall(r'<select name="(\w+)".*?>(.*?)</select>', body, re.DOTALL):
        found[name_] = re.findall(r'value="([^"]*)"', inner)
    return found


def test_every_readable_model_is_offered_and_no_other(browser: Client, token: Token) -> None:
    fields = offered(browser, "zeppelin/v99:beta")
    assert fields["model_id"] == ["zeppelin/v99:beta", "cinema-old", "cinema-new", "strange"]


def test_the_form_has_exactly_the_fields_of_an_unknown_image_model(browser: Client, token: Token) -> None:
    fields = offered(browser, "zeppelin/v99:beta")
    del fields["model_id"]
    assert fields == {
        "variant": ["", "silver", "gold"],
        "aspect_ratio": ["7:5", "5:7", "33:10"],
        "resolution": ["", "9K", "tiny"],
        "quality": ["", "ludicrous", "meh"],
    }


def test_the_form_has_exactly_the_fields_of_an_old_style_video_model(browser: Client, token: Token) -> None:
    fields = offered(browser, "cinema-old")
    del fields["model_id"]
    assert fields == {
        "aspect_ratio": ["", "7:5"],
        "tier": ["", "draft", "ultra"],
        "resolution": ["", "333p"],
        "duration": ["", "3", "7.5"],
    }
    assert offered(browser, "cinema-old", tier="ultra")["resolution"] == ["", "333p", "9000p"]


def test_the_form_has_exactly_the_fields_of_a_new_style_video_model(browser: Client, token: Token) -> None:
    fields = offered(browser, "cinema-new")
    del fields["model_id"]
    assert fields == {"duration": ["", "2", "2.5", "3", "3.5", "4"]}


def test_of_a_strange_model_what_can_be_read_is_offered(browser: Client, token: Token) -> None:
    fields = offered(browser, "strange")
    del fields["model_id"]
    assert fields == {"quality": ["", "ok"]}


@each(
    ("posted", "body"),
    [
        (
            {
                "model_id": "zeppelin/v99:beta", "aspect_ratio": "33:10", "resolution": "9K", "quality": "ludicrous",
                "variant": "gold", "reference_url": "https://x.example/a.png https://x.example/b.png",
            },
            {
                "modelId": "zeppelin/v99:beta", "aspectRatio": "33:10", "resolution": "9K", "quality": "ludicrous",
                "modelVariant": "gold", "referenceImages": ["https://x.example/a.png", "https://x.example/b.png"],
            },
        ),
        (
            {
                "model_id": "zeppelin/v99:beta", "aspect_ratio": "adaptive",
                "reference_url": "https://x.example/a.png",
            },
            {
                "modelId": "zeppelin/v99:beta", "aspectRatio": "adaptive",
                "referenceImages": ["https://x.example/a.png"],
            },
        ),
        ({"model_id": "cinema-old"}, {"modelId": "cinema-old"}),
        ({"model_id": "cinema-old", "aspect_ratio": "auto"}, {"modelId": "cinema-old"}),
        (
            {
                "model_id": "cinema-old", "tier": "ultra", "resolution": "9000p", "duration": "7.5",
                "reference_url": CLIP,
            },
            {
                "modelId": "cinema-old", "tier": "ultra", "resolution": "9000p", "duration": 7.5,
                "referenceVideos": [CLIP],
            },
        ),
        (
            {
                "model_id": "cinema-new", "duration": "3",
                "reference_url": f"https://x.example/first.png {CLIP} {CLIP}?2 {SOUND}",
            },
            {
                "modelId": "cinema-new", "duration": 3, "referenceImages": ["https://x.example/first.png"],
                "referenceVideos": [CLIP, f"{CLIP}?2"], "referenceAudios": [SOUND],
            },
        ),
    ],
)  # fmt: skip
def test_the_body_carries_exactly_the_choices_made(
    sandbox: FastSandbox, browser: Client, token: Token, posted: dict[str, str], body: dict[str, Any]
) -> None:
    response = browser.post("/generations/", form_data(**at(sandbox, posted)))
    assert response.status_code == 302, response.content.decode()
    generation = Generation.objects.get()
    sent = json.loads(generation.body)
    assert sent == {"prompt": "a red fox", "idempotencyKey": str(generation.idempotency_key), **at(sandbox, body)}


@each(
    ("posted", "words"),
    [
        ({"model_id": "zeppelin/v99:beta", "aspect_ratio": "16:9"}, "does not support the aspect ratio 16:9"),
        ({"model_id": "zeppelin/v99:beta", "aspect_ratio": "adaptive"}, "no input to match"),
        ({"model_id": "zeppelin/v99:beta", "tier": "ultra"}, "has no tier setting"),
        ({"model_id": "cinema-old", "tier": "draft", "resolution": "9000p"}, "Cinema does not support the size 9000p"),
        ({"model_id": "cinema-new"}, "needs a first frame"),
        ({"model_id": "zeppelin/v99:beta"}, "Choose a ratio"),
        ({"model_id": "cinema-new", "reference_url": "a b"}, "public https address"),
        (
            {"model_id": "cinema-old", "reference_url": "https://elsewhere.example/a.mp4"},
            "hosted by Meigen",
        ),
        ({"model_id": "cinema-old", "reference_url": f"{CLIP} {CLIP}?2"}, "at most 1 clip"),
        ({"model_id": "zeppelin/v99:beta", "reference_url": CLIP}, "does not accept reference videos"),
        ({"model_id": "cinema-old", "reference_url": SOUND}, "does not accept reference sounds"),
        ({"model_id": "cinema-old", "prompt": "as in [video1]"}, "The prompt mentions [video1]"),
        ({"model_id": "zeppelin/v99:beta", "reference_type": "style"}, "has no reference type setting"),
        ({"model_id": "zeppelin/v99:beta", "stylize": "5"}, "has no stylize setting"),
        ({"model_id": "hidden-one"}, "no longer offers this model"),
    ],
)
@pytest.mark.slow
def test_the_server_side_form_checks_against_the_same_catalogue(
    sandbox: FastSandbox, browser: Client, token: Token, posted: dict[str, str], words: str
) -> None:
    response = browser.post("/generations/", form_data(**at(sandbox, posted)))
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Generation.objects.exists()


def test_prices_and_tags_come_from_the_catalogue(browser: Client, token: Token) -> None:
    body = browser.get("/", {"model_id": "zeppelin/v99:beta", "count": "2"}).content.decode()
    assert "Zeppelin 99 · 7 cr · Maintenance, Hot" in body
    assert "Cinema · from 6 cr" in body
    assert " · 14 credits" in body
    body = browser.post("/studio/price/", {"model_id": "cinema-new"}).content.decode()
    assert "The price is not known in advance" in body


def test_a_choice_the_new_model_lacks_is_dropped_visibly(browser: Client, token: Token) -> None:
    asked = {"model_id": "cinema-old", "aspect_ratio": "7:5", "quality": "ludicrous", "resolution": "9K"}
    body = browser.get("/studio/fields/", asked).content.decode()
    assert "Dropped because Cinema does not support it: size 9K, quality ludicrous." in body
    assert re.search(r'value="7:5"[^>]*checked', body)


def test_extreme_numbers_break_no_page_and_no_click(sandbox: FastSandbox, browser: Client, token: Token) -> None:
    sandbox._faults.clear()
    sandbox.fail_next("/api/models", answer(200, {"success": True, "models": EXTREME}), times=9)
    for model in EXTREME:
        assert browser.get("/", {"model_id": model["id"]}).status_code == 200
        assert browser.post("/generations/", form_data(model_id=model["id"])).status_code == 302
    assert len(offered(browser, "fine")["duration"]) == 603
    assert list(Generation.objects.values_list("credits_estimated", flat=True).distinct()) == [None]
