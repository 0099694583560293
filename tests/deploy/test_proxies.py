"""What the proxies of deploy/ pass on, refuse, send by themselves and write down."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy import proxies
from tests.deploy.proxies import Proxy

SECRET = "aN0ther-SecreT_x"
ADDRESSES = [
    f"/s/{SECRET}/",
    f"/s/{SECRET}",
    f"/studio/s/{SECRET}/1/?download",
    f"/join/{SECRET}/",
    f"/accounts/password/forgotten/{SECRET}/",
    f"/%2Fs%2F{SECRET}%2F",
    f"/s/%61{SECRET}/",
    f"/generations/?q={SECRET}",
    f"/accounts/login/?next=%2Fs%2F{SECRET}%2F",
]


@pytest.fixture(
    params=[
        pytest.param("nginx", marks=pytest.mark.skipif(not proxies.NGINX, reason="nginx is not installed")),
        pytest.param("caddy", marks=pytest.mark.skipif(not proxies.CADDY.exists(), reason="caddy is not installed")),
    ],
)
def proxy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Proxy]:
    with proxies.running(request.param, tmp_path) as running:
        yield running


def test_what_the_visitor_claims_is_replaced(proxy: Proxy) -> None:
    got = proxy.get(
        "/", X_Forwarded_For="192.0.2.1", X_Forwarded_Proto="http", X_Request_ID="forged-by-somebody"
    ).json()
    assert (got["host"], got["x-forwarded-proto"]) == (proxies.HOST, "https")
    assert got["x-forwarded-for"] == "127.0.0.1"
    assert len(got["x-request-id"]) >= 32


def test_a_kept_file_is_sent_with_the_studios_headers_and_in_ranges(proxy: Proxy) -> None:
    whole, part = proxy.get("/picture/"), proxy.get("/picture/", Range="bytes=2-4")
    assert (whole.content, part.status_code, part.content) == (b"0123456789", 206, b"234")
    assert whole.headers["Content-Security-Policy"] == proxies.POLICY
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    assert "X-Accel-Redirect" not in whole.headers


def test_nobody_else_can_ask_for_a_kept_file(proxy: Proxy) -> None:
    assert b"0123456789" not in proxy.get("/kept/results/a.png").content


def test_a_photo_passes(proxy: Proxy) -> None:
    assert proxy.ask("POST", "/", {}, content=b"x" * 4_000_000).json()["content-length"] == "4000000"


def test_no_secret_is_written_down_also_when_the_studio_is_away(proxy: Proxy) -> None:
    for address in ADDRESSES:
        proxy.get(address, Referer=f"https://{proxies.HOST}/s/{SECRET}/")
    proxy.upstream.shutdown()
    proxy.upstream.server_close()
    for address in ADDRESSES:
        assert proxy.get(address).status_code == 502
    written = proxy.written()
    assert SECRET not in written
    assert written.count("/s/...") >= 6
