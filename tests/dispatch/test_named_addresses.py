"""Addresses that a server names: only allowed hosts, nothing private, no redirect, no proxy of the environment."""

import asyncio
import io
import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from django.test import Client as Browser
from pytest_django import Settings

from accounts.models import Token, User
from generations.dispatch import upload
from generations.media import attachments
from generations.media.download import Failed, Refused, download
from generations.models import Reference
from meigen_api import calls, client, errors, outgoing
from sandbox.answers import Response, answer
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import form_data, picture

DOORS = ["a download", "an upload", "a call", "a call of many"]


class Listener:
    """Accepts connections on loopback, remembers what it hears, and hangs up."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.heard: list[bytes] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                line, _ = self.socket.accept()
            except OSError:
                return
            with line:
                line.settimeout(2)
                self.heard.append(line.recv(4096))


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    with closing(made.socket):
        yield made


@pytest.fixture
def reference(user: User) -> Reference:
    return attachments.add_file(user, "a.png", io.BytesIO(picture()), None)


def go_through(door: str, sandbox: FastSandbox, reference: Reference, token: Token) -> None:
    """One outgoing request of every kind, to the sandbox."""
    if door == "a download":
        with pytest.raises(Refused), download(f"{sandbox.url}/media/none/0.png"):
            pass
    elif door == "an upload":
        upload.public_url(reference, token, "z-image-turbo")
    elif door == "a call":
        with client.Client(sandbox.url) as one:
            one.send(calls.models())
    else:
        asyncio.run(many(sandbox.url))


async def many(url: str) -> None:
    async with client.Pool(url, clients=1) as pool:
        await pool.send(calls.models(), None)


@each("door", DOORS)
def test_no_request_takes_a_proxy_of_the_environment(
    sandbox: FastSandbox,
    reference: Reference,
    token: Token,
    listener: Listener,
    monkeypatch: pytest.MonkeyPatch,
    door: str,
) -> None:
    for name in ["http_proxy", "https_proxy", "all_proxy"]:
        monkeypatch.setenv(name, f"http://127.0.0.1:{listener.port}")
        monkeypatch.setenv(name.upper(), f"http://127.0.0.1:{listener.port}")
    for name in ["no_proxy", "NO_PROXY"]:
        monkeypatch.delenv(name, raising=False)
    go_through(door, sandbox, reference, token)
    assert listener.heard == []


def test_where_no_host_is_named_an_upload_goes_to_the_public_internet_alone(listener: Listener) -> None:
    anywhere = outgoing.Places(None, ())
    anywhere.check("https://bucket.store.example/x?signed")
    for url in ["http://bucket.store.example/x", "https://bucket.store.example:8443/x", "https://a:b@store.example/x"]:
        with pytest.raises(outgoing.NotAllowed):
            anywhere.check(url)
    with pytest.raises(outgoing.NotAllowed):
        client.put_file(f"https://127.0.0.1:{listener.port}/x", io.BytesIO(b"private"), 7, "image/png", anywhere)
    assert b"".join(listener.heard) == b""


@each("door", ["download", "upload"])
def test_an_allowed_name_that_leads_into_a_private_network_gets_nothing(
    settings: Settings, listener: Listener, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    settings.MEIGEN_MEDIA_HOSTS = frozenset({"files.example"})
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", listener.port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    url = "https://files.example/a.png"
    if door == "download":
        with pytest.raises(Refused, match="private_host"), download(url):
            pass
    else:
        places = outgoing.Places(settings.MEIGEN_MEDIA_HOSTS, ())
        with pytest.raises(outgoing.NotAllowed):
            client.put_file(url, io.BytesIO(b"a private picture"), 17, "image/png", places)
    assert b"".join(listener.heard) == b""


@each(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1", "fe80::1%e", "fd00::7",
     "::ffff:127.0.0.1", "::ffff:10.0.0.1", "224.0.0.1", "ff02::1", "64:ff9b::a00:1", "64:ff9b:1::1",
     "2002:a00:1::", "fec0::1", "::ffff:0:10.0.0.1", "::7f00:1"],
)  # fmt: skip
def test_a_private_address_is_not_public(address: str) -> None:
    assert not outgoing.is_public(address)
    assert outgoing.is_public("104.18.2.1")
    assert outgoing.is_public("2606:4700::6812:201")


PLACES = outgoing.Places(frozenset({"images.example", ".store.example"}), ("https://gate.example/api",))


@each(
    "url",
    ["https://images.example/a", "https://images.example:443/a", "https://a.store.example/x", "https://a.b.store.example/x",
     "https://gate.example/x", "https://GATE.example/x"],
)  # fmt: skip
def test_the_allowed_places(url: str) -> None:
    PLACES.check(url)


@each(
    "url",
    ["http://images.example/a", "https://images.example:8443/a", "https://a.images.example/", "https://store.example/",
     "https://evilstore.example/", "https://a.store.example.evil.example/", "https://me@images.example/",
     "https://images.example@evil.example/", "https://evil.example/", "https://127.0.0.1/", "https://[::1]/",
     "http://gate.example/", "https://gate.example:8080/", "https:///", "https://[", "ftp://images.example/", ""],
)  # fmt: skip
def test_every_other_place(url: str) -> None:
    with pytest.raises(outgoing.NotAllowed):
        PLACES.check(url)


@each("url", ["https://evil.example/a", "https://169.254.169.254/", "https://10.0.0.1:8443/admin"])
def test_a_gateway_cannot_have_a_reference_sent_anywhere(
    sandbox: FastSandbox,
    user: User,
    token: Token,
    browser: Browser,
    reference: Reference,
    caplog: pytest.LogCaptureFixture,
    settings: Settings,
    url: str,
) -> None:
    settings.MEIGEN_UPLOAD_HOSTS = frozenset({".store.example"}) if "evil" in url else None
    told = {"success": True, "presignedUrl": url, "publicUrl": "https://images.meigen.ai/a.png"}
    sandbox.fail_next("/api/upload", answer(200, told))
    data = form_data(model_id="nanobanana-2", reference=str(reference.pk))
    page = browser.post("/generations/", data).content.decode()
    assert "is not allowed. Tell your admin." in page
    assert "MEIGEN_UPLOAD_HOSTS" in caplog.text
    reference.refresh_from_db()
    assert not reference.public_url


def test_an_upload_follows_no_redirect(
    sandbox: FastSandbox, token: Token, reference: Reference, listener: Listener
) -> None:
    away = {"Location": f"http://127.0.0.1:{listener.port}/"}
    sandbox.fail_next("/storage", Response(307, b"", headers=away))
    with pytest.raises(errors.ServerError):
        upload.public_url(reference, token, "nanobanana-2")
    assert listener.heard == []


def test_a_download_follows_no_redirect(sandbox: FastSandbox, listener: Listener) -> None:
    sandbox.fail_next("/media", Response(302, b"", headers={"Location": f"http://127.0.0.1:{listener.port}/"}))
    with pytest.raises(Failed), download(f"{sandbox.url}/media/none/0.png"):
        pass
    assert listener.heard == []
