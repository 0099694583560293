"""Where a studio may live: below a path, on IPv6, beside another studio, behind probes that know only an address."""

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from PIL import Image
from pytest_django import Settings

from accounts.models import User
from generations.models import Generation
from generations.sharing import links
from meigen_site import env, network
from meigen_site.wsgi import below
from tests.cases import each
from tests.helpers import make_generation, make_result

SETTINGS = """
import django, json
django.setup()
from django.conf import settings
from django.urls import reverse
from django.utils.module_loading import import_string
from generations.sharing import guests
from accounts import page
from accounts.models import User
names = [n for n in dir(settings) if n.endswith(("_COOKIE_NAME", "_COOKIE_PATH", "_COOKIE_SECURE", "_COOKIE_DOMAIN"))]
messages = import_string(settings.MESSAGE_STORAGE).storage_classes[0].cookie_name
print(json.dumps({
    **{n: getattr(settings, n) for n in names}, "messages": messages, "guest": guests.GUEST,
    "static": settings.STATIC_URL, "studio": reverse("studio"), "share": reverse("shared", args=["x"]),
    "exempt": settings.SECURE_REDIRECT_EXEMPT, "person": page.owner(User(pk=7)),
}))
"""


def told(**environment: str) -> dict[str, Any]:
    """What a process that was started like this has for settings."""
    started = {**os.environ, "DJANGO_SETTINGS_MODULE": "meigen_site.settings", **environment}
    done = subprocess.run([sys.executable, "-c", SETTINGS], env=started, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.slow
def test_below_a_path_every_address_and_cookie_stays_there() -> None:
    found = told(BASE_PATH="/teams/studio", COOKIE_PREFIX="two-")
    assert (found["studio"], found["share"]) == ("/teams/studio/", "/teams/studio/s/x/")
    assert found["static"] == "/teams/studio/static/"
    assert found["exempt"] == [r"^teams/studio/(healthz|metrics)$"]
    assert found["person"] == "teams/studio/7"
    assert found["messages"] == "two-messages"
    assert {found[name] for name in found if name.endswith("COOKIE_PATH")} == {"/teams/studio/"}
    names = [found["guest"], *(found[name] for name in found if name.endswith("COOKIE_NAME"))]
    assert sorted(names) == ["two-csrftoken", "two-django_language", "two-guest", "two-sessionid"]


@each(("base", "prefix"), [("/studio", "studio-"), ("/teams/__a.b", "teams-a-b-"), ("", "")])
def test_below_a_path_the_cookies_do_not_meet_those_of_a_site_at_the_root(
    monkeypatch: pytest.MonkeyPatch, base: str, prefix: str
) -> None:
    monkeypatch.setenv("BASE_PATH", base)
    monkeypatch.setenv("COOKIE_PREFIX", "")
    assert env.read().cookie_prefix == prefix


@pytest.mark.slow
def test_at_the_root_nothing_has_another_name() -> None:
    found = told(BASE_PATH="", COOKIE_PREFIX="")
    assert {found[name] for name in found if name.endswith("COOKIE_PATH")} == {"/"}
    assert (found["SESSION_COOKIE_NAME"], found["messages"], found["person"]) == ("sessionid", "messages", "7")
    assert found["exempt"] == [r"^(healthz|metrics)$"]


HTTPS = {"ALLOWED_HOSTS": "studio.example.org", "TRUSTED_PROXIES": "1", "MEIGEN_BASE_URL": "https://www.meigen.ai"}


@each(
    ("base", "prefix", "own", "of_guests"),
    [
        ("", "", "__Host-", "__Secure-"),
        ("", "two-", "__Host-two-", "__Secure-two-"),
        ("/studio", "", "__Secure-studio-", "__Secure-studio-"),
    ],
)
@pytest.mark.slow
def test_under_https_cookies_come_from_this_host_alone(base: str, prefix: str, own: str, of_guests: str) -> None:
    found = told(BASE_PATH=base, COOKIE_PREFIX=prefix, **HTTPS)
    names = {found[name] for name in found if name.endswith("COOKIE_NAME")} | {found["messages"]}
    assert names == {f"{own}{name}" for name in ("sessionid", "csrftoken", "django_language", "messages")}
    assert found["guest"] == f"{of_guests}guest"
    assert {found[name] for name in found if name.endswith("COOKIE_PATH")} == {f"{base}/"}
    assert {found[name] for name in found if name.endswith("COOKIE_SECURE")} == {True}
    assert {found[name] for name in found if name.endswith("COOKIE_DOMAIN")} == {None}


@each(
    ("base", "asked", "seen"),
    [
        ("", "/generations/", "/generations/"),
        ("/studio", "/studio/generations/", "/generations/"),
        ("/studio", "/studio/", "/"),
        ("/studio", "/studio", "/"),
        ("/studio", "/studios/", "/studios/"),
        ("/studio", "/generations/", "/generations/"),  # a proxy took the path off
        ("/a/b", "/a/b/s/x/", "/s/x/"),
    ],
)
def test_a_proxy_may_leave_the_path_in_the_address_or_take_it_off(base: str, asked: str, seen: str) -> None:
    paths: list[str] = []

    def inner(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        paths.append(environ["PATH_INFO"])
        return []

    below(base, inner)({"PATH_INFO": asked}, lambda *_: lambda _: None)
    assert paths == [seen]


@each("host", ["10.1.2.3:8000", "web-1", "[fd00::7]:8000", "studio_web_1", "evil.example"])
def test_a_probe_may_use_any_name_and_a_person_only_the_allowed_ones(db: None, host: str, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["studio.example", "localhost"]
    assert Client().get("/healthz", headers={"Host": host}).json()["ok"] is True
    for path in ["/", "/healthz/", "/accounts/login/", "/s/healthz"]:
        assert Client().get(path, headers={"Host": host}).status_code == 400, path


def test_a_probe_is_not_sent_to_https(db: None, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get("/healthz", headers={"Host": "10.1.2.3"}).status_code == 200
    assert Client().get("/").status_code == 301


def test_an_ipv6_host_is_allowed_by_default(db: None, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["[::1]"]
    assert Client().get("/accounts/login/", headers={"Host": "[::1]:8000"}).status_code == 200


@each(
    ("address", "bind"),
    [("", "127.0.0.1:8123"), ("::1", "[::1]:8123"), ("[::]", "[::]:8123"), ("0.0.0.0", "0.0.0.0:8123")],
)
def test_gunicorn_listens_on_this_machine_unless_it_is_told(
    monkeypatch: pytest.MonkeyPatch, address: str, bind: str
) -> None:
    monkeypatch.setenv("BIND", address)
    monkeypatch.setenv("PORT", "8123")
    assert runpy.run_path(str(django_settings.BASE_DIR / "gunicorn.conf.py"))["bind"] == bind


def test_gunicorn_reads_the_file_that_all_else_reads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=8234\nBIND=::1\n")
    monkeypatch.setattr("meigen_site.env.BASE_DIR", tmp_path)
    monkeypatch.setattr(os, "environ", {})
    assert runpy.run_path(str(django_settings.BASE_DIR / "gunicorn.conf.py"))["bind"] == "[::1]:8234"


@each(
    ("variable", "value", "words"),
    [
        ("PORT", "80000", "between 1 and 65535"),
        ("BIND", "0.0.0.0:8000", "without a port"),
        ("BIND_ADDRESS", "::", "is now called BIND"),
    ],
)
def test_a_place_to_listen_that_makes_no_sense_is_named(variable: str, value: str, words: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"^{variable} .*{words}"):
        network.place({variable: value})


FILES = {
    "/favicon.ico": "image/x-icon",
    "/apple-touch-icon.png": "image/png",
    "/robots.txt": "text/plain",
    "/site.webmanifest": "application/manifest+json",
}


@each(("path", "kind"), FILES.items())
def test_what_browsers_and_robots_look_for_is_there(db: None, path: str, kind: str) -> None:
    with closing(Client().get(path)) as answer:
        assert answer.status_code == 200
        assert answer["Content-Type"].partition(";")[0] == kind


def test_robots_are_to_stay_away(db: None) -> None:
    with closing(Client().get("/robots.txt")) as answer:
        assert b"".join(answer) == b"User-agent: *\nDisallow: /\n"


def test_the_manifest_names_the_studio_and_pictures_that_exist_below_any_path(db: None) -> None:
    manifest = Client().get("/site.webmanifest").json()
    assert (manifest["name"], manifest["start_url"], manifest["scope"]) == ("Meigen Studio", "./", "./")
    for icon in manifest["icons"]:
        with Image.open(django_settings.WHITENOISE_ROOT / icon["src"]) as picture:
            assert "{}x{}".format(*picture.size) == icon["sizes"]


@pytest.fixture
def shared(user: User) -> dict[str, str]:
    row: Generation = make_generation(user, status="done")
    make_result(row)
    made = {"open": links.share(user, [row]), "locked": links.share(user, [row], password="open sesame")}
    return {name: f"/s/{share.secret}/" for name, share in made.items()}


def test_pages_of_the_studio_name_the_manifest_and_pages_of_guests_do_not(
    browser: Client, shared: dict[str, str]
) -> None:
    for page in ["/generations/", "/accounts/tokens/"]:
        assert 'rel="manifest" href="/site.webmanifest"' in browser.get(page).content.decode()
    for page in [*shared.values(), "/s/nothing/"]:
        body = Client().get(page).content.decode()
        assert "manifest" not in body
        assert "apple-touch-icon" not in body
        assert "Meigen Studio" not in body
