"""The processes themselves: secrets at rest, a clean stop, a second start, a worker that dies."""

import base64
import os
import pickle
import re
import signal
import subprocess
import sys
import zlib
from pathlib import Path

import psycopg
from playwright.sync_api import Page, expect

from meigen_site.env import BASE_DIR
from tests.browser.conftest import Studio, choose, sign_in

TOKEN = "meigen_sk_canary00canary00canary00canary00"


def everything_at_rest(studio: Studio) -> bytes:
    """All bytes of the database, the media folder and the log."""
    found = [path.read_bytes() for path in studio.folder.rglob("*") if path.is_file() and "sandbox" not in path.name]
    url = studio.environment["DATABASE_URL"]
    if url.startswith("postgres"):
        with psycopg.connect(url) as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            for (table,) in tables:
                with connection.cursor().copy(f'COPY "{table}" TO STDOUT') as rows:
                    found += [bytes(block) for block in rows]
    return b"\n".join(found)


def holds(data: bytes, needle: bytes) -> bool:
    """Whether the needle is in the data, plain or inside base64 (pickled tasks are), also compressed."""
    if needle in data:
        return True
    for run in re.findall(rb"[A-Za-z0-9+/_=-]{24,}", data):
        for offset in range(4):
            part = run[offset:].rstrip(b"=")
            try:
                decoded = base64.urlsafe_b64decode(
                    part.translate(bytes.maketrans(b"+/", b"-_")) + b"=" * (-len(part) % 4)
                )
            except ValueError:
                continue
            if needle in decoded:
                return True
            try:
                if needle in zlib.decompress(decoded):
                    return True
            except zlib.error:
                pass
    return False


def test_no_token_is_found_in_anything_the_studio_keeps(studio: Studio, page: Page) -> None:
    # The search would find one.
    hidden = base64.b64encode(pickle.dumps({"args": (TOKEN,)}))
    assert holds(b"noise " + hidden, TOKEN.encode())
    assert holds(base64.urlsafe_b64encode(zlib.compress(b"x" + TOKEN.encode())), TOKEN.encode())

    sign_in(page, studio.person(token=False))
    page.goto("/accounts/tokens/")
    page.fill("form:not([action*=replace]) [name=token]", TOKEN)
    page.click("text=Save token")
    expect(page.locator("body")).to_contain_text("meigen_sk_...ry00")
    page.goto("/?model_id=z-image-turbo")
    for count, prompt in enumerate(["a fox", "a fox sandbox:402", "a fox sandbox:401"], 1):
        page.fill("[name=prompt]", prompt)
        page.click("#generate button.primary")
        expect(page.locator("article.card")).to_have_count(count)
    kept = everything_at_rest(studio)
    assert b"a fox" in kept
    assert not holds(kept, TOKEN.encode())


def test_a_killed_worker_is_replaced_and_the_job_finishes(studio: Studio, page: Page) -> None:
    sign_in(page, studio.person())
    page.fill("[name=prompt]", "a fox sandbox:seconds=5")
    choose(page, "model_id", "z-image-turbo")
    page.click("#generate button.primary")
    expect(page.locator("article.card[data-status=running]")).to_have_count(1)
    held = "Lease.objects.filter(name__startswith='sweep-').exclude(owner='')"
    owners = ""
    for _ in range(100):
        owners = owners or studio.python(
            f"from generations.models import Lease; print(*{held}.values_list('owner', flat=True))"
        )
        page.wait_for_timeout(0 if owners else 100)
    assert owners
    for owner in owners.split():
        os.kill(int(owner.split("|")[2]), signal.SIGKILL)
    expect(page.locator("article.card[data-status=done] img")).to_be_visible(timeout=30_000)


def test_ctrl_c_stops_all_and_a_second_start_keeps_the_data(studio: Studio, page: Page) -> None:
    name = studio.person()
    sign_in(page, name)
    page.fill("[name=prompt]", "a fox sandbox:seconds=6")
    choose(page, "model_id", "z-image-turbo")
    page.click("#generate button.primary")
    expect(page.locator("article.card[data-status=running]")).to_have_count(1)
    page.goto("about:blank")
    assert studio.stop(signal.SIGINT) == 0
    left = subprocess.run(
        ["pgrep", "-f", f"--port {studio.environment['SANDBOX_PORT']}"], capture_output=True, check=False
    )
    assert left.stdout == b""
    studio.start()
    page.goto("/")
    expect(page.locator("article.card[data-status=done] img")).to_be_visible(timeout=30_000)


def test_a_taken_port_is_said_plainly(studio: Studio) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "meigen_site.devserver"],
        cwd=BASE_DIR,
        env={**studio.environment, "SANDBOX_PORT": "1"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert f"Port {studio.environment['PORT']} is taken" in done.stderr
    assert Path(studio.folder / "studio.sqlite3").exists() or studio.environment["DATABASE_URL"].startswith("postgres")
