"""The sandbox over real HTTP with a clock of its own, and clients for it."""

import io
import json
import struct
import uuid
from typing import Any

import pytest

from meigen_api import calls, errors
from meigen_api.client import Client, put_file
from meigen_api.outgoing import Places
from meigen_api.secret import Secret
from meigen_api.types import Json, Presigned
from sandbox import Sandbox
from tests.serving import serving

TOKEN = Secret("meigen_sk_" + "1" * 32)
# A server on this machine, as in every test here.
HERE = Places(frozenset(), ("http://127.0.0.1",))
PICTURE = "https://x.example/a.png"
DAY = 86_400


class Clock:
    """Time that moves when a test says so."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Meigen:
    """A running sandbox: `options` are its own. `TOKEN` is who sends where nobody else is named."""

    def __init__(self, kind: type[Sandbox] = Sandbox, **options: Any) -> None:
        self.clock = Clock()
        self.box = kind(clock=self.clock, **options)
        self._serving = serving(self.box)
        self.server = self._serving.__enter__()

    def stop(self) -> None:
        self._serving.__exit__(None, None, None)

    def send(self, call: calls.Call[Any], token: Secret | None = TOKEN, seconds: float = 5) -> Any:
        with Client(self.server.url, token, seconds=seconds) as client:
            return client.send(call)

    def failed(self, call: calls.Call[Any], token: Secret | None = TOKEN) -> errors.MeigenError:
        """The error this call ends in."""
        with pytest.raises(errors.MeigenError) as caught:
            self.send(call, token)
        return caught.value

    def submit(self, key: str = "", *, token: Secret | None = TOKEN, **fields: Any) -> Any:
        return self.send(posted(key or new_key(), **fields), token)

    def refused(self, key: str = "", *, token: Secret | None = TOKEN, **fields: Any) -> errors.MeigenError:
        """The error a submit ends in."""
        return self.failed(posted(key or new_key(), **fields), token)

    def charges(self) -> list[int]:
        return [charge.credits for charge in self.box.ledger.charges()]

    def credits(self, credits: int) -> None:
        """What TOKEN's account has bought."""
        self.box.set_credits(TOKEN.reveal(), credits)

    def allow_many(self) -> None:
        """For tables of requests: neither the rate nor the credits end."""
        self.box.rate = (1000, 60)
        self.credits(1_000_000)

    def upload_clip(self, body: bytes, content_type: str = "video/mp4", model: str = "seedance-2-5") -> str:
        """The public address of a reference clip that this puts there."""
        kind = content_type.partition("/")[0]
        place: Presigned = self.send(calls.presign_clip("clip", content_type, len(body), model, kind))
        put_file(place.upload_url, io.BytesIO(body), len(body), content_type, HERE)
        return place.public_url


def new_key() -> str:
    return str(uuid.uuid4())


def posted(key: str, **fields: Any) -> calls.Call[Any]:
    """A submit under this key; of a fox where the fields name no prompt."""
    return calls.submit(calls.canonical_body({"prompt": "a fox", "idempotencyKey": key, **fields}))


def answer(status: int, data: Any = None, **headers: str) -> errors.Answer:
    """An answer as the client hands it on."""
    return errors.Answer(status, headers, json.dumps({} if data is None else data))


def said(result: Any) -> Json:
    """The JSON object that a result was read from."""
    data: Json = json.loads(result.answer.body)
    return data


def movie(seconds: float) -> bytes:
    """The header of an MP4 of that length, which is all of it that anybody reads."""

    def box(name: bytes, contents: bytes) -> bytes:
        return struct.pack(">I", 8 + len(contents)) + name + contents

    return box(b"ftyp", b"isom\0\0\0\0") + box(
        b"moov", box(b"mvhd", bytes(12) + struct.pack(">II", 1000, int(seconds * 1000)))
    )
