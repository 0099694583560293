"""Videos and their posters: made by ffmpeg in a limited child, and missed without harm."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from accounts.models import User
from generations.media import ffmpeg, poster, serving
from sandbox import pictures
from tests.cases import each
from tests.media.fetching import fetched, needs_ffmpeg, pending, size_of

pytestmark = pytest.mark.django_db


@pytest.mark.slow
@needs_ffmpeg
@each(("ratio", "size"), [("16:9", (640, 360)), ("9:16", (360, 640))])
def test_a_video_is_kept_with_a_poster(
    files: Callable[..., str], user: User, browser: Client, ratio: str, size: tuple[int, int]
) -> None:
    result = fetched(pending(user, files(pictures.clip(ratio))))
    assert (result.content_type, result.width, result.height) == ("video/mp4", *size)
    assert size_of(result.thumbnail) == size_of(result.preview) == ("WEBP", size)
    card = browser.get("/").content.decode()
    assert f'<img src="{serving.small_url(result, "thumbnail")}"' in card
    assert 'class="play"' in card
    page = browser.get(result.generation.get_absolute_url()).content.decode()
    assert f'poster="{serving.small_url(result, "preview")}"' in page


def test_without_ffmpeg_a_video_is_kept_and_its_card_is_neutral(
    files: Callable[..., str], user: User, browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poster, "can_be_made", lambda: False)
    result = fetched(pending(user, files(pictures.clip("16:9"))))
    assert result.kept_at is not None
    assert not result.thumbnail
    assert not result.preview
    assert result.width is None
    card = browser.get("/").content.decode()
    assert "<video" not in card
    assert 'class="play"' in card


@needs_ffmpeg
@each(
    "command",
    [
        ["false"],
        ["true"],
        ["ffmpeg-is-not-there"],
        [sys.executable, "-c", "print('not a picture')"],
        [sys.executable, "-c", "import time; print('half', flush=True); time.sleep(60)"],
    ],
)
def test_whatever_ffmpeg_does_the_video_is_kept(
    files: Callable[..., str], user: User, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setattr(ffmpeg, "_command", lambda *_: command)
    monkeypatch.setattr(ffmpeg, "SECONDS", 0.3)
    result = fetched(pending(user, files(pictures.clip("16:9"))))
    assert result.kept_at is not None
    assert not result.thumbnail


@needs_ffmpeg
@each(
    ("attempt", "expected"),
    [
        ("open('/tmp/never-written', 'wb').write(bytes(200_000_000))", "File too large"),
        ("bytearray(2_000_000_000)", "MemoryError"),
        ("while True: pass", ""),
        ("import os; print(sorted(os.environ))", "['LC_ALL', 'PATH']"),
    ],
)
@pytest.mark.slow
def test_ffmpeg_is_held_to_little(attempt: str, expected: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ffmpeg, "CPU_SECONDS", 1)
    command = ffmpeg._command("ffmpeg", [], "mov")
    script = attempt.replace("/tmp/never-written", str(tmp_path / "written"))
    command[command.index("ffmpeg") :] = [sys.executable, "-I", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, env={"PATH": os.defpath, "LC_ALL": "C"}, check=False)
    assert expected in done.stdout + done.stderr
    assert done.returncode != 0 or expected in done.stdout


@needs_ffmpeg
def test_a_playlist_in_a_videos_clothes_reads_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "secret.mp4").write_bytes(pictures.clip("16:9"))
    playlist = tmp_path / "playlist"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n{tmp_path}/secret.mp4\n#EXT-X-ENDLIST\n")
    for name, expected in [("secret.mp4", True), ("playlist", False)]:
        with (tmp_path / name).open("rb") as file, poster.of(file, "video/mp4") as frame:
            assert (frame is not None) == expected
