"""A small OpenID provider on loopback, which asks nobody for a password and misbehaves when told to."""

import base64
import contextlib
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CLIENT, SECRET = "studio", "the-studios-secret"


class Provider(ThreadingHTTPServer):
    """Whoever comes is `person`. `claims` are written over the id_token's; None leaves one out."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.person: dict[str, Any] = {"sub": "7", "email": "fox@example.com", "email_verified": True}
        self.claims: dict[str, Any] = {}
        self.answers: dict[str, tuple[int, bytes]] = {}
        """By path: what is answered instead. A redirect leads to where the person is told, too."""
        self.codes: dict[str, dict[str, str]] = {}
        self.seen: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def discovery(self) -> dict[str, Any]:
        pages = {"authorization_endpoint": "authorize", "token_endpoint": "token", "userinfo_endpoint": "userinfo"}
        return {"issuer": self.url, **{name: f"{self.url}/{page}" for name, page in pages.items()}} | {
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }

    def jwks(self) -> dict[str, Any]:
        return {"keys": [{**jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True), "kid": "first"}]}

    def code_for(self, asked: dict[str, str]) -> str:
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        return code

    def tokens(self, form: dict[str, str]) -> dict[str, Any]:
        """Raises KeyError for a code that it never gave, or not to the one who asks."""
        asked = self.codes.pop(form["code"])
        if (form["client_id"], form["client_secret"]) != (CLIENT, SECRET):
            raise KeyError
        proof = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(proof).decode().rstrip("=") != asked["code_challenge"]:
            raise KeyError
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 60, **self.person, **self.claims}
        told = {name: value for name, value in claims.items() if value is not None}
        token = jwt.encode(told, KEY, "RS256", {"kid": "first"})
        return {"access_token": "access", "token_type": "Bearer", "id_token": token}


class Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        path, asked = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
        if path == "/authorize":
            answer = urlencode({"code": self.server.code_for(asked), "state": asked["state"]})
            self._send(302, b"", Location=f"{asked['redirect_uri']}?{answer}")
        elif path == "/.well-known/openid-configuration":
            self._answer(path, self.server.discovery())
        elif path == "/jwks":
            self._answer(path, self.server.jwks())
        else:
            self._answer(path, self.server.person)

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        try:
            self._answer("/token", self.server.tokens(form))
        except KeyError:
            self._send(400, b'{"error": "invalid_grant"}')

    def _answer(self, path: str, answer: dict[str, Any]) -> None:
        self.server.seen.append(path)
        status, body = self.server.answers.get(path, (200, json.dumps(answer).encode()))
        self._send(status, body, **({"Location": f"{self.server.url}/elsewhere"} if status == 302 else {}))

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextlib.contextmanager
def running() -> Iterator[Provider]:
    provider = Provider()
    thread = threading.Thread(target=provider.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.shutdown()
        thread.join()
        provider.server_close()
