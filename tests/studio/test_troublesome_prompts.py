"""Text with trouble is the same on the card, at Meigen, in the search and in the zip, or is refused in words."""

import json
import unicodedata
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from accounts.models import Token, User
from generations.models import Generation
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import form_data, make_result
from tests.library.deeds import do, unzipped

CRLF = "\r\n"
SAME = {
    "right to left": "שלום world",
    "two colons": "portrait ::2 --ar 16:9",
    "an address": "in the style of https://x.example/a?b=1&c=<d>",
    "joined emoji": "👩‍👩‍👧‍👦 at the sea",
    "marks": "हिंदी में जानकारी",
    "composed": unicodedata.normalize("NFC", "crème brûlée"),
    "decomposed": unicodedata.normalize("NFD", "crème brûlée"),
    "json in prose": '{"a": {"b": 1}} and a red car',
    "unbalanced": "a {red|blue car",
    "a formula": "=1+1",
}


@pytest.mark.slow
@each("prompt", SAME.values())
def test_it_is_the_same_everywhere(
    sandbox: FastSandbox, browser: Client, user: User, token: Token, prompt: str
) -> None:
    browser.post("/generations/", form_data(prompt=prompt))
    row = Generation.objects.get()
    assert json.loads(row.body)["prompt"] == prompt
    shown = unicodedata.normalize("NFC", prompt)
    assert f">{escape(shown)}</a>" in browser.get("/").content.decode()
    Generation.objects.update(status="done", finished_at=timezone.now())
    make_result(row)
    for asked in [prompt, unicodedata.normalize("NFD", prompt)]:
        found = browser.get(f"/generations/?{urlencode({'q': asked})}").content.decode()
        assert str(row.pk) in found
    told = json.loads(unzipped(do(browser, "download", row)).read("metadata.json"))
    assert shown in json.dumps(told, ensure_ascii=False).replace('\\"', '"')


def test_line_ends_count_once_and_are_sent_as_meigen_expects(
    sandbox: FastSandbox, browser: Client, token: Token
) -> None:
    lines = CRLF.join(["a"] * 5000)
    browser.post("/generations/", form_data(prompt=lines))
    assert json.loads(Generation.objects.get().body)["prompt"] == "\n".join(["a"] * 5000)


def test_what_no_database_keeps_is_left_out(sandbox: FastSandbox, browser: Client, token: Token) -> None:
    browser.post("/generations/", form_data(prompt="a\0 fox"))
    assert json.loads(Generation.objects.get().body)["prompt"] == "a fox"


@each(
    ("prompt", "words"),
    [
        ("x" * 10_001, "has 10001 characters"),
        ("\u200b", "only invisible characters"),
        ("\u2800\u3164 \u00ad", "only invisible characters"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_it_is_paid(
    sandbox: FastSandbox, browser: Client, token: Token, prompt: str, words: str
) -> None:
    response = browser.post("/generations/", form_data(prompt=prompt))
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Generation.objects.exists()
