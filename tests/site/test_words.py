"""Every rule is said beside its field, in the studio's words, before and after; and sentences end as sentences."""

import re
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.conf import settings
from django.test import Client
from django.utils import translation
from django.utils.html import conditional_escape

from accounts.fields import Form
from accounts.models import Throttle, Token, User
from accounts.sentences import as_sentence, english, marked, told, with_reason
from generations.dispatch import catalogue
from generations.library import collecting
from generations.models import Attempt, Event, Generation
from generations.models.sentences import Sentence, translated_html
from generations.sharing import links
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import form_data, make_generation, make_result, make_user

CHINESE = {"Accept-Language": "zh-Hans"}
# How Django, allauth and browsers begin what they say.
FRAMEWORK = re.compile(
    r"Ensure this|This field is|Select a valid|Enter a (valid|whole|number)|This password|The password is too|"
    r"Your password (must|can)|must type the same|you specified are not|Please type|Incorrect password|"
    r"is not one of the available|Confirm Access|Please reauth|Successfully|fill out"
)


def errors_beside(page: str, field: str) -> str:
    """What the page says is wrong with the field: the element that its `aria-describedby` names."""
    tags = re.findall(rf'<(?:input|select|textarea)[^>]* name="{field}"[^>]*>', page)
    [tag] = [tag for tag in tags if 'aria-invalid="true"' in tag]
    described = re.search(r'aria-describedby="([^"]+)"', tag)
    assert described
    for name in described[1].split():
        assert page.count(f'id="{name}"') == 1, name
    error = re.search(rf'<(\w+)[^>]*id="{described[1].split()[-1]}"[^>]*>(.*?)</\1>', page, re.DOTALL)
    assert error
    return re.sub(r"<[^>]+>", "", error[2])


@each(
    ("url", "data", "field", "words"),
    [
        ("/collections/", {"name": ""}, "name", "Give the collection a name"),
        ("/accounts/tokens/", {"token": ""}, "token", "Paste a token first"),
        ("/accounts/tokens/", {"token": "x", "label": "x" * 61}, "label", "1 character too many"),
        ("/shares/new/", {"password": "1234567"}, "password", "Too short: at least 8 characters are needed."),
        ("/shares/new/", {"days": "13"}, "days", "This is not one of the choices."),
        ("/shares/new/", {}, "days", "Fill this in."),
        ("/accounts/password/change/", {}, "oldpassword", "Fill this in."),
        ("/accounts/password/change/", {"oldpassword": "x"}, "oldpassword", "This is not your current password."),
        ("/accounts/password/change/", {"password1": "tiny"}, "password1", "Too short: a password needs at least 10"),
        ("/accounts/password/change/", {"password1": "password123"}, "password1", "Many people use this password"),
        ("/accounts/password/change/", {"password1": "person-the-1st"}, "password1", "too much like your name"),
        (
            "/accounts/password/change/",
            {"password1": "a-longer-password", "password2": "another-password"},
            "password2",
            "This is not the same password.",
        ),
        ("/accounts/reauthenticate/", {"password": ""}, "password", "Fill this in."),
        ("/accounts/reauthenticate/", {"password": "x"}, "password", "This is not your current password."),
        ("/generations/", form_data(model_id="midjourney-v8.1", stylize="x"), "stylize", "Use a whole number"),
        ("/generations/", form_data(model_id="midjourney-v8.1", stylize="9999"), "stylize", "the most is 1000"),
        ("/generations/", form_data(model_id="midjourney-v8.1", chaos="-1"), "chaos", "the least is 0"),
        ("/generations/", form_data(model_id="midjourney-v8.1", iw="x"), "iw", "Use a number"),
        (
            "/generations/",
            form_data(model_id="midjourney-v8.1", midjourney_quality="9"),
            "midjourney_quality",
            "This is not one of the choices.",
        ),
        ("/generations/", form_data(model_id="gone"), "model_id", "no longer offers this model"),
        ("/generations/", form_data(count="x"), "count", "Choose a number from 1 to 8."),
    ],
)
@pytest.mark.slow
def test_what_is_wrong_is_said_beside_the_field(
    sandbox: FastSandbox, browser: Client, token: Token, url: str, data: dict[str, str], field: str, words: str
) -> None:
    User.objects.filter(pk=token.owner_id).update(username="person-the-1st")
    row = make_generation(token.owner, status="done")
    response = browser.post(url, {**data, "selected": row.pk})
    page = response.content.decode()
    assert words in errors_beside(page, field)
    assert not FRAMEWORK.search(page)


@each(
    ("query", "field", "words"),
    [
        ("since=tomorrow", "since", "Use a date, such as"),
        ("state=no", "state", "This is not one of the choices."),
        ("q=" + "x" * 201, "q", "1 character too many"),
    ],
)
def test_a_filter_that_cannot_be_used_says_so_with_scripts_and_without(
    browser: Client, user: User, query: str, field: str, words: str
) -> None:
    make_generation(user)
    assert words in errors_beside(browser.get(f"/generations/?{query}").content.decode(), field)
    assert words in browser.get(f"/generations/?{query}", headers={"HX-Request": "true"}).content.decode()


def test_sign_in_says_what_is_wrong_in_our_words(user: User) -> None:
    page = Client().post("/accounts/login/", {"login": "", "password": ""}).content.decode()
    assert errors_beside(page, "login") == errors_beside(page, "password") == "Fill this in."
    for login in [user.username, user.email]:
        page = Client().post("/accounts/login/", {"login": login, "password": "wrong"}).content.decode()
        assert "The username, email or password is wrong." in page
        assert not FRAMEWORK.search(page)


def test_an_account_that_is_off_is_told_so_in_our_words(user: User) -> None:
    User.objects.update(is_active=False)
    answer = Client().post("/accounts/login/", {"login": user.username, "password": "a-long-password"}, follow=True)
    assert "This account is switched off. Ask an admin of your team." in answer.content.decode()


def test_a_changed_password_is_confirmed_in_our_words(browser: Client) -> None:
    typed = {"oldpassword": "a-long-password", "password1": "a-longer-heron", "password2": "a-longer-heron"}
    page = browser.post("/accounts/password/change/", typed, follow=True).content.decode()
    assert "Password changed." in page
    assert not FRAMEWORK.search(page)


class TestAGuest:
    def test_hears_beside_the_field_what_is_wrong_with_the_password(self, user: User) -> None:
        share = links.share(user, [make_generation(user, status="done")], password="open sesame")
        url = f"/s/{share.secret}/unlock/"
        for typed, words in [("", "Type the password first."), ("x" * 203, "3 characters too many"), ("x", "Wrong")]:
            page = Client().post(url, {"password": typed}).content.decode()
            assert words in errors_beside(page, "password")

    def test_who_types_no_password_has_used_no_try(self, user: User) -> None:
        share = links.share(user, [make_generation(user, status="done")], password="open sesame")
        assert Client().post(f"/s/{share.secret}/unlock/", {"password": " "}).status_code == 422
        assert not Throttle.objects.exists()

    @each(
        ("name", "words"),
        [("", "Type your name first"), ("\u200b", "only invisible characters"), ("x" * 45, "5 characters too many")],
    )
    def test_hears_beside_the_field_what_is_wrong_with_the_name(self, user: User, name: str, words: str) -> None:
        row = make_generation(user, status="done")
        result = make_result(row)
        share = links.share(user, [row], allows_hearts=True)
        guest = Client()
        guest.get(f"/s/{share.secret}/")
        url = f"/s/{share.secret}/{result.pk}/heart/"
        assert words in errors_beside(guest.post(url, {"name": name}).content.decode(), "name")
        scripted = guest.post(url, {"name": name}, headers={"Accept": "application/json"})
        assert scripted.status_code == 422
        assert words in scripted.content.decode()
        assert not share.hearts.exists()


def test_a_merge_into_nothing_is_refused_beside_its_field(browser: Client, user: User) -> None:
    one, _ = collecting.create(user, "One")
    collecting.create(user, "Two")
    response = browser.post(f"{one.get_absolute_url()}merge/", {"into": ""})
    assert response.status_code == 422
    assert "Choose a different collection" in errors_beside(response.content.decode(), "into")
    assert browser.get(f"{one.get_absolute_url()}merge/")["Location"] == f"{one.get_absolute_url()}settings/"


def test_a_preset_without_a_name_is_refused_beside_its_field(
    sandbox: FastSandbox, browser: Client, token: Token
) -> None:
    assert 'aria-describedby="preset-name_error"' in browser.get("/").content.decode()
    response = browser.post("/presets/", form_data(), headers={"HX-Request": "true"})
    assert response.status_code == 422
    problem = r'<p class="problem" id="preset-name_error" role="alert" hx-swap-oob="true">Give the preset a name'
    assert re.search(problem, response.content.decode())


def test_a_replacement_that_is_no_token_is_refused_beside_its_field(browser: Client, token: Token) -> None:
    page = browser.post(f"/accounts/tokens/{token.pk}/replace/", {"token": ""}).content.decode()
    assert "Paste a token first" in errors_beside(page, "token")


def test_rules_are_said_before(sandbox: FastSandbox, browser: Client, token: Token) -> None:
    row = make_generation(token.owner, status="done")
    share = links.share(token.owner, [row], password="open sesame")
    for url, words in [
        (f"/shares/new/?selected={row.pk}", "At least 8 characters."),
        (f"/shares/{share.pk}/", "of at least 8 characters"),
        (
            "/accounts/password/change/",
            "At least 10 characters. Not one that many people use. Not like your name or email address.",
        ),
        ("/", "Count, 1 to 8"),
    ]:
        page = browser.get(url).content.decode()
        assert words in page, url
        for described in re.findall(r'aria-describedby="([^"]+)"', page):
            assert all(f'id="{name}"' in page for name in described.split()), (url, described)


def test_no_browser_checks_anything_in_its_own_words(sandbox: FastSandbox, browser: Client, token: Token) -> None:
    row = make_generation(token.owner, status="done")
    make_result(row)
    collection, _ = collecting.create(token.owner, "Foxes")
    collecting.create(token.owner, "Owls")
    share = links.share(token.owner, [row], allows_hearts=True)
    locked = links.share(token.owner, [row], password="open sesame")
    own = ["/", "/?model_id=midjourney-v8.1", "/generations/", "/gallery/", "/inspiration/", "/collections/"]
    own += ["/accounts/tokens/", "/presets/", row.get_absolute_url(), collection.get_absolute_url()]
    own += [f"{collection.get_absolute_url()}settings/", f"/shares/new/?selected={row.pk}", f"/shares/{share.pk}/"]
    own += ["/accounts/password/change/", "/accounts/reauthenticate/", "/accounts/logout/", "/accounts/security/"]
    own += ["/accounts/sessions/"]
    constraint = r' required| (?:min|max|pattern|step|minlength)="|type="(?:email|url|number)"'
    for client, urls in [
        (browser, own),
        (Client(), ["/accounts/login/", f"/s/{share.secret}/", f"/s/{locked.secret}/"]),
    ]:
        for url in urls:
            page = client.get(url)
            assert page.status_code == 200, url
            for form in re.findall(r"<form.*?</form>", page.content.decode(), re.DOTALL):
                assert not re.search(constraint, form) or "novalidate" in form.partition(">")[0], (url, form)


def test_every_form_of_ours_speaks_our_words() -> None:
    def kinds(kind: type[Any]) -> set[type[Any]]:
        return {kind}.union(*(kinds(more) for more in kind.__subclasses__()))

    ours = {kind for kind in kinds(forms.Form) if kind.__module__.split(".")[0] in {"accounts", "generations"}}
    assert len(ours) > 8
    assert [
        kind for kind in ours if "full_clean" not in {name for base in kind.__mro__[:-4] for name in vars(base)}
    ] == []
    assert all(issubclass(kind, Form) or "allauth" in str(kind.__mro__) for kind in ours)


class TestSentences:
    @each(
        ("text", "sentence"),
        [
            ("Out of stock", "Out of stock."),
            ("Out of stock.", "Out of stock."),
            ("Why?", "Why?"),
            ("Wait…", "Wait…"),
            ('He said "no."', 'He said "no."'),
            ("缺货。", "缺货。"),
            ("", ""),
        ],
    )
    def test_end_with_one_full_stop(self, text: str, sentence: str) -> None:
        assert as_sentence(text) == sentence
        assert as_sentence(conditional_escape(text)) == conditional_escape(sentence)
        with translation.override("zh-hans"):
            assert as_sentence("Out of stock") == "Out of stock。"

    @each(
        ("words", "reason", "said"),
        [
            ("%(reason)s We wait.", "Out of stock", "Out of stock. We wait."),
            ("No: %(reason)s. Top up.", "Out of stock.", "No: Out of stock. Top up."),
            ("No: %(reason)s. Top up.", "Out of stock", "No: Out of stock. Top up."),
            ("No: %(reason)s. Top up.", "Why?", "No: Why? Top up."),
            ("不行 %(reason)s。", "Out of stock.", "不行 Out of stock。"),
        ],
    )
    def test_with_a_reason_have_one_full_stop_after_it(self, words: str, reason: str, said: str) -> None:
        assert with_reason(words, reason) == said
        assert told(words, reason) == said

    @each(("reason", "shown"), [("a <b>", "a &lt;b&gt;."), ("a.", "a.")])
    def test_stay_escaped(self, reason: str, shown: str) -> None:
        stored = Sentence.SENT_ONCE.stored(reason=reason)
        assert translated_html(stored) == f"{shown} We make sure it is sent only once."

    @each("status", ["failed", "done", "rejected", "cancelled"])
    def test_on_pages_are_not_glued_together(self, browser: Client, user: User, status: str) -> None:
        row = make_generation(user, status=status, message="Out of stock", credits_status="refunded", answer_status=402)
        if status == "done":
            make_result(row, kept_at=None, thumbnail="", problem="Out of stock")
        page = re.sub(r"<[^>]+>", "", browser.get(row.get_absolute_url()).content.decode())
        assert re.search(r"Out of stock\.( (Credits refunded|We will try again|Top up)|\s)", page)
        assert not re.search(r"Out of stock\s+[A-Z]", page)

    def test_of_a_line_are_not_glued_together(self, browser: Client, token: Token) -> None:
        row = make_generation(token.owner, message="Out of stock")
        row.not_before = row.created_at.replace(year=row.created_at.year + 1)
        row.save()
        page = browser.get(row.get_absolute_url()).content.decode()
        assert "Out of stock. Next try" in page


class TestMeigensWords:
    """They are English, and a screen reader that speaks Chinese should know."""

    @each(("text", "is_english"), [("Out of stock", True), ("déjà vu", True), ("缺货 out", False), ("42", False)])
    def test_are_told_by_their_letters(self, text: str, *, is_english: bool) -> None:
        assert english(text) == ""
        with translation.override("zh-hans"):
            assert english(text) == (' lang="en"' if is_english else "")
            assert marked(text) == (f'<span lang="en">{text}</span>' if is_english else text)

    def test_are_marked_within_sentences_of_ours(self) -> None:
        with translation.override("zh-hans"):
            stored = Sentence.SENT_ONCE.stored(reason="Out of <stock>")
            assert translated_html(stored) == '<span lang="en">Out of &lt;stock&gt;</span>。我们会确保只发送一次。'
            assert translated_html(Sentence.CANCELLED.stored()) == "已取消。"

    def test_are_marked_on_every_page(self, sandbox: FastSandbox, user: User, browser: Client, token: Token) -> None:
        catalogue.offer()
        said = "Out of stock"
        rows: list[Generation] = [
            make_generation(user, status=status, message=said, answer_status=400, answer_body='{"error": "none"}')
            for status in ("rejected", "failed", "stalled")
        ]
        done = make_generation(user, status="done")
        make_result(done, kept_at=None, gone_at=done.created_at, problem=said)
        Event.objects.create(generation=done, at=done.created_at, status="done", note=said)
        Attempt.objects.create(
            generation=done, number=1, token_fingerprint="", token_revision=1, sent_at=done.created_at, error=said
        )
        boss = Client()
        boss.force_login(make_user("boss", is_staff=True, is_superuser=True))
        for url in [row.get_absolute_url() for row in [*rows, done]]:
            page = browser.get(url, headers=CHINESE).content.decode()
            shown = re.findall(r"([^>]*>)\s*Out of stock", page)
            assert shown, url
            assert all('lang="en"' in tag for tag in shown), (url, shown)
            address = f"/admin{url}change/".replace("/generations/", "/generations/generation/")
            assert f'<span lang="en">{said}</span>' in boss.get(address, headers=CHINESE).content.decode()
        page = browser.get("/", headers=CHINESE).content.decode()
        assert re.search(r'<span lang="en">[^<]+</span></p>', page)  # the model's description

    def test_of_the_gallery_are_marked(self, sandbox: FastSandbox, browser: Client) -> None:
        page = browser.get("/inspiration/", headers=CHINESE).content.decode()
        links = re.findall(r'<a [^>]*class="card-prompt"[^>]*>', page)
        assert links
        assert all('lang="en"' in link for link in links)
        address = re.search(r'href="(/inspiration/[^"?]+)', links[0])
        assert address
        page = browser.get(address[1], headers=CHINESE).content.decode()
        assert re.search(r'<p class="prompt" [^>]*lang="en"', page)


class TestTheGlossary:
    """One word for one thing: docs/glossary.md says which word, and which ones it rules out."""

    def test_rules_out_words_that_stand_in_no_template(self) -> None:
        said = [(path.name, words) for path in (settings.BASE_DIR / "templates").rglob("*.*") for words in spoken(path)]
        assert len(said) > 500
        assert [(name, words) for name, words in said if ruled_out().search(words)] == []

    def test_is_read_by_this_test(self) -> None:
        assert ruled_out().search("Your Images are here")
        assert ruled_out().search("Oops")
        assert not ruled_out().search("Your pictures are here")


def ruled_out() -> re.Pattern[str]:
    glossary = (settings.BASE_DIR / "docs" / "glossary.md").read_text()
    columns = [line.strip("|").split("|")[-1] for line in glossary.splitlines() if line.startswith("| ")]
    words = [word.strip() for column in columns for word in column.split(",") if word.strip() not in {"", "Not"}]
    [manners] = re.findall(r"not (please, .+?)\.", glossary)
    words += re.split(r", | or ", manners)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})s?\b", re.IGNORECASE)


def spoken(template: Path) -> list[str]:
    """What the template says itself, without the names of what it fills in."""
    source = template.read_text()
    found = re.findall(r'{%\s*translate "([^"]+)"', source)
    found += re.findall(r"{%\s*blocktranslate[^%]*%}(.*?){%\s*endblocktranslate", source, re.DOTALL)
    return [re.sub(r"{{.*?}}|{%.*?%}|<[^>]+>", " ", words) for words in found]
