"""Rows keep codes with parameters, which become sentences for whoever looks; Meigen's words stay what they are."""

import ast
import json
import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from accounts.models import Token, User
from accounts.sentences import with_reason
from generations.dispatch import decisions, submit
from generations.models import Attempt, Event, Generation
from generations.models.sentences import Sentence, reason_of, translated
from meigen_api import calls, errors
from meigen_api.errors import Answer, Problem
from tests.cases import each
from tests.helpers import make_generation, make_result, make_user

DEEP = 100_000


def english(sentence: Sentence) -> str:
    with translation.override("en"):
        return str(sentence.label)


def placeholders(sentence: Sentence) -> set[str]:
    return set(re.findall(r"%\((\w+)\)s", english(sentence)))


@each("sentence", Sentence)
def test_a_code_is_shown_in_every_language_with_its_parameters(sentence: Sentence) -> None:
    parameters = {name: f"<{name}>" for name in placeholders(sentence)}
    wanted = with_reason(english(sentence), **{"reason": "", **parameters})
    stored = sentence.stored(**parameters)
    shown = {}
    for language, _ in settings.LANGUAGES:
        with translation.override(language):
            shown[language] = translated(stored)
    assert shown["en"] == wanted
    assert len(set(shown.values())) == len(settings.LANGUAGES)
    assert all(text.count(value) == 1 for text in shown.values() for value in parameters.values())


def uses() -> Iterator[tuple[str, Sentence, set[str]]]:
    """Each place that fills in a sentence, with the names of the parameters: `Sentence.X.stored(...)` or a refusal."""
    for path in (settings.BASE_DIR / "generations").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                is_stored = isinstance(node.func, ast.Attribute) and node.func.attr == "stored"
                named = node.func.value if is_stored else node.args[0] if node.args else None  # type: ignore[attr-defined]
                if isinstance(named, ast.Attribute) and getattr(named.value, "id", "") == "Sentence":
                    names = {keyword.arg or "" for keyword in node.keywords}
                    yield f"{path.name}:{node.lineno}", Sentence[named.attr], names


def test_whoever_uses_a_sentence_fills_it_in() -> None:
    found = list(uses())
    assert len(found) > 40
    assert [place for place, sentence, names in found if names != placeholders(sentence)] == []


@each("problem", Problem)
def test_what_the_client_says_itself_is_a_code(problem: Problem) -> None:
    assert english(Sentence[problem.name]) == problem
    error = errors.ServerError(problem, answer=Answer(503))
    assert translated(reason_of(error)) == error.message == problem % {"status": 503}
    assert json.loads(reason_of(error))["code"] == problem.name.lower()


def test_what_meigen_says_is_kept_in_its_words() -> None:
    for words in ["Out of stock.", "100% of %(status)s", Problem.UNREACHABLE.value]:
        assert reason_of(calls.error(Answer(500), {"error": words})) == words
    assert reason_of(calls.error(Answer(500), {})) == Sentence.RESPONDED.stored(status=500)
    assert reason_of(submit.TOO_LATE) == Sentence.SERVER_BUSY.stored()


@each(
    ("stored", "shown"),
    [
        (Sentence.CANCELLED.stored(), "已取消。"),
        (Sentence.NOT_WATCHED.stored(), "Meigen 仍在生成，我们已停止跟踪。请再检查一次，不花积分。"),
        (Sentence.FILE_GONE.stored(status=404), "Meigen 已不再保留此文件（404）。"),
        (
            Sentence.FILE_LOST.stored(number=2, reason=Sentence.FILE_GONE.stored(status=410)),
            "文件 2：Meigen 已不再保留此文件（410）。",
        ),
        (
            Sentence.FILE_LOST.stored(number=2, reason=Sentence.WRONG_HOST.stored(host="a.example")),
            "文件 2：不会从 a.example 获取结果；MEIGEN_MEDIA_HOSTS 列出了允许的主机。",
        ),
        (
            Sentence.SENT_ONCE.stored(reason=Sentence.RESPONDED.stored(status=500)),
            "Meigen 返回了 500。我们会确保只发送一次。",
        ),
        (Sentence.SENT_ONCE.stored(reason="Out of stock"), "Out of stock。我们会确保只发送一次。"),
        (Sentence.SENT_ONCE.stored(reason="Out of stock."), "Out of stock.我们会确保只发送一次。"),
        (Sentence.REFUSED.stored(status=400, reason='缺货 "&"'), '400：缺货 "&"。'),
        ("Cancelled.", "Cancelled."),
        ("cancelled", "cancelled"),
        ("100% of %(number)s", "100% of %(number)s"),
        ("", ""),
    ],
)
def test_what_rows_keep_is_said_in_the_readers_language(stored: str, shown: str) -> None:
    with translation.override("zh-hans"):
        assert translated(stored) == shown


def test_a_reworded_sentence_is_reworded_in_old_rows_too(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    row = make_generation(user)
    assert decisions.cancel(row)
    event = Event.objects.get(generation=row)
    assert event.note == '{"code":"cancelled"}'
    assert str(event) == "Cancelled."
    monkeypatch.setattr(Sentence.CANCELLED, "label", "Taken out of the queue.")
    assert str(event) == "Taken out of the queue."


# What a hostile Meigen could say, and what is shown of it if that is not the text itself
HOSTILE: dict[str, tuple[str, str | None]] = {
    "an unknown code": ('{"code":"no_such_thing","status":1}', None),
    "no code": ('{"code":null}', None),
    "a list for a code": ('{"code":["cancelled"]}', None),
    "a member for a code": ('{"code":"CANCELLED"}', None),
    "no parameters": ('{"code":"file_gone"}', None),
    "half an object": ('{"code":"cancelled"', None),
    "more than an object": ('{"code":"cancelled"} and more', None),
    "a huge number": ('{"code":"file_gone","status":' + "9" * DEEP + "}", None),
    "deep lists": ('{"code":"file_gone","status":' + "[" * DEEP + "]" * DEEP + "}", None),
    "deep objects": ('{"code":' * DEEP + "1" + "}" * DEEP, None),
    "a code": ('{"code":"cancelled","more":1}', "Cancelled."),
    "a format": ('{"code":"file_gone","status":"%(x)s %s %d {0.__class__}"}', "%(x)s %s %d {0.__class__}"),
    "no such character": ('{"code":"file_gone","status":"\\ud800\\u0000"}', "(?\ufffd)"),
    "markup": ('{"code":"file_gone","status":"<b onclick=alert(1)>"}', "<b onclick=alert(1)>"),
    "a megabyte": ('{"code":"file_gone","status":"' + "x" * 1_000_000 + '"}', "x" * 1_000_000),
}


def nested(depth: int) -> str:
    text = "the end"
    for _ in range(depth):
        text = Sentence.SENT_ONCE.stored(reason=text)
    return text


@each(("text", "part"), HOSTILE.values())
def test_a_text_of_meigens_that_looks_like_a_code_does_no_harm(text: str, part: str | None) -> None:
    shown = translated(text)
    assert shown == text if part is None else part in shown
    shown.encode()
    assert len(shown) <= len(text) + 100


def test_sentences_in_sentences_end_somewhere() -> None:
    said = " We make sure it is sent only once."
    assert translated(nested(2)) == "the end." + 2 * said
    assert translated(nested(12)) == nested(10) + "." + 2 * said


@pytest.mark.slow
@each("text", [text for text, _ in HOSTILE.values()])
@each("status", ["failed", "rejected", "done"])
def test_no_page_breaks_over_it(browser: Client, user: User, text: str, status: str) -> None:
    row = make_generation(user, status=status, message=text, answer_status=400)
    Event.objects.create(generation=row, at=row.created_at, status=status, note=text)
    Attempt.objects.create(
        generation=row, number=1, token_fingerprint="", token_revision=1, sent_at=row.created_at, error=text
    )
    if status == "done":
        make_result(row, kept_at=None, gone_at=row.created_at, problem=text)
    for url in ["/", row.get_absolute_url()]:
        response = browser.get(url)
        assert response.status_code == 200
        assert "<b onclick" not in response.content.decode()


@pytest.mark.usefixtures("sandbox")
def test_an_admin_reads_sentences(user: User, token: Token) -> None:
    boss = Client()
    boss.force_login(make_user("boss", is_staff=True, is_superuser=True))
    row = make_generation(user, prompt="a fox sandbox:lost")
    submit.send(row.pk)
    row.move(Generation.Status.FAILED, expecting=Generation.Status.SENDING, message=Sentence.NO_REASON.stored())
    make_result(row, problem=Sentence.FILE_GONE.stored(status=410))
    Event.objects.create(generation=row, at=row.created_at, status="done", note=Sentence.FILE_SAVED.stored(number=7))
    listed = boss.get("/admin/generations/generation/").content.decode()
    page = boss.get(f"/admin/generations/generation/{row.pk}/change/").content.decode()
    assert "without giving a reason" in listed
    for words in [
        "without giving a reason",
        "no longer has the file (410)",
        "File 7 saved.",
        "The connection was lost before",
    ]:
        assert words in page
    for body in [listed, page]:
        assert "&quot;code&quot;:" not in body


@each(("status", "shown"), [("refunded", "已退还"), ("charged", "已扣"), ("lent %(x)s", "lent %(x)s")])
def test_the_state_of_the_credits_is_translated_if_it_is_known(
    browser: Client, user: User, status: str, shown: str
) -> None:
    row = make_generation(user, status="done", credits_used=5, credits_status=status)
    page = browser.get(row.get_absolute_url(), headers={"Accept-Language": "zh-Hans"}).content.decode()
    assert f"5 {shown}" in page
