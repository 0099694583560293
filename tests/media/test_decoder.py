"""Pictures are decoded in a process that has little memory and time, and that may end at any moment."""

import io
import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from generations.media import decoder
from generations.media.decode import inspect, thumbnail
from generations.media.download import Refused
from tests.helpers import picture, solid


def process() -> int:
    """The decoder's process id; one picture has been decoded by it."""
    assert thumbnail(io.BytesIO(picture()))
    assert decoder._decoder
    return decoder._decoder.process.pid


def test_one_process_decodes_one_picture_after_the_other() -> None:
    assert process() == process()


def test_a_picture_that_was_read_before_is_read_from_its_beginning(tmp_path: Path) -> None:
    (tmp_path / "some.png").write_bytes(picture())
    with (tmp_path / "some.png").open("rb") as file:
        file.read(20)
        assert inspect(file).content_type == "image/png"
        assert inspect(file).content_type == "image/png"


def test_a_killed_process_is_replaced_and_the_picture_kept() -> None:
    before = process()
    os.kill(before, signal.SIGKILL)
    assert inspect(io.BytesIO(picture())).small
    assert process() != before


def test_a_process_that_has_done_its_share_is_replaced() -> None:
    assert len({process() for _ in range(101)}) == 2


def test_a_picture_that_takes_too_long_ends_its_process_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    before = process()
    with monkeypatch.context() as hurry:
        hurry.setattr(decoder, "MAX_SECONDS", 0.001)
        with pytest.raises(Refused, match="too_heavy"):
            inspect(io.BytesIO(solid("PNG", (2000, 2000))))
    assert process() != before


def test_whoever_stops_waiting_ends_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    before = process()
    monkeypatch.setattr(decoder, "TICK", 0.001)

    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        inspect(io.BytesIO(solid("PNG", (2000, 2000))), stop)
    assert not Path(f"/proc/{before}").exists()
    assert process() != before


def test_a_decoder_that_cannot_be_started_says_nothing_about_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is full, or there are too many processes: the file waits, and is not refused."""
    os.kill(process(), signal.SIGKILL)
    monkeypatch.setattr(decoder.sys, "executable", "/bin/false")  # type: ignore[attr-defined]
    with pytest.raises(OSError, match="could not be started"):
        inspect(io.BytesIO(picture()))


def test_the_process_knows_no_secret_and_may_write_no_file() -> None:
    home = Path(f"/proc/{process()}")
    assert b"KEY" not in (home / "environ").read_bytes()
    limits = {line[:25].strip(): line[26:].split()[0] for line in (home / "limits").read_text().splitlines()}
    assert limits["Max file size"] == "0"
    assert int(limits["Max data size"]) < 400_000_000


def told(queue: Any) -> None:
    queue.put(process())


def test_a_forked_process_has_a_decoder_of_its_own() -> None:
    before = process()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    fork = context.Process(target=told, args=[queue])
    fork.start()
    assert queue.get(timeout=20) != before
    fork.join()
    assert process() == before
