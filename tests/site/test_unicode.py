"""One text is the same text, however it is spelled; and what it looks like is what it is."""

import re

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import Token, User
from accounts.text import beginning, characters, initials, is_visible, isolated, name_in
from generations.library import collecting
from generations.models import Collection, Preset
from generations.sharing import links
from generations.studio import presets
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import form_data, make_generation, make_result, make_user

NFC, NFD = "cr\u00e8me br\u00fbl\u00e9e", "cre\u0300me bru\u0302le\u0301e"
HEBREW = "\u05e9\u05dc\u05d5\u05dd world!"
HTMX = {"HX-Request": "true"}


class TestComposedAndDecomposed:
    def test_a_collection_is_found_by_the_other_spelling(self, browser: Client, user: User) -> None:
        browser.post("/collections/", {"name": NFD})
        browser.post("/collections/", {"name": NFC})
        assert Collection.objects.get().name == NFC
        assert collecting.named(user, NFD) == Collection.objects.get()

    def test_the_selection_bar_adds_to_the_collection_of_that_name(self, browser: Client, user: User) -> None:
        row = make_generation(user, status="done")
        collection, _ = collecting.create(user, NFC)
        browser.post("/generations/selected/", {"do": "collect", "selected": row.pk, "collection": NFD}, headers=HTMX)
        assert list(collection.generations.all()) == [row]

    def test_a_colleagues_collection_is_found_by_a_long_name_with_its_owner(self, browser: Client, user: User) -> None:
        colleague = make_user("zo\u00eb" + "x" * 60)
        collection, _ = collecting.create(colleague, "c" * 79, is_team=True)
        row = make_generation(user, status="done")
        known_as = collecting.known_as(collection, user).replace("zo\u00eb", "zoe\u0308")
        browser.post(
            "/generations/selected/", {"do": "collect", "selected": row.pk, "collection": known_as}, headers=HTMX
        )
        assert list(collection.generations.all()) == [row]

    @each("model", [Collection, Preset])
    def test_the_database_itself_refuses_the_same_name_twice(
        self, user: User, model: type[Collection] | type[Preset]
    ) -> None:
        more: dict[str, dict[str, str]] = {"values": {}} if model is Preset else {}
        model.objects.create(owner=user, name=NFC, **more)
        with pytest.raises(IntegrityError), transaction.atomic():
            model.objects.create(owner=user, name=NFD, **more)

    def test_a_preset_is_saved_over_the_one_of_that_name(
        self, sandbox: FastSandbox, browser: Client, token: Token
    ) -> None:
        for name in (NFC, NFD):
            browser.post("/presets/", {**form_data(), "preset_name": name}, headers=HTMX)
        assert Preset.objects.get().name == NFC
        assert presets.save(token.owner, NFD, {}, [], is_team=False) == Preset.objects.get()

    def test_a_token_keeps_one_spelling_of_its_label(self, sandbox: FastSandbox, browser: Client, token: Token) -> None:
        browser.post("/accounts/tokens/", {"token": "meigen_sk_" + "a" * 32, "label": NFD})
        assert Token.objects.filter(label=NFC).exists()

    @each("kept", ["zo\u00eb", "zoe\u0308", "\uff5aoe\u0308"])
    @each("typed", ["zo\u00eb", "zoe\u0308", "\uff5aoe\u0308"])
    def test_people_sign_in_with_any_spelling_of_their_name(self, user: User, kept: str, typed: str) -> None:
        User.objects.create_user(kept, password="a-long-password")
        self.sign_in(typed)

    @each("kept", ["zo\u00eb@example.com", "zoe\u0308@example.com", "Zoe\u0308@Example.COM"])
    @each("typed", ["zo\u00eb@example.com", "zoe\u0308@example.com", "ZOE\u0308@example.com"])
    def test_people_sign_in_with_any_spelling_of_their_address(self, user: User, kept: str, typed: str) -> None:
        User.objects.create_user("zoe", kept, "a-long-password")
        self.sign_in(typed)

    def sign_in(self, login: str) -> None:
        response = Client().post("/accounts/login/", {"login": login, "password": "a-long-password"})
        assert response.status_code == 302

    def test_an_address_is_unique_in_every_spelling(self, user: User) -> None:
        User.objects.create_user("one", "zo\u00eb@example.com")
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create_user("two", "Zoe\u0308@example.com")

    def test_the_admin_finds_people_and_tokens_by_any_spelling(self, user: User, client: Client) -> None:
        person = make_user("zo\u00eb")
        Token.objects.create(owner=person, label=NFC, fingerprint="f")
        make_generation(person, prompt="a heron")
        client.force_login(User.objects.create_superuser("boss", password="a-long-password"))
        for url in ["accounts/user/?q=zoe\u0308", f"accounts/token/?q={NFD}", "generations/generation/?q=zoe\u0308"]:
            assert 'id="result_list"' in client.get(f"/admin/{url}").content.decode(), url

    def test_a_guest_and_what_a_link_says_have_one_spelling(self, user: User, browser: Client) -> None:
        row = make_generation(user, status="done")
        result = make_result(row)
        settings = {"title": NFD, "note": f"{NFD}\r\n{NFD}", "hint": NFD, "password": NFD, "days": "7"}
        browser.post("/shares/new/", {**settings, "selected": row.pk, "allows_hearts": "on"})
        share = user.shares.get()
        assert (share.title, share.hint, share.note) == (NFC, NFC, f"{NFC}\n{NFC}")
        guest, url = Client(), f"/s/{share.secret}/"
        assert guest.post(f"{url}unlock/", {"password": NFC}).status_code == 302
        guest.get(url)
        guest.post(f"{url}{result.pk}/heart/", {"name": NFD})
        assert share.hearts.get().name == NFC


class TestTooLongIsNotCut:
    """A browser cuts a paste at `maxlength` without a word, and then it is another text."""

    def test_no_field_cuts_what_is_pasted(self, sandbox: FastSandbox, browser: Client, token: Token) -> None:
        row = make_generation(token.owner, status="done")
        make_result(row)
        collection, _ = collecting.create(token.owner, "Foxes")
        collecting.add(token.owner, collection.pk, [row.pk])
        share = links.share(token.owner, [row], allows_hearts=True)
        locked = links.share(token.owner, [row], password="open sesame")
        own = ["/", "/?model_id=midjourney-v8.1", "/generations/", "/gallery/", "/inspiration/", "/collections/"]
        own += ["/accounts/tokens/", "/presets/", row.get_absolute_url(), collection.get_absolute_url()]
        own += [f"{collection.get_absolute_url()}settings/", f"/shares/new/?selected={row.pk}", f"/shares/{share.pk}/"]
        for client, urls in [(browser, own), (Client(), [f"/s/{share.secret}/", f"/s/{locked.secret}/"])]:
            for url in urls:
                page = client.get(url)
                assert page.status_code == 200, url
                assert b"maxlength" not in page.content, url

    @each(
        ("url", "data"),
        [
            ("/accounts/tokens/", {"token": "meigen_sk_x", "label": "x" * 63}),
            ("/accounts/tokens/", {"token": "x" * 4003}),
            ("/collections/", {"name": "x" * 83}),
            ("/presets/", {"preset_name": "x" * 83}),
            ("/shares/new/", {"title": "x" * 123, "days": "7"}),
            ("/shares/new/", {"note": "x\r\n" * 1001 + "x", "days": "7"}),
            ("/shares/new/", {"hint": "x" * 123, "days": "7"}),
            ("/shares/new/", {"password": "x" * 203, "days": "7"}),
        ],
    )
    def test_the_server_says_by_how_much(
        self, sandbox: FastSandbox, browser: Client, token: Token, url: str, data: dict[str, str]
    ) -> None:
        row = make_generation(token.owner, status="done")
        response = browser.post(url, {**data, "selected": row.pk})
        assert response.status_code == 422
        assert re.search(r"\b3 characters too (many|long): at most \d+ are allowed", response.content.decode())

    def test_a_search_that_is_too_long_says_so(self, browser: Client, user: User) -> None:
        page = browser.get("/generations/", {"q": "x" * 205}).content.decode()
        assert "5 characters too many: at most 200 are allowed." in page
        assert "5 characters too many" in browser.get("/inspiration/", {"q": "x" * 205}).content.decode()


class TestInvisibleNames:
    @each("name", ["\u200b", "\u2800", "\u3164\u200d"])
    @each(
        ("url", "field"),
        [("/collections/", "name"), ("/presets/", "preset_name"), ("/shares/new/", "title"), ("/shares/new/", "hint")],
    )
    def test_they_are_refused(
        self, sandbox: FastSandbox, browser: Client, token: Token, name: str, url: str, field: str
    ) -> None:
        row = make_generation(token.owner, status="done")
        response = browser.post(url, {field: name, "selected": row.pk, "days": "7"})
        assert response.status_code == 422
        assert "only invisible characters" in response.content.decode()

    def test_the_label_of_a_token_too(self, sandbox: FastSandbox, browser: Client, user: User) -> None:
        response = browser.post("/accounts/tokens/", {"token": "meigen_sk_x", "label": "\u200b"})
        assert "only invisible characters" in response.content.decode()


class TestRightToLeft:
    def test_names_are_set_apart_in_sentences_and_titles(self, browser: Client, user: User) -> None:
        collection, _ = collecting.create(user, HEBREW)
        apart = f"\u2068{HEBREW}\u2069"
        page = browser.get(collection.get_absolute_url()).content.decode()
        assert f"<title>{apart} · Meigen Studio</title>" in page
        assert f'<h1 dir="auto">{HEBREW}</h1>' in page
        page = browser.get(f"{collection.get_absolute_url()}delete/").content.decode()
        assert f"Delete “{apart}”?" in page
        page = browser.post(f"{collection.get_absolute_url()}delete/", follow=True).content.decode()
        assert f"“{apart}” deleted." in page

    def test_every_place_that_shows_a_prompt_reads_it_in_its_own_direction(
        self, sandbox: FastSandbox, browser: Client, user: User
    ) -> None:
        rows = [make_generation(user, status="done", prompt=HEBREW) for _ in range(2)]
        for row in rows:
            make_result(row)
        share = links.share(user, rows)
        pages = ["/", "/generations/", "/gallery/", rows[0].get_absolute_url(), f"/s/{share.secret}/"]
        pages += [f"{rows[0].get_absolute_url()}compare/?with={rows[1].pk}", f"/?from={rows[0].pk}"]
        for url in pages:
            page = browser.get(url).content.decode()
            for tag in re.findall(rf"<((?!title)\w+[^<>]*)>\s*{HEBREW}", page):
                assert 'dir="auto"' in tag or tag.startswith("bdi"), (url, tag)

    def test_what_people_write_in_is_in_its_own_direction(
        self, sandbox: FastSandbox, browser: Client, token: Token
    ) -> None:
        for url in ["/", "/generations/?kind=image", "/collections/", "/accounts/tokens/", "/inspiration/"]:
            page = browser.get(url).content.decode()
            fields = re.findall(r'<textarea[^>]*>|<input type="(?:text|search)"[^>]*>', page)
            assert fields
            assert [field for field in fields if "dir=" not in field and "readonly" not in field] == [], url


class TestCharacters:
    def test_what_looks_like_one_is_one(self) -> None:
        family, flag = "\U0001f469\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea"
        text = f"e\u0301\u0915\u094d\u0937\u093f{family}{flag}{flag}\U0001f44d\U0001f3fda"
        expected = ["e\u0301", "\u0915\u094d\u0937\u093f", family, flag, flag, "\U0001f44d\U0001f3fd", "a"]
        assert list(characters(text)) == expected

    def test_none_is_cut_in_half(self) -> None:
        assert beginning("ae\u0301", 2) == "a"
        assert beginning("a\U0001f1e9\U0001f1ea", 2) == "a"
        assert beginning("\u4e2d\u6587", 10, most_bytes=5) == "\u4e2d"
        assert initials("\u0915\u094d\u0937\u093fa") == "\u0915\u094d\u0937\u093fA"

    def test_names_are_told_by_what_is_seen(self) -> None:
        assert name_in(NFD) == NFC
        assert not is_visible("\u200b\u2800")
        assert isolated("Ada") == "Ada"
