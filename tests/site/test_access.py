"""Nobody sees what is not theirs: every address of the studio, for every kind of visitor."""

import uuid
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User
from generations.models import Generation, Share
from tests.cases import each
from tests.site.addresses import OWN, PERSONAL, PUBLIC, STAFF, made_by_somebody


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
def owned(db: None) -> dict[str, str]:
    return made_by_somebody()


def test_every_address_is_in_one_of_the_lists() -> None:
    known = OWN | PERSONAL | STAFF | PUBLIC
    assert set(names()) == known


@pytest.mark.slow
@each("method", ["get", "head", "post", "put", "patch", "delete"])
@each("htmx", [{}, {"HX-Request": "true"}])
def test_another_person_gets_404_for_everything(
    browser: Client, owned: dict[str, str], method: str, htmx: dict[str, str]
) -> None:
    for name, url in owned.items():
        response = getattr(browser, method)(url, headers=htmx)
        assert response.status_code in {404, 405}, name
        assert b"CANARY" not in response.content
    assert Share.objects.live().exists()
    assert Generation.objects.get().collections.get().name == "CANARY collection"


@each("method", ["get", "post"])
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


@each("page", ["signup", "email", "password/reset", "password/forgotten"])
def test_there_is_no_sign_up_and_nothing_that_needs_e_mail(db: None, page: str) -> None:
    assert Client().post(f"/accounts/{page}/", {"email": "e@example.com"}).status_code == 404


def test_every_writing_address_wants_the_csrf_token(user: User, owned: dict[str, str]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(username="owner"))
    for name in ["cancel", "share", "revoke", "remove_token", "merge_collection", "delete_collection"]:
        assert client.post(owned[name]).status_code == 403
