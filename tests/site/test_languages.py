"""The studio speaks the person's language, and what is translated is whole: nothing missing, stale or broken."""

import re
from html.parser import HTMLParser

import pytest
from django.contrib.auth import get_user
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from pytest_django import Settings

from accounts import invitations
from accounts.models import Token, User
from generations.dispatch import catalogue
from generations.library import collecting, rejections
from generations.models import Event, Generation
from generations.models.sentences import Sentence
from generations.templatetags.studio import soon
from tests.accounts.test_second_factors import FACTOR_PAGES, SECOND_STEP, set_up_app
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import form_data, make_generation, make_result, make_user
from tests.site.catalogues import CATALOGUES, messages

SIGN_IN = "/accounts/login/"


TOKENS = "/accounts/tokens/"


CHINESE = '<html lang="zh-hans" dir="ltr">'


ENGLISH = '<html lang="en" dir="ltr">'


def switch(client: Client, url: str, language: str) -> str:
    """Presses the page's button of that language, as the page offers it; returns the page it leads to."""
    body = client.get(url).content.decode()
    found = re.search(rf'<form method="post" action="/i18n/setlang/">.*?value="{language}".*?</form>', body, re.DOTALL)
    assert found
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', found[0]))
    response = client.post("/i18n/setlang/", {**form, "language": language})
    assert response.status_code == 302
    assert response["Location"] == url
    return client.get(url).content.decode()


@each("wish", ["zh-Hans", "zh-CN,zh;q=0.9,en;q=0.8", "zh"])
def test_a_browser_that_asks_for_chinese_gets_it(db: None, wish: str) -> None:
    body = Client().get(SIGN_IN, headers={"Accept-Language": wish}).content.decode()
    assert CHINESE in body
    assert "登录" in body
    assert "Sign in" not in body


@each("wish", ["", "en", "fr-CH", "tlh", "*"])
def test_every_other_browser_gets_english(db: None, wish: str) -> None:
    body = Client().get(SIGN_IN, headers={"Accept-Language": wish}).content.decode()
    assert ENGLISH in body
    assert "Sign in" in body


def test_who_chooses_a_language_before_signing_in_keeps_it(user: User) -> None:
    client = Client(enforce_csrf_checks=True)
    body = switch(client, SIGN_IN, "zh-hans")
    assert CHINESE in body
    assert client.cookies["django_language"]["max-age"] == 365 * 86_400
    [csrf] = set(re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', body))
    client.post(SIGN_IN, {"login": user.username, "password": "a-long-password", "csrfmiddlewaretoken": csrf})
    assert get_user(as_request(client)).is_authenticated
    assert "Meigen 令牌" in client.get(TOKENS).content.decode()


def as_request(client: Client) -> HttpRequest:
    request = HttpRequest()
    request.session = client.session
    return request


def test_the_account_menu_changes_the_language_there_and_back(browser: Client) -> None:
    page = f"{TOKENS}?next=/generations/"
    assert CHINESE in switch(browser, page, "zh-hans")
    assert CHINESE in browser.get("/generations/").content.decode()
    assert ENGLISH in switch(browser, page, "en")
    # What was chosen goes before what the browser asks for.
    assert ENGLISH in browser.get(TOKENS, headers={"Accept-Language": "zh-Hans"}).content.decode()


def test_the_button_names_the_other_language_in_that_language(browser: Client) -> None:
    english = browser.get(TOKENS).content.decode()
    assert re.search(r'<button [^>]*lang="zh-hans">简体中文</button>', english)
    assert 'value="en"' not in english
    chinese = switch(browser, TOKENS, "zh-hans")
    assert re.search(r'<button [^>]*lang="en">English</button>', chinese)
    assert 'value="zh-hans"' not in chinese


def test_the_switch_leads_nowhere_else(db: None) -> None:
    response = Client().post("/i18n/setlang/", {"language": "zh-hans", "next": "https://evil.example/"})
    assert response["Location"] == "/"
    assert "no-store" in response["Cache-Control"]


def test_the_page_of_a_failed_replacement_can_be_loaded_anew(browser: Client, token: Token) -> None:
    url = f"{TOKENS}{token.pk}/replace/"
    assert browser.post(url, {"token": "nonsense"}).status_code == 422
    assert browser.get(url)["Location"] == TOKENS


def test_messages_and_form_errors_are_in_the_persons_language(browser: Client) -> None:
    response = browser.post(TOKENS, {"token": ""}, headers={"Accept-Language": "zh-Hans"})
    assert "请先粘贴令牌" in response.content.decode()


def test_an_error_page_is_in_the_persons_language(browser: Client) -> None:
    response = browser.get("/nowhere/", headers={"Accept-Language": "zh-Hans"})
    assert response.status_code == 404
    assert CHINESE in response.content.decode()
    assert "这里什么都没有" in response.content.decode()


def test_credits_are_counted_in_words() -> None:
    assert [Token(credits=n).spendable for n in (0, 1, 2)] == ["0 credits", "1 credit", "2 credits"]
    with translation.override("zh-hans"):
        assert Token(credits=1).spendable == "1 积分"


def test_people_with_the_same_token_are_named_and_counted(browser: Client, token: Token) -> None:
    for name, words in [
        ("ana", "ana also uses this token: its 12 requests per minute"),
        ("bo", "ana, bo also use this token"),
    ]:
        Token.objects.create(owner=make_user(name), fingerprint=token.fingerprint, label="Same")
        assert words in browser.get(TOKENS).content.decode()
    body = browser.get(TOKENS, headers={"Accept-Language": "zh-Hans"}).content.decode()
    assert "ana、bo 也在使用此令牌" in body


@each(("language", "words"), [("en", "in ~5 s"), ("zh-hans", "约 5 秒后")])
def test_the_countdown_of_a_page_goes_on_in_the_words_it_began_with(browser: Client, language: str, words: str) -> None:
    body = browser.get(TOKENS, headers={"Accept-Language": language}).content.decode()
    told = dict(re.findall(r'data-(soon[\w-]*)="([^"]+)"', body))
    with translation.override(language):
        assert soon(1) == told["soon"]
        assert soon(5) == told["soon-seconds"].replace("{seconds}", "5") == words
        assert soon(180) == told["soon-minutes"].replace("{minutes}", "3")


# Pages in Chinese, whole


class Shown(HTMLParser):
    """What a person sees or hears of a page."""

    SPOKEN = {"alt", "aria-label", "placeholder", "title", "data-copied", "data-one", "data-many"}
    DATA = {"script", "style", "textarea", "datalist", "pre", "code", "kbd"}

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts += [value for name, value in attrs if name in self.SPOKEN and value]
        if tag in self.DATA:
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.inside and tag == self.inside[-1]:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.inside:
            self.parts.append(" ".join(data.split()))


def english_in(body: str, *data: str) -> list[str]:
    """The texts of a Chinese page that hold a message of the catalogue, or any three English words in a row.

    Left out are prompts, the models as Meigen names them, and `data`.
    """
    shown = Shown()
    shown.feed(body)
    told = {name for model in catalogue.known().models for name in (model.name, model.description, *model.tags)}
    told |= {*data, *Generation.objects.values_list("prompt", flat=True)}
    pieces = {
        piece.strip()
        for entry in messages(CATALOGUES[0])
        for piece in re.split(r"%\(\w+\)s|\{\w*\}|<[^>]*>", entry.strings["msgid"])
        if len(piece.strip()) > 12
    }
    found = []
    theirs = re.compile("|".join(re.escape(known) for known in sorted(told - {""}, key=len, reverse=True)))
    for part in shown.parts:
        text = theirs.sub("", part)
        if re.search(r"[A-Za-z']+([ ,]+[a-z']+){2}", text) or any(piece in text for piece in pieces):
            found.append(part)
    return found


@pytest.fixture
def reader(browser: Client) -> Client:
    """The user, whose browser asks for Chinese."""
    browser.defaults["HTTP_ACCEPT_LANGUAGE"] = "zh-Hans"
    return browser


@each(
    "page",
    [
        "/",
        "/?model_id=seedance-2-0",
        "/?model_id=midjourney-v8.1",
        "/studio/fields/?model_id=veo-3.1&resolution=8K&quality=high&raw=on",
        "/generations/",
        "/generations/?q=nothing+has+this",
        "/generations/?state=deleted",
        "/gallery/",
        "/inspiration/?q=no+such+thing",
        "/inspiration/00000000-0000-0000-0000-000000000000/",
        "/collections/",
        "/presets/",
        "/accounts/time-zone/",
        "/accounts/security/",
        "/accounts/sessions/",
        TOKENS,
    ],
)
@pytest.mark.slow
def test_a_page_is_chinese_throughout(sandbox: FastSandbox, reader: Client, token: Token, page: str) -> None:
    catalogue.offer()
    rows = [make_generation(token.owner, status=status) for status in Generation.Status]
    make_result(rows[3])
    body = reader.get(page).content.decode()
    assert re.search(r"[\u4e00-\u9fff]{4}", body)
    assert english_in(body, "no such thing", "nothing has this") == []


@pytest.mark.slow
@each("page", ["", "settings/", "arrange/", "delete/"])
@each("is_team", [False, True])
def test_the_pages_of_a_collection_are_chinese_throughout(
    reader: Client, token: Token, page: str, *, is_team: bool
) -> None:
    collection, _ = collecting.create(token.owner, "Foxes", is_team=is_team)
    collecting.create(token.owner, "Others")
    for url in ["/collections/", f"{collection.get_absolute_url()}{page}"]:
        assert english_in(reader.get(url).content.decode()) == []
    rows = [make_generation(token.owner, status=status) for status in Generation.Status]
    make_result(rows[3])
    collecting.add(token.owner, collection.pk, [row.pk for row in rows])
    for url in ["/collections/", f"{collection.get_absolute_url()}{page}"]:
        assert english_in(reader.get(url).content.decode()) == []


def test_the_pages_of_second_factors_are_chinese_throughout(reader: Client, user: User) -> None:
    secret = set_up_app(reader)
    for page in FACTOR_PAGES:
        assert english_in(reader.get(page).content.decode(), secret) == [], page
    half = Client(headers={"Accept-Language": "zh-Hans"})
    half.post(SIGN_IN, {"login": user.username, "password": "a-long-password"})
    for response in (half.get(SECOND_STEP), half.post(SECOND_STEP, {"code": "x"}), half.post(SECOND_STEP)):
        assert "第二重验证" in response.content.decode()
        assert english_in(response.content.decode()) == []


def test_the_page_of_a_generation_is_chinese_throughout(reader: Client, token: Token) -> None:
    row = make_generation(token.owner)
    Event.objects.create(generation=row, at=row.created_at, status="queued", note=Sentence.TOKEN_REPLACED.stored())
    row.move(Generation.Status.DONE, expecting=Generation.Status.QUEUED, note=Sentence.FILE_SAVED.stored(number=1))
    make_result(row)
    body = reader.get(row.get_absolute_url()).content.decode()
    assert "令牌已更换。" in body
    assert "文件 1 已保存。" in body
    assert english_in(body) == []


@each(
    ("wrong", "words"),
    [
        ({"count": "9"}, "请选择 1 到 8 之间的数。"),
        ({"prompt": ""}, "请先写提示词"),
        ({"prompt": "a {red|} car {|blue|green}" * 3}, "一次最多 40 次"),
        ({"aspect_ratio": "17:4"}, "不支持此比例：17:4。"),
        ({"model_id": "gone"}, "Meigen 已不再提供此模型。"),
        ({"quality": "high"}, "没有“质量”设置"),
        ({"model_id": "veo-3.1", "reference_url": "http://a.example/b.png"}, "必须是公开的 https 地址"),
    ],
)
@pytest.mark.slow
def test_a_form_error_is_chinese(
    sandbox: FastSandbox, reader: Client, token: Token, wrong: dict[str, str], words: str
) -> None:
    response = reader.post("/generations/", form_data(**wrong))
    assert response.status_code == 422
    assert words in response.content.decode()
    assert english_in(response.content.decode()) == []


@each(
    ("prompt", "words"),
    [("x sandbox:402", "需要 1001 积分，你有 1000，还差 1。请充值后重新发送。"), ("x sandbox:400", "允许的值：1:1")],
)
def test_a_rejected_card_is_chinese_beside_meigens_words(
    sandbox: FastSandbox, reader: Client, token: Token, prompt: str, words: str
) -> None:
    body = reader.post("/generations/", form_data(prompt=prompt), headers={"HX-Request": "true"}).content.decode()
    assert 'data-status="rejected"' in body
    assert words in body
    row = Generation.objects.get()
    assert english_in(body, row.message.rstrip("."), *(value for _, value in rejections.details(row))) == []
    # What the row keeps has no language, whoever was there when it was written.
    assert not re.search(r"[\u4e00-\u9fff]", "".join(row.events.values_list("note", flat=True)))


def test_a_page_that_was_drawn_in_one_language_is_drawn_in_another(reader: Client, token: Token) -> None:
    make_result(make_generation(token.owner, status="done"))
    for language, word in [("zh-Hans", "已完成"), ("en", "Done"), ("zh-Hans", "已完成")]:
        body = reader.get("/generations/", headers={"Accept-Language": language}).content.decode()
        assert re.search(f'<span class="word">{word}</span>', body)
        assert ("搜索提示词" in body) == (language == "zh-Hans")


def test_the_pages_of_people_without_an_account_or_a_password_are_chinese_throughout(
    user: User, settings: Settings
) -> None:
    settings.HAS_MAIL = True
    guest = Client(headers={"Accept-Language": "zh-Hans"})
    join = reverse("join", args=[invitations.invite(user, email="e@example.com").secret])
    asked = ["forgotten/", "forgotten/sent/", "forgotten/done/", "forgotten/1-none/"]
    answers = [guest.get(f"/accounts/password/{page}") for page in asked]
    answers += [guest.get(join), guest.post(join, {"username": user.username}), guest.get("/join/none/")]
    answers += [guest.post("/accounts/password/forgotten/", {"email": "nowhere"})]
    for answer in answers:
        assert english_in(answer.content.decode(), user.username, "e@example.com", "name@example.org") == []
