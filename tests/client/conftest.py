"""A server with engines that pretend, and a client that speaks to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from safelight.client import Client
from tests.serving import Served, serving


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A running server."""
    with serving(tmp_path / "server") as running:
        yield running


@pytest.fixture
def client(served: Served) -> Iterator[Client]:
    """Speaks to it."""
    with Client(served.url) as speaking:
        yield speaking
