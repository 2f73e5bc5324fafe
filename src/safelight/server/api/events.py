"""What happens to jobs, as it happens: server-sent events and a WebSocket, both with what was missed.

Both tell the same: the events of `protocol.events`, and `open`, `queue`, `alive` and `reconnect` of the stream itself.
Previews come as base64, in both.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Header, Query, WebSocket, WebSocketDisconnect
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from safelight.errors import SafelightError
from safelight.jobs.hub import Listener, News, QueueChanged
from safelight.protocol.events import NodeStarted, to_json
from safelight.server.access import Me
from safelight.server.api.answers import ID, LAST, Everyone, refusals
from safelight.server.errors import status_of, told
from safelight.server.studio import Studio, TheStudio
from safelight.store import events as stored

router = APIRouter(prefix="/events", tags=["events"])

ENCODED = 64  # of the last things told, kept as text: all listeners are told the same
HEARTBEAT = 15.0  # seconds of silence after which a word is said, so that both ends know that the other is there
AGAIN = 1000  # milliseconds until a browser that has lost the stream comes back
PORTION = 500  # stored events read at a time
REFUSED = 4000  # plus the status of HTTP: the code that a WebSocket is closed with

After = Annotated[int | None, Query(ge=0, le=LAST, description="Id of the last event seen: tell what came since.")]
OfJob = Annotated[str | None, Query(pattern=ID, description="Tell of this job only.")]


@dataclass(frozen=True)
class Message:
    """One thing that is told.

    Attributes:
        event: Its kind.
        data: JSON text of an object that has the kind, too.
        id: By which it can be asked for what came after it; None where it is not kept.
    """

    event: str
    data: str
    id: int | None = None


@router.get(
    "",
    response_class=StreamingResponse,
    responses=refusals(404) | {200: {"content": {"text/event-stream": {}}, "description": "Events, without end."}},
)
async def stream_events(
    studio: TheStudio,
    me: Me,
    after: After = None,
    job: OfJob = None,
    everyone: Everyone = False,
    last_event_id: Annotated[str, Header(description="As browsers send it when they come back.")] = "",
) -> StreamingResponse:
    """Server-sent events of your jobs.

    The first is `open`, whose `last` is the newest id; without `after` or `Last-Event-ID` nothing older is told, but
    for what running jobs show now: their newest `node`, `progress` and `preview`. The latter two have no id and are
    not kept. `reconnect` says that this stream ends because it was
    read too slowly: come again with the last id.
    """
    if job is not None:
        await run_in_threadpool(studio.queue.get, job, me.sees)
    if after is None and last_event_id.isdecimal() and len(last_event_id) < 19:
        after = int(last_event_id)

    user = me.sees if everyone or job else me.id

    async def lines() -> AsyncIterator[str]:
        yield f"retry: {AGAIN}\n\n"
        async with contextlib.aclosing(messages(studio, user, after, job)) as told_now:
            async for message in told_now:
                number = "" if message.id is None else f"id: {message.id}\n"
                yield f"{number}event: {message.event}\ndata: {message.data}\n\n"

    return StreamingResponse(
        lines(),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},  # the latter for nginx, which would hold it
    )


@router.websocket("/ws")
async def events_by_socket(
    socket: WebSocket, studio: TheStudio, me: Me, after: After = None, job: OfJob = None, everyone: Everyone = False
) -> None:
    """The same as messages of JSON; those that are kept have an `id`. What is sent to it is not read."""
    await socket.accept()
    try:
        if job is not None:
            await run_in_threadpool(studio.queue.get, job, me.sees)
    except SafelightError as error:
        await socket.send_json(told(error))
        await socket.close(REFUSED + status_of(error))
        return
    sending = asyncio.create_task(_send(socket, studio, me.sees if everyone or job else me.id, after, job))
    reading = asyncio.create_task(_until_closed(socket))
    _, pending = await asyncio.wait((sending, reading), return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(sending, reading, return_exceptions=True)
    with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # it is closed already
        await socket.close()


async def messages(
    studio: Studio, user: str | None, after: int | None, job: str | None
) -> AsyncGenerator[Message, None]:
    """What is told to one listener, without end, unless it reads too slowly.

    Args:
        studio: Where it happens.
        user: Whose jobs; None for everybody's.
        after: Id of the last event seen; None for nothing older than now.
        job: The only one that it is told of; None for all.
    """
    listener = studio.hub.listen(user)
    try:
        last = await run_in_threadpool(_last_event, studio)
        yield Message("open", json.dumps({"event": "open", "last": last}), last if after is None else None)
        seen = last if after is None else after
        while after is not None and (some := await run_in_threadpool(_stored, studio, user, seen, job)):
            for message in some:
                seen = message.id or seen
                yield message
        for told_last in studio.hub.shown_now(user, job):
            if after is None or not isinstance(told_last.event, NodeStarted):  # that was told again already
                yield _message(replace(told_last, id=None))
        async for message in _live(listener, job, seen):
            yield message
    finally:
        studio.hub.leave(listener)


async def _live(listener: Listener, job: str | None, seen: int) -> AsyncIterator[Message]:
    while not listener.cut_off:
        try:
            news = await asyncio.wait_for(listener.take(), HEARTBEAT)
        except TimeoutError:
            yield Message("alive", json.dumps({"event": "alive"}))
            continue
        for one in news:
            if _concerns(one, job, seen):
                yield _message(one)
    yield Message("reconnect", json.dumps({"event": "reconnect"}))


def _concerns(news: News, job: str | None, seen: int) -> bool:
    if isinstance(news, QueueChanged):
        return job is None
    return (job is None or news.event.job == job) and (news.id is None or news.id > seen)


@lru_cache(maxsize=ENCODED)
def _message(news: News) -> Message:
    if isinstance(news, QueueChanged):
        return Message("queue", json.dumps({"event": "queue", "remaining": news.remaining}))
    document = to_json(news.event)
    number = {} if news.id is None else {"id": news.id}
    return Message(str(document["event"]), json.dumps({**document, "time": news.time, **number}), news.id)


def _last_event(studio: Studio) -> int:
    with studio.database.read() as connection:
        return stored.last_event(connection)


def _stored(studio: Studio, user: str | None, after: int, job: str | None) -> list[Message]:
    with studio.database.read() as connection:
        if job is not None:
            found = stored.events_of(connection, job, after)
        else:
            found = stored.events_after(connection, after, user=user, limit=PORTION)
    return [
        Message(
            event.tag,
            json.dumps({"event": event.tag, **json.loads(event.data), "time": event.time, "id": event.id}),
            event.id,
        )
        for event in found
    ]


async def _send(socket: WebSocket, studio: Studio, user: str | None, after: int | None, job: str | None) -> None:
    async with contextlib.aclosing(messages(studio, user, after, job)) as told_now:
        async for message in told_now:
            await socket.send_text(message.data)


async def _until_closed(socket: WebSocket) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            await socket.receive()
