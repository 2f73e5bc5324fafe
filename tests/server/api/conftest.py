"""A server with engines that pretend, and a client of ours that speaks to it."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from safelight.client import Client
from tests.serving import Served, serving

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A running server."""
    with serving(tmp_path) as running:
        yield running


@pytest.fixture
def client(served: Served) -> Iterator[Client]:
    """Speaks to it."""
    with Client(served.url) as speaking:
        yield speaking


@pytest.fixture
def paused(served: Served) -> Served:
    """The same with a queue that stands still."""
    served.http.post("/api/v1/queue/pause", json={}).raise_for_status()
    return served


def encoded(width: int = 40, height: int = 20, kind: str = "PNG", mode: str = "RGB", **how: object) -> bytes:
    """A picture file."""
    file = io.BytesIO()
    Image.new(mode, (width, height), how.pop("colour", "red")).save(file, kind, **how)  # type: ignore[arg-type]
    return file.getvalue()


Upload = Callable[..., dict[str, object]]


@pytest.fixture
def upload(served: Served) -> Upload:
    """Uploads a picture; what the server says of it."""

    def send(content: bytes, name: str = "it.png") -> dict[str, object]:
        answer = served.http.post("/api/v1/assets", files={"file": (name, content)})
        assert answer.status_code == 201, answer.text
        view: dict[str, object] = answer.json()
        return view

    return send
