"""Share links: whoever has one sees the pictures, until it is taken back."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from generations import sharing
from generations.models import Generation, Share
from tests.helpers import make_generation, make_result


@pytest.fixture
def done(user: User) -> Generation:
    generation = make_generation(user, status="done", prompt="a heron at dawn")
    make_result(generation)
    return generation


def link(browser: Client, generation: Generation) -> str:
    browser.post(reverse("share", args=[generation.pk]))
    body = browser.get(generation.get_absolute_url()).content.decode()
    found = re.search(r"http://testserver(/s/[\w-]{43}/)", body)
    assert found
    return found[1]


def test_a_link_opens_for_somebody_without_an_account(browser: Client, done: Generation) -> None:
    url = link(browser, done)
    response = Client().get(url)
    assert response.status_code == 200
    assert "a heron at dawn" in response.content.decode()
    assert Client().get(f"{url}0/").status_code == 200
    assert response["Referrer-Policy"] == "no-referrer"
    assert "noindex" in response["X-Robots-Tag"]
    assert "no-store" in response["Cache-Control"]


def test_the_page_tells_nothing_else(browser: Client, done: Generation, user: User) -> None:
    Generation.objects.update(remote_id="remote-secret-id", credits_used=77)
    body = Client().get(link(browser, done)).content.decode()
    for private in ["remote-secret-id", "meigen.ai", "77", user.username, user.email, str(done.pk)]:
        assert private not in body


def test_only_the_hash_of_the_secret_is_stored(browser: Client, done: Generation) -> None:
    secret = link(browser, done).strip("/").rpartition("/")[2]
    assert secret not in str(Share.objects.values().get())


def test_taken_back_every_address_of_it_is_gone_at_once(browser: Client, done: Generation) -> None:
    url = link(browser, done)
    share = Share.objects.get()
    browser.post(reverse("revoke", args=[done.pk, share.pk]))
    unknown = Client().get("/s/nothing-like-this/")
    for path in [url, f"{url}0/", f"{url}0/thumbnail/"]:
        response = Client().get(path)
        assert response.status_code == 404
        assert response.content == unknown.content
    assert url not in browser.get(done.get_absolute_url()).content.decode()


def test_no_log_line_holds_the_secret(browser: Client, done: Generation, caplog: pytest.LogCaptureFixture) -> None:
    from meigen_site.logs import NoShareLinks

    caplog.handler.addFilter(NoShareLinks())
    url = link(browser, done)
    Client().get(f"{url}7/")
    Client().post(url)
    assert "/s/..." in caplog.text
    assert url not in caplog.text


def test_a_link_shows_its_own_generation_only(browser: Client, done: Generation, user: User) -> None:
    other = make_generation(user, status="done")
    make_result(other, number=1)
    assert Client().get(f"{link(browser, done)}1/").status_code == 404


def test_an_unfinished_generation_is_not_shared(browser: Client, user: User) -> None:
    generation = make_generation(user, status="running")
    browser.post(reverse("share", args=[generation.pk]))
    assert not Share.objects.exists()


def test_a_rotated_key_keeps_the_link_working(done: Generation, user: User, settings: object) -> None:
    from cryptography.fernet import Fernet

    share = sharing.share(done, user)
    secret = share.secret
    settings.TOKEN_KEYS = [("new", Fernet.generate_key()), *settings.TOKEN_KEYS]  # type: ignore[attr-defined]
    assert Share.objects.get().secret == secret
    settings.TOKEN_KEYS = settings.TOKEN_KEYS[:1]  # type: ignore[attr-defined]
    assert Share.objects.get().secret is None
    assert Client().get(f"/s/{secret}/").status_code == 200
