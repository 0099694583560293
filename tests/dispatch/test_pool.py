"""The clients keep the accounts apart, and read only once whom to trust."""

import asyncio
import ssl

import httpx
import pytest

from meigen_api import calls, tls
from meigen_api.client import Client, Pool
from meigen_api.secret import Secret


def test_one_accounts_cookies_do_not_travel_with_another() -> None:
    seen: list[str | None] = []

    def server(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers.get("cookie"))
        answer = httpx.ByteStream(b'{"status": "processing"}')
        return httpx.Response(200, headers={"Set-Cookie": "session=a; Path=/"}, stream=answer)

    async def ask_twice() -> None:
        async with Pool("http://127.0.0.1", clients=1, transport=httpx.MockTransport(server)) as pool:
            for account in "ab":
                await pool.send(calls.status("x"), Secret(account))

    asyncio.run(ask_twice())
    assert seen == [None, None]


def test_no_client_reads_the_authorities_again(monkeypatch: pytest.MonkeyPatch) -> None:
    trusted = tls.context()
    assert trusted.verify_mode == ssl.CERT_REQUIRED
    monkeypatch.setattr(ssl, "create_default_context", lambda **_: pytest.fail("read again"))
    for url in ["http://127.0.0.1", "https://www.meigen.ai"]:
        Client(url)
        Pool(url)
