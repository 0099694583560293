"""Fixtures of this room's tests."""

from tests.dispatch.conftest import looks_often

__all__ = ["looks_often"]
