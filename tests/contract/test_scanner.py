"""The scanner finds what it is asked for: without that, what it does not find would prove nothing."""

import json

from tests.cases import each

from .scanner import finds
from .spellings import DEEPER, SPELLINGS, Spelling

TOKENS = ["meigen_sk_0123456789abcdef0123456789abcdef", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbmEiLCJleHAiOjF9.sand-b_x~?"]
OTHER = "meigen_sk_fedcba9876543210fedcba9876543210"
AROUND = ["{}", "a {} b", '{{"error": "sent {}", "x": "{}"}}', "<p>{}</p>", "https://x.example/?a=1&token={}&b=2"]


@each("token", TOKENS)
@each("spelling", [*SPELLINGS.values(), *DEEPER.values()])
def test_it_finds_every_spelling_wherever_it_stands(spelling: Spelling, token: str) -> None:
    for around in AROUND:
        words = around.format(spelling(token), spelling(token))
        assert finds(words, token)
        assert finds(words.encode(), token)
        assert not finds(words, OTHER)


@each("token", TOKENS)
def test_it_finds_it_in_what_python_shows(token: str) -> None:
    assert finds(repr({"body": json.dumps({"sent": token})}), token)
    assert finds(repr(SPELLINGS["JSON-escaped"](token)), token)


@each("token", TOKENS)
def test_a_part_is_not_the_whole(token: str) -> None:
    assert not finds(f"...{token[-4:]} {token[:12]} {SPELLINGS['percent-encoded'](token)[:-3]}", token)


@each("words", ["", b"", "%", "\\u12", "&#x;", "A" * 100, b"\xff\x00" * 50, "%zz" * 30, "=" * 99])
def test_nonsense_holds_nothing(words: str | bytes) -> None:
    assert not finds(words, TOKENS[0])
