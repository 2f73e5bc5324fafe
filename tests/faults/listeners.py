"""Two hundred clients that listen to one job, of which one reads nothing."""

import asyncio
import json
import socket
import time
from dataclasses import dataclass

from websockets.asyncio.client import connect

from tests.serving import Served

CLIENTS = 200


@dataclass(frozen=True)
class Heard:
    """What became of them.

    Attributes:
        clients: How many listened and read.
        told: How many of them heard of the job's end.
        seconds: From the submission to when the last of them did.
        answer: The longest that another request took meanwhile, in seconds.
    """

    clients: int
    told: int
    seconds: float
    answer: float


def listen_together(served: Served, workflow: dict[str, object]) -> Heard:
    """Have a job run while everybody listens."""
    return asyncio.run(_listen_together(served, workflow))


async def _listen_together(served: Served, workflow: dict[str, object]) -> Heard:
    address = served.url.replace("http", "ws") + "/api/v1/events/ws"
    slow = await connect(address, sock=_narrow(served.url), max_queue=1)
    quick = [await connect(address) for _ in range(CLIENTS - 1)]
    begun = time.monotonic()
    job = await asyncio.to_thread(_submit, served, workflow)
    ends = [asyncio.create_task(_end_of(listener, job)) for listener in quick]
    answer = 0.0
    while not all(end.done() for end in ends) and time.monotonic() - begun < 60:
        asked = time.monotonic()
        await asyncio.to_thread(served.http.get, "/api/v1/health")
        answer = max(answer, time.monotonic() - asked)
        await asyncio.sleep(0.05)
    told = sum(end.done() and not end.cancelled() and end.exception() is None for end in ends)
    seconds = time.monotonic() - begun
    for end in ends:
        end.cancel()
    slow.transport.abort()
    for listener in quick:
        listener.transport.abort()
    return Heard(len(quick), told, seconds, answer)


def _submit(served: Served, workflow: dict[str, object]) -> str:
    answer = served.http.post("/prompt", json={"prompt": workflow})
    return str(answer.raise_for_status().json()["prompt_id"])


async def _end_of(listener: object, job: str) -> None:
    async for message in listener:  # type: ignore[attr-defined]
        news = json.loads(message)
        if news.get("event") == "done" and news.get("job") == job:
            return
    raise ConnectionError("cut off")


def _narrow(url: str) -> socket.socket:
    """A connection that takes little before it is full."""
    host, port = url.removeprefix("http://").split(":")
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    narrow.connect((host, int(port)))
    narrow.setblocking(False)
    return narrow
