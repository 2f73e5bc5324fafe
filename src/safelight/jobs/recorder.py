"""Writes what happens into the database, then tells the listeners: what was told is never lost.

Events are written in groups, so that a thousand quick nodes cost a few transactions. While the database cannot be
written to, they wait here, in order.
"""

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from safelight.errors import SafelightError
from safelight.jobs.hub import Hub, QueueChanged, Told
from safelight.protocol.events import Event, Preview, Progress, to_json
from safelight.store import events as stored
from safelight.store import jobs as rows
from safelight.store.database import Database
from safelight.store.jobs import OPEN

log = logging.getLogger(__name__)

AGAIN = 0.5  # seconds until the next try, where the database could not be written to
MOST = 500  # events in one transaction


@dataclass(frozen=True)
class Entry:
    """One event on its way.

    Attributes:
        event: What happened.
        user, client: See `Told`.
        also: More to be written in the same transaction.
    """

    event: Event
    user: str
    client: str
    also: Callable[[Connection], object] | None = None


class Recorder:
    """Takes events on the loop's thread, writes them in another, and tells the hub.

    Args:
        database: Where to.
        hub: Who is told.
    """

    def __init__(self, database: Database, hub: Hub) -> None:
        self._database = database
        self._hub = hub
        self._waiting: deque[Entry] = deque()
        self._something = asyncio.Event()
        self._nothing = asyncio.Event()
        self._nothing.set()

    def put(self, entry: Entry) -> None:
        """Take an event; from the loop's thread."""
        self._waiting.append(entry)
        self._nothing.clear()
        self._something.set()

    def queue_changed(self) -> None:
        """Tell that the queue has changed, once what is on its way is written; from the loop's thread."""
        self._waiting.append(_CHANGED)
        self._nothing.clear()
        self._something.set()

    async def drain(self) -> None:
        """Wait until all is written and told."""
        await self._nothing.wait()

    async def run(self) -> None:
        """Write and tell, for as long as the server lives."""
        while True:
            await self._something.wait()
            self._something.clear()
            while self._waiting:
                some = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
                await self._record(some)
            self._nothing.set()

    async def _record(self, entries: Sequence[Entry]) -> None:
        now = time.time()
        kept = [entry for entry in entries if entry is not _CHANGED and not isinstance(entry.event, Progress | Preview)]
        ids = iter(await self._written(kept, now))
        changed = False
        for entry in entries:
            if entry is _CHANGED:
                changed = True
                continue
            stored = None if isinstance(entry.event, Progress | Preview) else next(ids)
            self._hub.tell(Told(stored, now, entry.user, entry.client, entry.event))
        if changed:
            await self._tell_length()

    async def _written(self, kept: Sequence[Entry], now: float) -> list[int | None]:
        """Write events, however long the database cannot be written to; their ids, None for one that cannot be."""
        if not kept:
            return []
        while True:
            try:
                return [*await asyncio.to_thread(self._write, kept, now)]
            except SafelightError as error:
                log.warning("%s events wait to be written: %s", len(kept), error)
                await asyncio.sleep(AGAIN)
            except Exception:
                if len(kept) == 1:
                    log.exception("an event could not be written: %s", kept[0].event)
                    return [None]
                return [(await self._written([entry], now))[0] for entry in kept]

    def _write(self, kept: Sequence[Entry], now: float) -> list[int]:
        with self._database.write() as connection:
            for entry in kept:
                if entry.also is not None:
                    entry.also(connection)
            written = [row_of(entry.event, now) for entry in kept]
            return stored.insert_events(connection, written)

    async def _tell_length(self) -> None:
        try:
            remaining = await asyncio.to_thread(self._count)
        except SafelightError as error:
            log.warning("the length of the queue could not be told: %s", error)
        else:
            self._hub.tell(QueueChanged(remaining))

    def _count(self) -> int:
        with self._database.read() as connection:
            return rows.count_jobs(connection, OPEN)


def row_of(event: Event, now: float) -> tuple[str, float, str, str]:
    """An event as `store.events.insert_events` takes it."""
    document = to_json(event)
    return event.job, now, str(document.pop("event")), json.dumps(document)


_CHANGED = Entry(Progress("", "", 0, 0), "", "")
"""Stands among the events for a change of the queue."""
