"""The WebSocket that clients follow their jobs on."""

import asyncio
import contextlib
import json
import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from starlette.websockets import WebSocket, WebSocketDisconnect

from safelight.errors import BadInput, SafelightError
from safelight.jobs.hub import Listener, News, QueueChanged, Told
from safelight.protocol.events import Cancelled, Done, Event, Failed, NodeStarted, Preview, Queued, Started
from safelight.server.access import person_of
from safelight.server.comfy.asking import comfy_of
from safelight.server.comfy.clients import Name
from safelight.server.comfy.features import features
from safelight.server.comfy.frames import preview_frame
from safelight.server.comfy.json_body import read_json
from safelight.server.comfy.log_ring import shown_log
from safelight.server.comfy.pace import Pace
from safelight.server.comfy.prompt import wants_previews
from safelight.server.comfy.story import Story, event_of
from safelight.server.studio import studio_of
from safelight.store import events as stored
from safelight.store.events import StoredEvent

log = logging.getLogger(__name__)

LONGEST_NAME = 255  # characters
LATER = 1013  # "try again later", https://www.iana.org/assignments/websocket
LONGEST_REASON = 40  # characters; 123 bytes are allowed
LOG_EVERY = 0.5  # seconds


async def follow(websocket: WebSocket) -> None:
    """`GET /ws?clientId=ID`: what a client's jobs tell, and the length of the queue, until either side ends it."""
    name = websocket.query_params.get("clientId", "")
    if len(name) > LONGEST_NAME:
        await websocket.close(1008, "The clientId is too long.")
        return
    await websocket.accept()
    conversation = Conversation(websocket, name or uuid.uuid4().hex)
    tasks = [asyncio.create_task(conversation.hear()), asyncio.create_task(conversation.tell())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(ended, SafelightError):
                log.warning("a socket was closed: %s", ended)
                await websocket.close(LATER, ended.what[:LONGEST_REASON])
            elif isinstance(ended, Exception) and not isinstance(ended, WebSocketDisconnect):
                raise ended


@dataclass
class Following:
    """A job that a client is told of.

    Attributes:
        story: What it has told.
        heard: Id of the last stored event in the story.
        previews: Whether the client is shown its previews.
        pace: When it may be told next how far the nodes are.
        is_due: Whether that has changed since.
    """

    story: Story
    heard: int
    previews: bool
    pace: Pace = field(default_factory=Pace)
    is_due: bool = False


class Conversation:
    """One open socket. Used on the event loop's thread only.

    Args:
        websocket: The socket, accepted.
        client: What the client calls itself.
    """

    def __init__(self, websocket: WebSocket, client: str) -> None:
        self._websocket = websocket
        self._studio = studio_of(websocket)
        self._comfy = comfy_of(websocket)
        self._client = client
        self._name: Name = (person_of(websocket).id, client)
        self._jobs: dict[str, Following] = {}
        self._others: dict[str, tuple[str, str]] = {}  # jobs of the person's other clients: node that runs, its type
        self._knows_data = False
        self._log_read = self._comfy.log.last

    async def hear(self) -> None:
        """Take what the client says, until it leaves."""
        while (message := await self._websocket.receive())["type"] != "websocket.disconnect":
            with contextlib.suppress(BadInput):  # what clients say beside this is for other programs
                said = read_json((message.get("text") or "").encode("utf-8", "replace"))
                if isinstance(said, dict) and said.get("type") == "feature_flags":
                    flags = said.get("data")
                    self._knows_data = isinstance(flags, dict) and flags.get("supports_preview_metadata") is True
                    await self._send("feature_flags", features(self._studio.settings))

    async def tell(self) -> None:
        """Say what happens, until the client is too slow to hear it."""
        listener = self._studio.hub.listen(self._name[0])
        self._comfy.clients.come(self._name, self)
        try:
            await self._begin()
            while not listener.cut_off:
                for news in await self._next(listener):
                    await self._pass_on(news)
                await self._send_states()
                await self._send_log()
            await self._websocket.close(LATER, "The client is too slow; connect again.")
        finally:
            self._comfy.clients.leave(self._name, self)
            self._studio.hub.leave(listener)

    async def _begin(self) -> None:
        """Say who the client is and how long the queue is, and take up its jobs that run."""
        remaining = await asyncio.to_thread(self._studio.queue.remaining)
        await self._send("status", _status(remaining) | {"sid": self._client})
        for job, current in self._studio.dispatcher.running().items():
            if (current.row.user, current.row.client) == self._name:
                following = await self._caught_up(job)
                if following.story.node:
                    await self._send(*following.story.executing())
                    following.is_due = True

    async def _next(self, listener: Listener) -> Sequence[News]:
        """What has happened; nothing where something else is to be done first."""
        waits = [each.pace.wait(time.monotonic()) for each in self._jobs.values() if each.is_due]
        if self._comfy.clients.reads_log(self._name):
            waits.append(LOG_EVERY)
        try:
            return await asyncio.wait_for(listener.take(), min(waits, default=None))
        except TimeoutError:
            return ()

    async def _pass_on(self, news: News) -> None:
        if isinstance(news, QueueChanged):
            await self._send("status", _status(news.remaining))
        elif news.client != self._client:
            await self._pass_by(news.event)
        elif self._comfy.clients.is_newest(self._name, self):
            await self._tell_job(news)
        else:
            self._jobs.clear()  # what the newer socket is told would be missing

    async def _tell_job(self, told: Told) -> None:
        event = told.event
        following = self._jobs.get(event.job)
        if following is None:
            if isinstance(event, Queued | Cancelled):  # it does not run
                return
            following = self._follow(event.job) if isinstance(event, Started) else await self._caught_up(event.job)
        if isinstance(event, Preview):
            if following.previews:
                await self._websocket.send_bytes(preview_frame(event, with_data=self._knows_data))
            return
        if told.id is not None:
            if told.id <= following.heard:
                return
            following.heard = told.id
        messages = list(following.story.tell(event, told.time))
        following.is_due |= bool(messages and following.story.states)
        if isinstance(event, Done | Failed | Cancelled):
            del self._jobs[event.job]
            await self._send(*following.story.progress_state())
        for message in messages:
            await self._send(*message)

    def _follow(self, job: str) -> Following:
        current = self._studio.dispatcher.running().get(job)
        following = Following(Story(job), 0, previews=current is None or wants_previews(current.row))
        self._jobs[job] = following
        return following

    async def _caught_up(self, job: str) -> Following:
        """A job that runs already, with all that it has told."""
        following = self._follow(job)
        for one in await asyncio.to_thread(self._stored, job):
            following.heard = one.id
            for _ in following.story.tell(event_of(one), one.time):
                pass
        return following

    def _stored(self, job: str) -> list[StoredEvent]:
        with self._studio.database.read() as connection:
            return stored.events_of(connection, job)

    async def _pass_by(self, event: Event) -> None:
        """Take note of another client's job: everybody is told when one is interrupted."""
        match event:
            case Started(job):
                self._others[job] = ("", "")
            case NodeStarted(job, node, class_type):
                self._others[job] = (node, class_type)
            case Done(job) | Failed(job):
                self._others.pop(job, None)
            case Cancelled(job) if job in self._others:
                node, class_type = self._others.pop(job)
                where = {"node_id": node or None, "node_type": class_type or None}
                await self._send("execution_interrupted", {"prompt_id": job, **where, "executed": []})

    async def _send_states(self) -> None:
        """Tell how far the nodes of each job are, where it is time."""
        for following in list(self._jobs.values()):
            if following.is_due and not following.pace.wait(time.monotonic()):
                size = await self._send(*following.story.progress_state())
                following.pace.sent(time.monotonic(), size)
                following.is_due = False

    async def _send_log(self) -> None:
        lines = self._comfy.log.lines(self._log_read) if self._comfy.clients.reads_log(self._name) else []
        if lines:
            self._log_read = lines[-1].number
            await self._send("logs", shown_log(lines))

    async def _send(self, kind: str, data: Mapping[str, object]) -> int:
        """Send a message; its size."""
        text = json.dumps({"type": kind, "data": data}, separators=(",", ":"))
        await self._websocket.send_text(text)
        return len(text)


def _status(remaining: int) -> dict[str, object]:
    return {"status": {"exec_info": {"queue_remaining": remaining}}}
