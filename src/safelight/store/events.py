"""What happened to jobs, in the database."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from safelight.store.portions import in_portions
from safelight.store.tables import EVENTS, JOBS


@dataclass(frozen=True)
class StoredEvent:
    """An event that is kept.

    Attributes:
        id: Grows with time.
        job: Id of its job.
        time: Seconds since 1970.
        tag: As in `protocol.events.EVENTS`.
        data: The event as JSON text.
    """

    id: int
    job: str
    time: float
    tag: str
    data: str


def insert_events(connection: Connection, events: Sequence[tuple[str, float, str, str]]) -> list[int]:
    """Keep events, each (job, time, tag, JSON text); their ids, which grow in the given order."""
    if not events:
        return []
    rows = [dict(zip(("job_id", "time", "tag", "data"), event, strict=True)) for event in events]
    query = insert(EVENTS).returning(EVENTS.c.id, sort_by_parameter_order=True)
    return [row.id for row in connection.execute(query, rows)]


def events_of(connection: Connection, job: str, after: int = 0) -> list[StoredEvent]:
    """The events of a job, oldest first, behind the one with the id `after`."""
    query = select(EVENTS).where(EVENTS.c.job_id == job, EVENTS.c.id > after).order_by(EVENTS.c.id)
    return [_event(row) for row in connection.execute(query)]


def events_after(connection: Connection, after: int, *, user: str | None, limit: int) -> list[StoredEvent]:
    """Events of all jobs behind the one with the id `after`, oldest first."""
    query = select(EVENTS).where(EVENTS.c.id > after).order_by(EVENTS.c.id).limit(limit)
    if user is not None:
        query = query.join(JOBS, JOBS.c.id == EVENTS.c.job_id).where(JOBS.c.user_id == user)
    return [_event(row) for row in connection.execute(query)]


def events_of_jobs(connection: Connection, jobs: Iterable[str], tags: Collection[str]) -> dict[str, list[StoredEvent]]:
    """The events of some kinds, by job."""
    found: dict[str, list[StoredEvent]] = {job: [] for job in jobs}
    for some in in_portions(list(found)):
        query = select(EVENTS).where(EVENTS.c.job_id.in_(some), EVENTS.c.tag.in_(tags)).order_by(EVENTS.c.id)
        for row in connection.execute(query):
            found[row.job_id].append(_event(row))
    return found


def last_event(connection: Connection) -> int:
    """The highest id of an event; 0 where there is none."""
    return int(connection.execute(select(func.max(EVENTS.c.id))).scalar_one() or 0)


def _event(row: Row[Any]) -> StoredEvent:
    return StoredEvent(row.id, row.job_id, row.time, row.tag, row.data)
