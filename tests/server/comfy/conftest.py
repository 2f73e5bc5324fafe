"""A server for the tests of a file, and what clients say to it."""

from collections.abc import Iterator

import pytest

from tests.serving import Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that the tests of a file share."""
    with serving(tmp_path_factory.mktemp("home")) as server:
        yield server
