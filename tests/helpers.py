"""Plain makers of rows, each with sensible values that a test overrides by name."""

import hashlib
import io
import itertools
import struct
import uuid
import wave
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone
from PIL import Image

from accounts import tokens
from accounts.models import Token, User
from accounts.token_check import Verdict
from generations.dispatch import outcomes
from generations.media import attachments, fetch
from generations.models import DailyUsage, Generation, LedgerEntry, Reference, Result, wish_of
from generations.models.ledger import day_of
from meigen_api.calls import canonical_body
from meigen_api.secret import Secret
from meigen_api.types import Status

_numbers = itertools.count(1)


def make_user(username: str = "", **overrides: Any) -> User:
    username = username or f"person{next(_numbers)}"
    return User.objects.create_user(username, f"{username}@example.com", "a-long-password", **overrides)


def make_token(owner: User, plain: str = "", label: str = "Mine") -> Token:
    return tokens.add(owner, Secret(plain or f"meigen_sk_{uuid.uuid4().hex}"), label, Verdict.GOOD)


def make_generation(owner: User, **overrides: Any) -> Generation:
    """A queued generation of a red fox by Z Image Turbo."""
    key = uuid.uuid4()
    prompt = overrides.pop("prompt", "a red fox")
    fields = {"prompt": prompt, "modelId": overrides.pop("model_id", "z-image-turbo")}
    fields |= overrides.pop("fields", {})
    values = {
        "owner": owner,
        "nonce": uuid.uuid4().hex,
        "idempotency_key": key,
        "body": canonical_body({**fields, "idempotencyKey": str(key)}),
        "prompt": prompt,
        "wish": wish_of(fields, []),
        "model_id": fields["modelId"],
        "model_name": "Z Image Turbo",
        "media_type": "image",
        "credits_estimated": 2,
        "token": Token.objects.default_for(owner),
        "counted_on": day_of(overrides.get("created_at") or timezone.now()),
    }
    generation = Generation.objects.create(**{**values, **overrides})
    DailyUsage.add({generation.booking.key: generation.booking.standing})
    if entry := LedgerEntry.of_change(generation, generation.created_at, generation.booking.standing):
        entry.save()
    return generation


def settle(generation: Generation, status: Status) -> bool:
    """What the sweep does with one answer."""
    with outcomes.journal() as kept:
        return outcomes.settle(generation, status, timezone.now(), kept)


def picture(kind: str = "PNG", size: tuple[int, int] = (32, 24)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "teal").save(buffer, kind)
    return buffer.getvalue()


def film(seconds: float, brand: bytes = b"isom", remark: bytes = b"") -> bytes:
    """An MP4 in outline that says it plays for so long; `remark` is written into it beside the picture."""

    def box(kind: bytes, *parts: bytes) -> bytes:
        body = b"".join(parts)
        return struct.pack(">I", 8 + len(body)) + kind + body

    times = struct.pack(">IIIII", 0, 0, 0, 1000, round(seconds * 1000))
    header = box(b"mvhd", times, struct.pack(">IH", 0x10000, 0x100), bytes(70), struct.pack(">I", 2))
    told = box(b"udta", remark) if remark else b""
    return box(b"ftyp", brand, bytes(4), brand) + box(b"moov", header, told) + box(b"mdat", bytes(64))


def tone(seconds: float) -> bytes:
    """A silent WAV of so many seconds."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(1000)
        sound.writeframes(bytes(round(seconds * 1000)))
    return buffer.getvalue()


def make_clip(owner: User, seconds: float, kind: str = "video") -> Reference:
    """A clip as a person uploads it; its seconds do not depend on this machine's ffprobe."""
    data, name = (film(seconds), "clip.mp4") if kind == "video" else (tone(seconds), "sound.wav")
    clip = attachments.add_file(owner, name, io.BytesIO(data), len(data))
    clip.seconds = seconds
    clip.save(update_fields=["seconds"])
    return clip


def make_result(generation: Generation, data: bytes | None = None, **overrides: Any) -> Result:
    """A kept PNG with its small pictures."""
    data = picture() if data is None else data
    pk = uuid.uuid4()
    stem = fetch.stem_of(pk)
    values = {
        "id": pk,
        "generation": generation,
        "number": 0,
        "source_url": "https://images.meigen.ai/a.png",
        "file": default_storage.save(f"{stem}.png", ContentFile(data)),
        "thumbnail": default_storage.save(f"{stem}.thumb.webp", ContentFile(picture("WEBP"))),
        "preview": default_storage.save(f"{stem}.preview.webp", ContentFile(picture("WEBP"))),
        "content_type": "image/png",
        "size": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "width": 32,
        "height": 24,
        "kept_at": timezone.now(),
    }
    return Result.objects.create(**{**values, **overrides})


def database_url() -> str:
    """The database of this run, for a process that shall work on it too."""
    parts = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{parts['NAME']}"
    return f"postgres://{parts['USER']}:{parts['PASSWORD']}@{parts['HOST']}:{parts['PORT'] or 5432}/{parts['NAME']}"


def form_data(**overrides: Any) -> dict[str, Any]:
    """What the studio's form posts."""
    return {"prompt": "a red fox", "model_id": "z-image-turbo", "count": "1", "nonce": uuid.uuid4().hex, **overrides}


def solid(format: str, size: tuple[int, int], mode: str = "RGB", **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, "teal" if mode != "I;16" else 9000).save(buffer, format, **options)
    return buffer.getvalue()


def bomb() -> bytes:
    """A small PNG of 169 megapixels."""
    buffer = io.BytesIO()
    Image.new("1", (13000, 13000)).save(buffer, "PNG")
    return buffer.getvalue()
