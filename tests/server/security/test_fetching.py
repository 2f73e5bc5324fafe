"""No node and no route fetches what a URL names: nothing of the server and of the worker can speak to others."""

from collections.abc import Iterator

import pytest

from tests.test_architecture import ALLOWED, imports, modules

SPEAKING = (
    "urllib.request",
    "http.client",
    "ftplib",
    "requests",
    "httpx",
    "httpx2",
    "aiohttp",
    "urllib3",
    "websockets",
)
CLIENTS = {"client", "cli"}
"""What asks a server that the person has named."""


def _speaking(package: str) -> Iterator[tuple[str, str]]:
    for path in modules(package):
        for name in imports(path):
            if any(name == each or name.startswith(f"{each}.") for each in SPEAKING):
                yield path.name, name


@pytest.mark.parametrize("package", sorted(set(ALLOWED) - CLIENTS))
def test_nothing_imports_what_fetches(package: str) -> None:
    assert list(_speaking(package)) == []


def test_what_fetches_would_be_noticed() -> None:
    assert list(_speaking("client"))
