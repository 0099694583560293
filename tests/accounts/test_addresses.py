"""Whose request it is by address, whatever the proxies in front say or leave out."""

from collections.abc import Iterator
from itertools import count

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import Settings

from accounts import address
from accounts.models import User
from meigen_site import network
from meigen_site.checks import https_comes_through_a_proxy
from tests.cases import each

GARBAGE = [
    "",
    " ",
    ",",
    "unknown",
    "_hidden",
    "::1::",
    "[",
    "[]:443",
    "1.2.3.4.5",
    "1.2.3.4:x",
    "%",
    "é",
    "a" * 5000,
    "\x00",
]


@pytest.fixture(autouse=True)
def _nothing_was_said_yet() -> Iterator[None]:
    address._complain.cache_clear()
    yield
    address._complain.cache_clear()


def seen(forwarded: str | None, proxies: int, settings: Settings, nearest: str = "198.51.100.9") -> str:
    settings.TRUSTED_PROXIES, settings.PROXY_ADDRESSES = proxies, network.networks(["198.51.100.9"])
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return address.client_address(RequestFactory().get("/", headers=headers, REMOTE_ADDR=nearest))


@each(
    ("entry", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" 192.0.2.1 ", "192.0.2.1"),
        ("192.0.2.1:51234", "192.0.2.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ('"[2001:db8::1]:443"', "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:80", "192.0.2.1"),
    ],
)
def test_every_spelling_of_an_address_is_read(entry: str, expected: str, settings: Settings) -> None:
    assert seen(entry, 1, settings) == expected


@each(
    ("forwarded", "proxies", "expected"),
    [
        ("203.0.113.5, 192.0.2.1", 1, "192.0.2.1"),
        ("203.0.113.5, 192.0.2.1", 2, "203.0.113.5"),
        ("10.9.9.9, 203.0.113.5, 192.0.2.1", 2, "203.0.113.5"),
        ("203.0.113.5, ", 1, "198.51.100.9"),
        ("192.0.2.1", 0, "198.51.100.9"),
        ("192.0.2.1", 2, "198.51.100.9"),
        (None, 1, "198.51.100.9"),
    ],
)
def test_only_what_a_proxy_of_ours_wrote_counts(
    forwarded: str | None, proxies: int, expected: str, settings: Settings
) -> None:
    assert seen(forwarded, proxies, settings) == expected


@each("nearest", ["198.51.100.9", "", "unix:"])
@each("forwarded", [*GARBAGE, None])
def test_nothing_in_the_header_raises(forwarded: str | None, nearest: str, settings: Settings) -> None:
    for proxies in (0, 1, 3):
        assert seen(forwarded, proxies, settings, nearest) in {"198.51.100.9", ""}


@pytest.mark.slow
@each("proxies", [1, 2])
@each("forwarded", ["unknown", "192.0.2.1", "[2001:db8::1]:443", "192.0.2.1:80", "garbage, more"])
def test_a_sign_in_works_whatever_the_proxies_say(user: User, settings: Settings, forwarded: str, proxies: int) -> None:
    settings.TRUSTED_PROXIES = proxies
    data = {"login": user.username, "password": "a-long-password"}
    for nearest in ("198.51.100.9", ""):
        client = Client(headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR=nearest)
        answer = client.post(reverse("account_login"), data)
        assert (answer.status_code, answer["Location"]) == (302, "/"), (forwarded, nearest)


def test_the_limit_on_sign_ins_counts_each_visitor_behind_the_proxy(user: User, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    pages = [
        Client(headers={"X-Forwarded-For": f"{address}:{port}"})
        .post(reverse("account_login"), {"login": f"nobody-{port}", "password": "x"})
        .content.decode()
        for address, ports in {"192.0.2.1": range(5000, 5031), "192.0.2.2": [5031]}.items()
        for port in ports
    ]
    assert ["Too many wrong passwords." in page for page in pages[-3:]] == [False, True, False]


def test_a_wrong_setting_is_named_once_in_the_log(caplog: pytest.LogCaptureFixture, settings: Settings) -> None:
    for _ in range(3):
        seen("192.0.2.1", 2, settings)
        seen("unknown", 1, settings)
        seen("192.0.2.1", 1, settings)
        seen("unknown", 0, settings)
    few, none = (record.getMessage() for record in caplog.records)
    assert few.startswith("TRUSTED_PROXIES is 2, but X-Forwarded-For has 1 entry.")
    assert none.startswith("TRUSTED_PROXIES is 1, but that entry of X-Forwarded-For is no IP address.")


def test_a_probe_past_the_proxy_is_no_wrong_setting(caplog: pytest.LogCaptureFixture, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    for path, warnings in [("/healthz", 0), ("/metrics", 0), ("/accounts/login/", 1)]:
        assert address.client_address(RequestFactory().get(path)) == "127.0.0.1"
        assert len(caplog.records) == warnings


@each(
    ("nearest", "proxies", "is_believed"),
    [
        ("127.0.0.1", 1, True),
        ("::1", 1, True),
        ("::ffff:10.0.0.7", 1, True),
        ("10.1.2.3", 1, True),
        ("", 1, True),  # a local socket
        ("10.0.0.8", 1, False),
        ("198.51.100.9", 1, False),
        ("127.0.0.1", 0, False),
    ],
)
def test_nobody_but_a_proxy_of_ours_speaks_for_others(
    settings: Settings, nearest: str, proxies: int, is_believed: bool
) -> None:
    settings.TRUSTED_PROXIES, settings.SECURE_PROXY_SSL_HEADER = proxies, ("HTTP_X_FORWARDED_PROTO", "https")
    settings.PROXY_ADDRESSES = network.networks([*network.LOOPBACK, "10.0.0.7", "10.1.2.0/24"])
    seen: list[HttpRequest] = []

    def answer(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse()

    headers = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    address.from_proxies_alone(answer)(RequestFactory().get("/", headers=headers, REMOTE_ADDR=nearest))
    assert seen[0].is_secure() is is_believed
    assert address.client_address(seen[0]) == ("192.0.2.1" if is_believed else nearest)
    assert ("X-Forwarded-Host" in seen[0].headers) is is_believed


def test_a_proxy_that_is_not_named_is_in_the_log_once(
    caplog: pytest.LogCaptureFixture, settings: Settings, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    settings.TRUSTED_PROXIES = 1
    monkeypatch.setattr(address, "_strangers", count())
    for _ in range(3):
        Client(headers={"X-Forwarded-For": "192.0.2.1"}, REMOTE_ADDR="10.0.0.8").get("/healthz")
    (said,) = (record.getMessage() for record in caplog.records)
    assert said.startswith("A request came from 10.0.0.8, which PROXY_ADDRESSES does not name")


@each(("proxies", "demanded", "ids"), [(0, True, ["meigen_site.W002"]), (1, True, []), (0, False, [])])
def test_a_check_says_when_https_is_demanded_and_no_proxy_is_trusted_to_bring_it(
    settings: Settings, proxies: int, demanded: bool, ids: list[str]
) -> None:
    settings.TRUSTED_PROXIES, settings.SECURE_SSL_REDIRECT = proxies, demanded
    assert [found.id for found in https_comes_through_a_proxy(app_configs=None)] == ids
