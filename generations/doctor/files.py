"""Where results are kept, the room there is, and what else belongs on the machine."""

import os
from collections.abc import Iterator

from django.conf import settings
from django.template.defaultfilters import filesizeformat

from generations.doctor.finding import Finding, note, ok, wrong
from generations.media import ffmpeg, store, verify
from meigen_site.env import BASE_DIR

LOW_PERCENT = 10
LEAST_BYTES = 1_000_000_000


def media() -> Iterator[Finding]:
    """A file is written, read and deleted, and the latest results are looked for."""
    place = f"the bucket {settings.ENV.bucket.name}" if settings.ENV.bucket else f"MEDIA_ROOT {settings.MEDIA_ROOT}"
    try:
        store.write_and_read()
    except OSError as problem:
        yield wrong(f"Results cannot be kept in {place}: {problem}", _how_to_write())
        return
    try:
        verify.check_store()
    except verify.WrongStore:
        yield wrong(f"None of the latest results is in {place}.", "Mount the right disk, or name the right place.")
    else:
        yield ok(f"Results can be kept in {place}.")


def _how_to_write() -> str:
    if settings.ENV.bucket:
        return "Check S3_ENDPOINT, S3_REGION and the keys, which must allow to read, write, list and delete."
    return "Give the folder to the user of the services, and run the doctor as that user."


def space() -> Iterator[Finding]:
    """Where results are kept, where uploads pass through, and where SQLite grows."""
    for folder in sorted({*store.folders().values()}):
        room = store.room(folder)
        percent = room.free * 100 // room.total
        words = f"{filesizeformat(room.free)} free for {folder} ({percent} %)."
        if room.free < LEAST_BYTES:
            yield wrong(words, "Make room: what waits for it goes on by itself.")
        elif percent < LOW_PERCENT:
            yield note(words, "Make room before it is full.")
        else:
            yield ok(words)


def env_file() -> Iterator[Finding]:
    """`.env` holds the keys to everything."""
    file = BASE_DIR / ".env"
    if not file.exists():
        yield ok("There is no .env; settings come from the environment.")
    elif file.stat().st_mode & 0o077:
        yield wrong(f"Others may read {file}, which holds the keys.", f"chmod 600 {file}")
    elif not os.access(file, os.R_OK):
        yield wrong(f"{file} cannot be read by this user.", "Give it to the user of the services.")
    else:
        yield ok("Its owner alone may read .env.")


def programs() -> Iterator[Finding]:
    if all(map(ffmpeg.can_run, ["ffmpeg", "ffprobe"])):
        yield ok("Videos get posters, and clips are measured.")
    else:
        yield note("Videos get no posters, and the price of a clip is a range.", "apt-get install ffmpeg")
