"""Fixtures of this room's tests."""

import pytest

from generations.dispatch import sweep


@pytest.fixture
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep that looks for news ten times a second: what a test waits for comes at once."""
    monkeypatch.setattr(sweep, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(sweep, "FLUSH_SECONDS", 0.02)
