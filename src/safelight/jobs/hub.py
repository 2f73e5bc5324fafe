"""The stream of what happens, to everybody who listens; a slow listener costs the others nothing."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from safelight.protocol.events import (
    Cancelled,
    Done,
    Event,
    Failed,
    NodeStarted,
    Preview,
    Progress,
    Queued,
)

BACKLOG = 5000
"""Things that a listener may be behind; one that is further behind is cut off, and can come again and catch up."""


@dataclass(frozen=True)
class Told:
    """One thing that happened to a job.

    Attributes:
        id: Of the stored event; None for steps and previews, which are not kept.
        time: Seconds since 1970.
        user: Id of the job's owner.
        client: Who sent it, as clients of ComfyUI's kind call themselves; empty for nobody.
        event: What happened.
    """

    id: int | None
    time: float
    user: str
    client: str
    event: Event


@dataclass(frozen=True)
class QueueChanged:
    """The queue has another length, order or state.

    Attributes:
        remaining: Jobs queued and running, of everybody.
    """

    remaining: int


News = Told | QueueChanged


class Listener:
    """What one listener has not taken yet. Steps and previews of a node replace the ones before them."""

    def __init__(self, user: str | None) -> None:
        self.user = user
        self.cut_off = False
        self._waiting: OrderedDict[object, News] = OrderedDict()
        self._count = 0
        self._something = asyncio.Event()

    def put(self, news: News) -> None:
        """Add something; from the loop's thread."""
        if self.cut_off:
            return
        key = _replaces(news)
        if key is None:
            self._count += 1
            key = self._count
        else:
            self._waiting.pop(key, None)
        self._waiting[key] = news
        if len(self._waiting) > BACKLOG:
            self.cut_off = True
            self._waiting.clear()
        self._something.set()

    async def take(self) -> list[News]:
        """All that has happened since the last time, oldest first; waits for something.

        Returns:
            Nothing where the listener was cut off.
        """
        await self._something.wait()
        self._something.clear()
        taken = list(self._waiting.values())
        self._waiting.clear()
        return taken

    async def __aiter__(self) -> AsyncIterator[News]:
        while not self.cut_off:
            for news in await self.take():
                yield news


class Hub:
    """Hands news on to listeners. Used from the event loop's thread only."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._shown: dict[str, dict[type[Event], Told]] = {}  # by running job, the newest of what is not kept

    def __len__(self) -> int:
        return len(self._listeners)

    def listen(self, user: str | None) -> Listener:
        """Begin to listen.

        Args:
            user: Whose jobs; None for everybody's.
        """
        listener = Listener(user)
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Stop listening."""
        self._listeners.discard(listener)

    def tell(self, news: News) -> None:
        """Tell all whom it concerns."""
        if isinstance(news, Told):
            self._note(news)
        for listener in self._listeners:
            if isinstance(news, QueueChanged) or listener.user is None or listener.user == news.user:
                listener.put(news)

    def tell_all(self, told: Iterable[News]) -> None:
        """Tell several things, in this order."""
        for news in told:
            self.tell(news)

    def shown_now(self, user: str | None, job: str | None = None) -> list[Told]:
        """How the jobs that are running stand: of each the node, its step and its preview, as told last.

        Args:
            user: Whose jobs; None for everybody's.
            job: The only one; None for all.
        """
        return [
            told
            for running, newest in self._shown.items()
            if job in (None, running)
            for told in newest.values()
            if user in (None, told.user)
        ]

    def _note(self, told: Told) -> None:
        match told.event:
            case NodeStarted(job):
                self._shown[job] = {NodeStarted: told}
            case Progress(job) | Preview(job):
                self._shown.setdefault(job, {})[type(told.event)] = told
            case Queued(job) | Done(job) | Failed(job) | Cancelled(job):
                self._shown.pop(job, None)

    def is_watched(self, user: str) -> bool:
        """Whether anybody would see previews of a user's jobs."""
        return any(listener.user is None or listener.user == user for listener in self._listeners)


def _replaces(news: News) -> object | None:
    """What is overtaken by later news of the same kind; None for what everybody must be told."""
    if isinstance(news, QueueChanged):
        return QueueChanged
    if isinstance(news.event, Progress | Preview):
        return type(news.event), news.event.job, news.event.node
    return None
