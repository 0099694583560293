"""The polling pool keeps the accounts apart."""

import asyncio

import httpx

from meigen_api import calls
from meigen_api.client import Pool
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
