"""Results are fetched, checked by decoding them, and kept; what is not what it should be is refused in words."""

import contextlib
import errno
import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.conf import settings as configured
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from accounts.models import Token, User
from generations.dispatch import submit, wake
from generations.media import decode, decoder, download, fetch
from generations.models import Generation, Lease, Result
from generations.models.sentences import Sentence, translated
from meigen_api.types import Status
from tests.cases import each
from tests.conftest import FastSandbox
from tests.helpers import make_generation, picture, settle
from tests.media.fetching import fetched, no_files_left, pending, refused

pytestmark = pytest.mark.django_db


def test_a_finished_job_of_the_sandbox_is_kept_with_a_thumbnail(sandbox: FastSandbox, user: User, token: Token) -> None:
    generation = make_generation(user, prompt="a fox sandbox:seconds=0", fields={"aspectRatio": "16:9"})
    submit.send(generation.pk)
    generation.refresh_from_db()
    url = f"{sandbox.url}/media/{generation.remote_id}/0.png"
    settle(generation, Status.from_json({"status": "completed", "imageUrl": url}))
    result = fetched(generation.results.get())
    assert (result.content_type, result.width, result.height) == ("image/png", 1024, 576)
    assert default_storage.size(result.file.name or "") == result.size
    with default_storage.open(result.thumbnail.name or "") as file, Image.open(file) as small:
        assert small.format == "WEBP"
        assert small.size == (640, 360)


@each(
    "url",
    [
        "http://images.meigen.ai/a.png",
        "https://images.meigen.ai.evil.example/a.png",
        "https://evilmeigen.ai/a.png",
        "https://user@images.meigen.ai/a.png",
        "https://images.meigen.ai:22/a.png",
        "http://127.0.0.1:1/a.png",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "https://[::1/a.png",
        "nonsense",
    ],
)
def test_an_address_off_the_list_is_never_asked(user: User, settings: Settings, url: str) -> None:
    settings.MEIGEN_BASE_URL = "https://www.meigen.ai"
    with pytest.raises(download.Refused):
        download.check_address(url)
    assert refused(pending(user, url)).gone_at is not None


def test_a_redirect_is_not_followed(files: Callable[..., str], user: User) -> None:
    target = files(picture(), name="target")
    result = fetched(pending(user, files(status=302, headers={"Location": target})))
    assert result.kept_at is None
    assert "302" in result.problem


def test_a_claim_is_renewed_while_a_picture_is_opened(
    user: User, files: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a worker that has to stop leaves it to another one, without counting the try."""
    monkeypatch.setattr(decoder, "TICK", 0.001)
    seen = []
    with download.download(files(picture(size=(1000, 1000)))) as file:
        decode.inspect(file, lambda: seen.append(1))
    assert len(seen) > 2

    class Stopped(Exception):
        pass

    def stop() -> None:
        raise Stopped

    with download.download(files(picture(size=(1000, 1000)))) as file, pytest.raises(Stopped):
        decode.inspect(file, stop)


def test_an_endless_file_stops_at_the_cap(files: Callable[..., str]) -> None:
    url = files(*[b"x" * 100_000] * 100)
    with pytest.raises(download.Refused, match="file_too_large"), download.download(url, max_bytes=1_000_000):
        pass


def test_a_trickle_of_headers_stops_at_the_deadline(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        told_all = threading.Event()

        def trickle() -> None:
            line, _ = server.accept()
            with line, contextlib.suppress(OSError):
                line.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                for _ in range(1200):
                    line.sendall(b"x")
                    time.sleep(0.05)
                told_all.set()

        thread = threading.Thread(target=trickle, daemon=True)
        thread.start()
        settings.MEIGEN_BASE_URL = f"http://127.0.0.1:{server.getsockname()[1]}"
        with (
            pytest.raises(download.Failed, match="file_too_slow"),
            download.download(f"{settings.MEIGEN_BASE_URL}/a", seconds=0.3),
        ):
            pass
        assert not told_all.is_set()
        thread.join(5)


def test_a_trickle_stops_at_the_deadline(files: Callable[..., str]) -> None:
    url = files(*[b"x"] * 100, pause=0.05)
    with pytest.raises(download.Failed, match="file_too_slow"), download.download(url, seconds=0.2):
        pass


@each(
    ("limited", "chunks", "pause", "reason"),
    [
        (
            partial(download.download, max_bytes=1_000_000),
            [picture(), *[b"x" * 100_000] * 100],
            0,
            Sentence.FILE_TOO_LARGE.stored(megabytes=1),
        ),
        (partial(download.download, seconds=0.2), [b"x"] * 30, 0.05, Sentence.FILE_TOO_SLOW.stored()),
    ],
)
def test_a_file_without_end_is_refused_with_a_reason_on_the_card(
    files: Callable[..., str],
    user: User,
    browser: Client,
    monkeypatch: pytest.MonkeyPatch,
    limited: Callable[..., object],
    chunks: list[bytes],
    pause: float,
    reason: str,
) -> None:
    monkeypatch.setattr(fetch, "download", limited)
    result = fetched(pending(user, files(*chunks, pause=pause)))
    assert result.problem == reason
    assert f"{translated(reason)} We will try again." in browser.get("/").content.decode()
    assert no_files_left()


def test_a_failure_is_tried_again_later_and_found_by_the_watchdog(files: Callable[..., str], user: User) -> None:
    from django_q.models import OrmQ

    result = fetched(pending(user, files(status=503)))
    assert result.is_pending
    assert result.not_before is not None
    assert result.not_before > timezone.now()
    Result.objects.update(not_before=timezone.now() - timedelta(seconds=1))
    OrmQ.objects.all().delete()  # somebody was to look whether the server answers
    wake.watchdog()
    assert OrmQ.objects.count() == 1


def test_after_days_of_failures_it_is_given_up(files: Callable[..., str], user: User) -> None:
    result = pending(user, files(status=503))
    # However long ago it was finished: the workers may have been away, or the file was lost here.
    Generation.objects.update(finished_at=timezone.now() - timedelta(days=400))
    Result.objects.update(tries=fetch.MAX_FAILURES - 2)
    assert fetched(result).is_pending
    Result.objects.update(not_before=None)
    assert fetched(result).gone_at is not None


@each(("tries", "hours"), [(fetch.MAX_REFUSALS, (3, 6)), (fetch.MAX_FAILURES, (72, 84))])
def test_its_tries_are_hours_apart_in_all(tries: int, hours: tuple[int, int]) -> None:
    waited = sum((fetch._pause(number) for number in range(1, tries)), timedelta())
    assert timedelta(hours=hours[0]) < waited < timedelta(hours=hours[1])


def test_a_wrong_answer_after_days_of_none_is_only_the_first_of_its_kind(files: Callable[..., str], user: User) -> None:
    result = pending(user, files(status=503))
    Result.objects.update(tries=fetch.MAX_FAILURES - 2, problem=Sentence.FILE_TOO_SLOW.stored())
    assert fetched(result).is_pending
    files(b"<html>back in a minute</html>")
    for _ in range(2):
        Result.objects.update(not_before=None)
        assert fetched(result).is_pending
    files(picture())
    Result.objects.update(not_before=None)
    assert fetched(result).kept_at


def test_days_of_a_full_disk_are_no_tries(
    files: Callable[..., str], user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    result = pending(user, files(picture()))
    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "save", full)
        for _ in range(3):
            Result.objects.update(not_before=None)
            assert fetched(result).tries == 0
    assert result.not_before
    assert result.not_before > timezone.now() + timedelta(minutes=10)  # the file's server is not asked all the time


def test_a_stop_is_no_try_and_forgets_nothing(
    files: Callable[..., str], user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = pending(user, files(picture()))
    Result.objects.update(tries=fetch.MAX_FAILURES, problem=Sentence.FILE_TOO_SLOW.stored())
    with monkeypatch.context() as patch:
        patch.setattr("generations.dispatch.stopping.is_stopping", lambda: True)
        fetched(result)
    assert (result.tries, result.problem) == (fetch.MAX_FAILURES, Sentence.FILE_TOO_SLOW.stored())
    assert fetched(result).kept_at


def test_two_workers_fetch_once(files: Callable[..., str], user: User) -> None:
    result = pending(user, files(picture()))
    Result.objects.update(lease_until=timezone.now() + timedelta(seconds=60))
    assert fetched(result).kept_at is None


def test_one_bad_moment_of_the_file_server_loses_nothing(files: Callable[..., str], user: User) -> None:
    url = files(b"<html>busy</html>")
    result = fetched(pending(user, url))
    assert result.is_pending
    files(picture())
    Result.objects.update(not_before=None)
    assert fetched(result).kept_at is not None


def test_what_was_given_up_can_be_fetched_again(files: Callable[..., str], user: User, browser: Client) -> None:
    result = refused(pending(user, files(b"nothing")))
    page = browser.get(result.generation.get_absolute_url()).content.decode()
    assert "Fetch again" in page
    files(picture())
    browser.post(f"{result.generation.get_absolute_url()}fetch-again/")
    assert fetched(result).kept_at is not None


@each("tries", [0, 10 * fetch.MAX_FAILURES])
def test_a_full_disk_is_waited_out_however_long_it_takes(
    files: Callable[..., str], user: User, monkeypatch: pytest.MonkeyPatch, tries: int
) -> None:
    def full(*args: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    result = pending(user, files(picture()))
    Result.objects.update(tries=tries, problem=Sentence.FILE_NOT_SAVED.stored(reason="No space left on device"))
    with monkeypatch.context() as patch:
        patch.setattr(default_storage, "save", full)
        assert "No space left" in fetched(result).problem
    assert result.lease_until is None
    Result.objects.update(not_before=None)
    assert fetched(result).kept_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_run_fetches_all_that_is_due_in_its_slot(files: Callable[..., str], user: User) -> None:
    rows = [pending(user, files(picture(), name=f"{number}")) for number in range(5)]
    fetch.run()
    assert Result.objects.filter(kept_at__isnull=False).count() == len(rows)


def test_slow_files_never_take_all_the_workers(files: Callable[..., str], user: User) -> None:
    soon = timezone.now() + timedelta(minutes=1)
    for slot in wake.FETCH_SLOTS:
        Lease.objects.create(name=slot, owner="another|process|1|2", expires_at=soon)
    result = pending(user, files(picture()))
    fetch.run()
    result.refresh_from_db()
    assert result.tries == 0
    assert len(wake.FETCH_SLOTS) < int(str(configured.Q_CLUSTER["workers"])) - 1
