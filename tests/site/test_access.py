"""Nobody sees what is not theirs: every address of the studio, for every kind of visitor."""

import io
import uuid
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User
from generations.library import collecting
from generations.media import attachments
from generations.models import Generation, Share
from generations.sharing import links
from generations.studio import presets
from tests.helpers import make_generation, make_result, make_token, make_user, picture

OWN = {
    "generation", "cancel", "cancel_click", "star", "compare", "team", "delete", "restore", "delete_preset",
    "collection", "collection_settings", "collection_team", "collection_order", "arrange_collection",
    "merge_collection", "delete_collection",
    "fetch_again", "send_again", "check_again", "share", "revoke", "share_link", "share_qr",
    "result", "thumbnail", "preview",
    "replace_token", "check_token", "remove_token", "reference", "use_result", "use_token",
}  # fmt: skip
PERSONAL = {
    "studio", "fields", "price", "restored", "selected", "collections", "collection_names", "collection_options",
    "presets", "shares", "new_share",
    "generations", "gallery", "live", "model", "tokens", "references", "send_all_again",
    "inspiration", "inspiration_image", "inspiration_picture", "use_inspiration",
    "remote_tokens", "revoke_remote", "remote_usage", "fresh_token", "time_zone",
}  # fmt: skip
PUBLIC = {
    "shared",
    "shared_result",
    "shared_preview",
    "shared_for_chat",
    "shared_zip",
    "shared_heart",
    "unlock",
    "healthz",
    "set_language",
    "tick",
}


def names() -> Iterator[str]:
    def walk(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                if pattern.app_name != "admin":
                    yield from walk(pattern.url_patterns)
            else:
                yield pattern.name or ""

    return walk(get_resolver().url_patterns)


@pytest.fixture
def owned() -> dict[str, str]:
    """Every address that belongs to one person, by name, of a person nobody else is."""
    owner = make_user("owner")
    generation = make_generation(owner, status="done", prompt="CANARY prompt")
    make_result(generation)
    share = links.share(owner, [generation])
    token = make_token(owner)
    arguments: dict[str, list[object]] = {
        "revoke": [share.pk],
        "share_link": [share.pk],
        "share_qr": [share.pk],
        "result": [generation.pk, 0],
        "thumbnail": [generation.pk, 0],
        "preview": [generation.pk, 0],
        "use_result": [generation.pk, 0],
        "reference": [attachments.add_file(owner, "a.png", io.BytesIO(picture()), None).pk],
        "replace_token": [token.pk],
        "delete_preset": [presets.save(owner, "CANARY", {}, [], is_team=True).pk],
        "check_token": [token.pk],
        "remove_token": [token.pk],
        "use_token": [token.pk],
    }
    collection, _ = collecting.create(owner, "CANARY collection")
    collecting.add(owner, collection.pk, [generation.pk])
    arguments |= {name: [collection.pk] for name in OWN if "collection" in name}
    return {name: reverse(name, args=arguments.get(name, [generation.pk])) for name in OWN}


def test_every_address_is_in_one_of_the_lists() -> None:
    known = OWN | PERSONAL | PUBLIC
    assert {name for name in names() if not name.startswith("account_")} == known


@pytest.mark.parametrize("method", ["get", "head", "post", "put", "patch", "delete"])
@pytest.mark.parametrize("htmx", [{}, {"HX-Request": "true"}])
def test_another_person_gets_404_for_everything(
    browser: Client, owned: dict[str, str], method: str, htmx: dict[str, str]
) -> None:
    for name, url in owned.items():
        response = getattr(browser, method)(url, headers=htmx)
        assert response.status_code in {404, 405}, name
        assert b"CANARY" not in response.content
    assert Share.objects.live().exists()
    assert Generation.objects.get().collections.get().name == "CANARY collection"


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_signed_out_person_is_sent_to_sign_in(db: None, owned: dict[str, str], method: str) -> None:
    of_an_image = {"inspiration_image", "inspiration_picture", "use_inspiration", "revoke_remote", "remote_usage"}
    pages = {
        name: reverse(name, args=["some-id"] if name in of_an_image else []) for name in PERSONAL - {"generations"}
    }
    for url in [*owned.values(), *pages.values()]:
        response = getattr(Client(), method)(url)
        assert response.status_code == 302
        assert response["Location"].startswith("/accounts/login/")


def test_the_sign_in_form_says_each_thing_once_and_password_managers_fill_it_in(db: None) -> None:
    page = Client().get(reverse("account_login")).content.decode()
    assert "placeholder" not in page
    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page


def test_a_background_request_of_a_signed_out_person_gets_an_empty_401(db: None) -> None:
    response = Client().post(reverse("live"), headers={"HX-Request": "true"})
    assert (response.status_code, response.content) == (401, b"")


def test_a_deactivated_person_is_out_at_once(browser: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert browser.get("/").status_code == 302


def test_the_wall_and_the_history_show_own_work_only(browser: Client, owned: dict[str, str], settings: object) -> None:
    for url in ["/", "/generations/", "/gallery/"]:
        assert "CANARY" not in browser.get(url).content.decode()


def test_an_unknown_generation_is_a_404(browser: Client) -> None:
    assert browser.get(reverse("generation", args=[uuid.uuid4()])).status_code == 404


@pytest.mark.parametrize("page", ["signup", "email", "password/reset"])
def test_there_is_no_sign_up_and_nothing_that_needs_e_mail(db: None, page: str) -> None:
    assert Client().post(f"/accounts/{page}/", {"email": "e@example.com"}).status_code == 404


def test_every_writing_address_wants_the_csrf_token(user: User, owned: dict[str, str]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(username="owner"))
    for name in ["cancel", "share", "revoke", "remove_token", "merge_collection", "delete_collection"]:
        assert client.post(owned[name]).status_code == 403
