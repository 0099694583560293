"""Many cases of one behaviour as one test: what differs is in a table, and one set-up serves the whole table."""

import inspect
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import translation

Test = Callable[..., None]


def each(names: str | tuple[str, ...], cases: Iterable[Any]) -> Callable[[Test], Test]:
    """Runs the test for every case, and says which failed; reads like `pytest.mark.parametrize`.

    The fixtures are made once, and only what a case does to the database, or by its `monkeypatch`, is undone before the
    next one. So this is not for tests with transactions of their own, nor for cases that change another fixture bit by
    bit (a server's answers, say): what one case left there would make the next one pass. Those are for `parametrize`.
    """
    keys, listed = (names,) if isinstance(names, str) else names, list(cases)
    assert listed, "a table without cases tests nothing"

    def decorate(test: Test) -> Test:
        @wraps(test)
        def run(*args: Any, **fixtures: Any) -> None:
            failed = []
            for case in listed:
                values = (case,) if isinstance(names, str) else case
                try:
                    with _undone(), pytest.MonkeyPatch.context() as patch:
                        own = {"monkeypatch": patch} if "monkeypatch" in fixtures else {}
                        test(*args, **fixtures | own, **dict(zip(keys, values, strict=True)))
                except Exception:  # noqa: BLE001 all are told at the end
                    failed.append(f"{case!r:.300}\n{traceback.format_exc()}")
            assert not failed, f"{len(failed)} of {len(listed)} cases failed.\n\n" + "\n".join(failed)

        asked = inspect.signature(test).parameters
        fixtures = [parameter for name, parameter in asked.items() if name not in keys]
        run.__signature__ = inspect.Signature(fixtures)  # type: ignore[attr-defined]
        return run

    return decorate


@contextmanager
def _undone() -> Iterator[None]:
    try:
        if connection.in_atomic_block:
            with transaction.atomic():
                yield
                transaction.set_rollback(True)
        else:
            yield
    finally:
        translation.deactivate()
