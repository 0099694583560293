"""The servers the contract is tested against."""

from collections.abc import Iterator

import pytest

from .meigen import Meigen


@pytest.fixture
def meigen() -> Iterator[Meigen]:
    """Today's server."""
    running = Meigen()
    yield running
    running.stop()


@pytest.fixture
def older() -> Iterator[Meigen]:
    """A server of the first edition."""
    running = Meigen(edition=1)
    yield running
    running.stop()
