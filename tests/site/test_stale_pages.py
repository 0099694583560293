"""Pages that are older than the latest sign-in: what was typed stays, and nobody acts as somebody else."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Token, User
from generations.models import Generation
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import form_data, make_generation, make_user
from tests.studio.test_form import sign_in

HTMX = {"HX-Request": "true"}


@pytest.fixture
def strict(user: User) -> Client:
    """The user, signed in, in a browser whose forms are checked."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    return client


def hidden(client: Client, name: str, url: str = "/") -> str:
    """The value of a hidden field of a page."""
    found = re.search(rf'name="{name}" value="([^"]+)"', client.get(url).content.decode())
    assert found
    return found[1]


def test_a_background_request_with_a_stale_token_is_told_so_and_a_fresh_one_is_accepted(
    sandbox: FastSandbox, strict: Client, user: User, token: Token
) -> None:
    refused = strict.post(reverse("price"), {"csrfmiddlewaretoken": "a" * 64}, headers=HTMX)
    assert (refused.status_code, refused["X-Reason"]) == (403, "cookies")
    fresh = strict.get(reverse("fresh_token"), headers={**HTMX, "X-Person": str(user.pk)}).json()["token"]
    refused = strict.post(reverse("price"), {"csrfmiddlewaretoken": "a" * 64}, headers=HTMX)
    assert (refused.status_code, refused["X-Reason"]) == (403, "stale")
    assert strict.post(reverse("price"), {"csrfmiddlewaretoken": fresh}, headers=HTMX).status_code == 200


def test_the_page_of_another_person_may_ask_for_nothing(browser: Client, user: User) -> None:
    other = make_user()
    for name in ["fields", "fresh_token", "presets", "generations"]:
        answer = browser.get(reverse(name), headers={**HTMX, "X-Person": str(other.pk)})
        assert (answer.status_code, answer.content) == (409, b""), name
        assert browser.get(reverse(name), headers={**HTMX, "X-Person": str(user.pk)}).status_code == 200, name


def test_the_page_of_another_person_may_do_nothing(browser: Client, user: User) -> None:
    row = make_generation(user, status="done")
    page = {**HTMX, "X-Person": str(make_user().pk)}
    assert browser.post(reverse("star", args=[row.pk]), {"on": "1"}, headers=page).status_code == 409
    assert browser.post(reverse("generations"), form_data(), headers=page).status_code == 409
    assert [*Generation.objects.all()] == [row]


def test_without_a_script_what_was_typed_waits_in_the_studio(
    sandbox: FastSandbox, strict: Client, token: Token
) -> None:
    typed = form_data(prompt="a patient heron", person=hidden(strict, "person"), csrfmiddlewaretoken="a" * 64)
    page = strict.post(reverse("generations"), typed)
    assert page.status_code == 403
    assert "What you typed is waiting in the studio." in page.content.decode()
    assert not Generation.objects.exists()
    assert "a patient heron" in strict.get("/").content.decode()


def test_without_a_script_what_one_person_typed_does_not_wait_for_another(
    sandbox: FastSandbox, strict: Client, token: Token
) -> None:
    person = hidden(strict, "person")
    strict.logout()
    strict.force_login(make_user("other"))
    page = strict.post(reverse("generations"), form_data(prompt="a patient heron", person=person))
    assert "waiting in the studio" not in page.content.decode()
    assert "a patient heron" not in strict.get("/").content.decode()


def test_without_a_script_and_a_cookie_what_was_typed_waits_for_its_owner_to_sign_in(
    sandbox: FastSandbox, strict: Client, user: User
) -> None:
    person = hidden(strict, "person")
    unknown = Client(enforce_csrf_checks=True)
    page = unknown.post(reverse("generations"), form_data(prompt="a patient heron", person=person))
    assert "did not send this site's cookie" in page.content.decode()
    unknown.handler.enforce_csrf_checks = False
    assert "a patient heron" in sign_in(unknown, user)


def test_a_stale_form_elsewhere_leads_back_to_its_page(strict: Client, token: Token) -> None:
    strict.get("/")
    came = {"Referer": "http://testserver/accounts/tokens/?next=/", "Origin": "http://testserver"}
    data = {"csrfmiddlewaretoken": "a" * 64}
    page = strict.post(reverse("remove_token", args=[token.pk]), data, headers=came)
    assert page.status_code == 403
    assert "older than the latest sign-in" in page.content.decode()
    assert 'href="/accounts/tokens/?next=/"' in page.content.decode()
    assert Token.objects.exists()


@each("came", ["https://evil.example/x", "http://testserver.evil.example/", "javascript:alert(1)", ""])
def test_a_stale_form_leads_to_no_other_site(strict: Client, token: Token, came: str) -> None:
    strict.get("/")
    data = {"csrfmiddlewaretoken": "a" * 64}
    page = strict.post(reverse("remove_token", args=[token.pk]), data, headers={"Referer": came})
    assert re.findall(r'<a class="button primary" href="([^"]*)"', page.content.decode()) == ["/"]


def test_a_form_of_another_address_is_told_which_setting_to_look_at(strict: Client) -> None:
    strict.get("/")
    page = strict.post(reverse("generations"), form_data(), headers={"Origin": "https://elsewhere.example"})
    assert "CSRF_TRUSTED_ORIGINS" in page.content.decode()
    answer = strict.post(reverse("live"), headers={**HTMX, "Origin": "https://elsewhere.example"})
    assert answer["X-Reason"] == "foreign"


def test_who_was_signed_out_comes_back_to_the_page_with_the_form_and_reads_that_nothing_was_done(user: User) -> None:
    row = make_generation(user, status="done")
    client = Client()
    answer = client.post(reverse("star", args=[row.pk]), {"next": "/generations/?q=fox"})
    assert answer["Location"] == "/accounts/login/?next=/generations/%3Fq%3Dfox"
    assert "nothing was changed" in client.get(answer["Location"]).content.decode()
    came = {"Referer": f"http://testserver{row.get_absolute_url()}"}
    answer = client.post(reverse("star", args=[row.pk]), headers=came)
    assert answer["Location"] == f"/accounts/login/?next={row.get_absolute_url()}"


@each(("status", "words"), [(400, "could not read this request"), (429, "Too many attempts")])
def test_an_error_page_of_a_library_has_words_of_ours(db: None, status: int, words: str) -> None:
    client = Client(raise_request_exception=False)
    if status == 400:
        page = client.get("/", headers={"Host": "elsewhere.example"})
    else:
        for _ in range(31):
            page = client.post(reverse("mfa_login_webauthn"))
    assert page.status_code == status
    assert words in page.content.decode()
