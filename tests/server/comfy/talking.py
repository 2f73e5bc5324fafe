"""What clients of ComfyUI's kind do."""

import contextlib
import io
import json
from collections.abc import Callable, Iterator
from typing import Any, cast

from PIL import Image
from websockets.sync.client import ClientConnection, connect

from tests.serving import Served, eventually, workflow

PATIENCE = 20.0  # seconds


@contextlib.contextmanager
def socket_of(served: Served, client: str = "") -> Iterator[ClientConnection]:
    """A socket, greeted."""
    query = f"?clientId={client}" if client else ""
    with connect(served.url.replace("http", "ws") + f"/ws{query}", max_size=None, max_queue=None) as socket:
        yield socket


def said(socket: ClientConnection) -> dict[str, Any]:
    """The next message that is no picture."""
    while isinstance(message := socket.recv(timeout=PATIENCE), bytes):
        pass
    return cast(dict[str, Any], json.loads(message))


def said_until(socket: ClientConnection, is_last: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """All that is said up to a message."""
    heard = [said(socket)]
    while not is_last(heard[-1]):
        heard.append(said(socket))
    return heard


def is_end(job: str) -> Callable[[dict[str, Any]], bool]:
    """Whether a message is the last one about a job."""
    return lambda message: (
        message["type"] == "executing" and message["data"]["node"] is None and message["data"]["prompt_id"] == job
    )


def post(served: Served, prompt: object = None, **more: object) -> str:
    """Put a workflow into the queue; the id of the job."""
    answer = served.http.post("/prompt", json={"prompt": prompt or workflow(), **more})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["prompt_id"])


def finished(served: Served, job: str) -> dict[str, Any]:
    """A job's place in the history, once it has ended."""
    return cast(dict[str, Any], eventually(lambda: served.http.get(f"/history/{job}").json().get(job)))


def png(colour: object = "teal", size: tuple[int, int] = (8, 6), mode: str = "RGB", **options: Any) -> bytes:
    """A picture of one colour."""
    file = io.BytesIO()
    Image.new(mode, size, colour).save(file, "PNG", **options)  # type: ignore[arg-type]
    return file.getvalue()
