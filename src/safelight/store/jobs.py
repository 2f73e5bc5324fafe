"""Jobs and their events in the database."""

import json
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, and_, delete, func, insert, or_, select, update

from safelight.store.model_books import count_use
from safelight.store.portions import in_portions
from safelight.store.tables import JOBS

State = Literal["queued", "running", "done", "failed", "cancelled"]
OPEN: tuple[State, ...] = ("queued", "running")
ENDED: tuple[State, ...] = ("done", "failed", "cancelled")


@dataclass(frozen=True)
class NewJob:
    """A job as it is put into the queue.

    Attributes:
        id: Chosen by the client or drawn.
        user: Id of its owner.
        workflow: JSON text in the API format.
        outputs: Ids of the nodes that save or show something.
        targets: Ids of the nodes to run for; None for all that save or show something.
        extra: JSON text of what came with it, such as the graph editor's document.
        notes: JSON text for the record in saved files.
        models: Paths of the model files that it names.
        estimate: Seconds it will take; None where unknown.
        priority: Higher goes first.
        batch: Id of the request that it came with; empty for one alone.
        client: Who is told over a socket of ComfyUI's kind.
        title: What people call it.
        pictures: That its workflow names, by folder and path.
    """

    id: str
    user: str
    workflow: str
    outputs: Sequence[str]
    targets: Sequence[str] | None = None
    extra: str = "{}"
    notes: str = "{}"
    models: Sequence[str] = ()
    estimate: float | None = None
    priority: int = 0
    batch: str = ""
    client: str = ""
    title: str = ""
    pictures: Collection[tuple[str, str]] = ()


@dataclass(frozen=True)
class JobRow:
    """A job as it stands; fields as in `NewJob` and in the table."""

    id: str
    user: str
    state: State
    priority: int
    number: float
    batch: str
    client: str
    title: str
    workflow: str
    targets: tuple[str, ...] | None
    outputs: tuple[str, ...]
    extra: str
    notes: str
    models: tuple[str, ...]
    estimate: float | None
    created: float
    started: float | None
    ended: float | None
    device_seconds: float
    crashes: int
    restarts: int
    engine: str
    error: str | None


@dataclass(frozen=True)
class Waiting:
    """What dispatch looks at of a queued job."""

    id: str
    user: str
    priority: int
    number: float
    models: tuple[str, ...]


@dataclass(frozen=True)
class JobTexts:
    """A job as lists of many show it: its documents are the JSON texts that are kept, to be handed on as they are.

    Attributes:
        id, user, state, number: As in `JobRow`.
        workflow, extra, outputs: JSON texts.
    """

    id: str
    user: str
    state: State
    number: float
    workflow: str
    extra: str
    outputs: str


def insert_jobs(connection: Connection, jobs: Sequence[NewJob], *, front: bool = False) -> list[float]:
    """Put jobs into the queue, behind all others or before them; their numbers."""
    lowest, highest = connection.execute(select(func.min(JOBS.c.number), func.max(JOBS.c.number))).one()
    first = (lowest or 0.0) - len(jobs) if front else (highest or 0.0) + 1
    now = time.time()
    numbers = [first + place for place in range(len(jobs))]
    connection.execute(
        insert(JOBS),
        [
            {
                "id": job.id,
                "user_id": job.user,
                "state": "queued",
                "priority": job.priority,
                "number": number,
                "batch_id": job.batch or None,
                "client_id": job.client,
                "title": job.title,
                "workflow": job.workflow,
                "targets": None if job.targets is None else json.dumps(list(job.targets)),
                "outputs": json.dumps(list(job.outputs)),
                "extra": job.extra,
                "notes": job.notes,
                "models": json.dumps(list(job.models)),
                "estimate": job.estimate,
                "created": now,
                "device_seconds": 0.0,
                "crashes": 0,
                "restarts": 0,
                "engine": "",
            }
            for job, number in zip(jobs, numbers, strict=True)
        ],
    )
    return numbers


def get_job(connection: Connection, job: str) -> JobRow | None:
    """A job by its id."""
    row = connection.execute(select(JOBS).where(JOBS.c.id == job)).one_or_none()
    return None if row is None else _job(row)


def page_of_jobs(
    connection: Connection,
    *,
    user: str | None,
    states: Collection[State],
    limit: int,
    offset: int = 0,
    newest_first: bool = False,
    batch: str | None = None,
) -> list[JobRow]:
    """Jobs in the order in which they run (queued) or ended.

    Args:
        user: Whose; None for everybody's.
        states: Which.
        limit: At most so many.
        offset: So many are passed over.
        newest_first: The other way about.
        batch: Of one request only.
    """
    order = _ended_order() if set(states) <= set(ENDED) else _queue_order()
    if newest_first:
        order = [column.desc() for column in _plain_order(states)]
    some = select(JOBS.c.id).where(*_which(user, states, batch)).order_by(*order).limit(limit).offset(offset)
    ids = [row.id for row in connection.execute(some)]  # rows are long, and only those of the page are to be read
    return jobs_by_id(connection, ids)


def jobs_before_in_time(connection: Connection, job: JobRow, most: int) -> list[JobRow]:
    """The jobs of the same person that began before one did, the newest first, at most so many."""
    query = (
        select(JOBS.c.id)
        .where(
            JOBS.c.user_id == job.user,
            JOBS.c.id != job.id,
            JOBS.c.started.is_not(None),
            JOBS.c.started <= (job.started if job.started is not None else time.time()),
        )
        .order_by(JOBS.c.started.desc(), JOBS.c.number.desc())
        .limit(most)
    )
    return jobs_by_id(connection, [row.id for row in connection.execute(query)])


def jobs_by_id(connection: Connection, ids: Sequence[str]) -> list[JobRow]:
    """Jobs in the order of their ids; those that are no more are left out."""
    found: dict[str, JobRow] = {}
    for some in in_portions(ids):
        for row in connection.execute(select(JOBS).where(JOBS.c.id.in_(some))):
            found[row.id] = _job(row)
    return [found[job] for job in ids if job in found]


def ids_of_open(connection: Connection, user: str | None) -> list[tuple[str, State]]:
    """Ids and states of all jobs that have not ended, in the order in which they run.

    Args:
        user: Whose; None for everybody's.
    """
    query = select(JOBS.c.id, JOBS.c.state).where(*_which(user, OPEN, None)).order_by(*_queue_order())
    return [(row.id, row.state) for row in connection.execute(query)]


def ids_of_ended(connection: Connection, user: str | None, most: int) -> list[str]:
    """Ids of the newest jobs that have ended, oldest first; without those that were cancelled before they began.

    Args:
        user: Whose; None for everybody's.
        most: At most so many.
    """
    has_begun = or_(JOBS.c.state != "cancelled", JOBS.c.started.is_not(None))
    newest = [column.desc() for column in _ended_order()]
    query = select(JOBS.c.id).where(*_which(user, ENDED, None), has_begun).order_by(*newest).limit(most)
    return [row.id for row in connection.execute(query)][::-1]


def texts_of_jobs(connection: Connection, ids: Sequence[str]) -> list[JobTexts]:
    """Jobs as lists show them, in the order of their ids; those that are no more are left out."""
    names = ("id", "user_id", "state", "number", "workflow", "extra", "outputs")
    found: dict[str, JobTexts] = {}
    for some in in_portions(ids):
        for row in connection.execute(select(*(JOBS.c[name] for name in names)).where(JOBS.c.id.in_(some))):
            found[row.id] = JobTexts(*row)
    return [found[job] for job in ids if job in found]


def count_jobs(
    connection: Connection, states: Collection[State], *, user: str | None = None, batch: str | None = None
) -> int:
    """How many jobs there are; arguments as for `page_of_jobs`."""
    query = select(func.count()).select_from(JOBS).where(*_which(user, states, batch))
    return int(connection.execute(query).scalar_one())


def waiting_jobs(connection: Connection, each: int) -> list[Waiting]:
    """The next jobs of every user, at most `each` of them, in the order of the queue."""
    place = func.row_number().over(partition_by=JOBS.c.user_id, order_by=(JOBS.c.priority.desc(), JOBS.c.number))
    first = (
        select(JOBS.c.id, JOBS.c.user_id, JOBS.c.priority, JOBS.c.number, JOBS.c.models, place.label("place"))
        .where(JOBS.c.state == "queued")
        .subquery()
    )
    query = select(first).where(first.c.place <= each).order_by(first.c.priority.desc(), first.c.number)
    return [
        Waiting(row.id, row.user_id, row.priority, row.number, tuple(json.loads(row.models)))
        for row in connection.execute(query)
    ]


def jobs_before(connection: Connection, job: JobRow) -> tuple[int, float | None]:
    """How many queued jobs go before one, and the seconds they will take; None where one's are unknown."""
    before = or_(JOBS.c.priority > job.priority, and_(JOBS.c.priority == job.priority, JOBS.c.number < job.number))
    query = select(func.count(), func.count(JOBS.c.estimate), func.coalesce(func.sum(JOBS.c.estimate), 0.0)).where(
        JOBS.c.state == "queued", before
    )
    count, known, seconds = connection.execute(query).one()
    return int(count), float(seconds) if known == count else None


def set_running(connection: Connection, job: str, engine: str) -> bool:
    """Take a job out of the queue; False where it is queued no more."""
    now = time.time()
    done = connection.execute(
        update(JOBS)
        .where(JOBS.c.id == job, JOBS.c.state == "queued")
        .values(state="running", engine=engine, started=func.coalesce(JOBS.c.started, now))
    )
    return done.rowcount == 1


def requeue(connection: Connection, job: str, *, crashed: bool = False, seconds: float = 0.0) -> None:
    """Put a running job back where it was in the queue.

    Args:
        job: Its id.
        crashed: Whether its engine died.
        seconds: Of device time that it had.
    """
    connection.execute(
        update(JOBS)
        .where(JOBS.c.id == job, JOBS.c.state == "running")
        .values(
            state="queued",
            engine="",
            crashes=JOBS.c.crashes + int(crashed),
            device_seconds=JOBS.c.device_seconds + seconds,
        )
    )


def requeue_interrupted(connection: Connection, most: int) -> tuple[list[str], list[str]]:
    """After a start of the server: put back what was running when the last one died.

    Args:
        most: A job that was running at so many deaths of the server is not tried again.

    Returns:
        Ids of jobs that are queued again, and of those that are not.
    """
    connection.execute(update(JOBS).where(JOBS.c.state == "running").values(restarts=JOBS.c.restarts + 1))
    running = connection.execute(select(JOBS.c.id, JOBS.c.restarts).where(JOBS.c.state == "running")).all()
    again = [row.id for row in running if row.restarts < most]
    connection.execute(update(JOBS).where(JOBS.c.id.in_(again)).values(state="queued", engine=""))
    return again, [row.id for row in running if row.restarts >= most]


def end_job(connection: Connection, job: str, state: State, *, seconds: float = 0.0, error: str | None = None) -> bool:
    """Note how a job ended; False where it had ended before."""
    ended = connection.execute(
        update(JOBS)
        .where(JOBS.c.id == job, JOBS.c.state.in_(OPEN))
        .values(state=state, ended=time.time(), error=error, device_seconds=JOBS.c.device_seconds + seconds)
    )
    if ended.rowcount == 1 and state == "done":
        row = connection.execute(select(JOBS.c.user_id, JOBS.c.models).where(JOBS.c.id == job)).one()
        count_use(connection, row.user_id, json.loads(row.models))
    return ended.rowcount == 1


def reset_job(connection: Connection, job: str) -> bool:
    """Put an ended job into the queue again, at its end; False where it has not ended."""
    highest = connection.execute(select(func.max(JOBS.c.number))).scalar_one() or 0.0
    done = connection.execute(
        update(JOBS)
        .where(JOBS.c.id == job, JOBS.c.state.in_(ENDED))
        .values(
            state="queued", number=highest + 1, started=None, ended=None, error=None, engine="", crashes=0, restarts=0
        )
    )
    return done.rowcount == 1


def cancel_queued(
    connection: Connection, *, user: str | None, ids: Collection[str] | None = None
) -> list[tuple[str, str, str]]:
    """Cancel queued jobs; those that were, each as (id, user, client).

    Args:
        user: Whose; None for everybody's.
        ids: Which; None for all.
    """
    queued: tuple[State, ...] = ("queued",)
    query = select(JOBS.c.id, JOBS.c.user_id, JOBS.c.client_id).where(*_which(user, queued, None))
    asked = [query] if ids is None else [query.where(JOBS.c.id.in_(some)) for some in in_portions(sorted(ids))]
    found = [tuple(row) for each in asked for row in connection.execute(each)]
    change = update(JOBS).values(state="cancelled", ended=time.time())
    for some in in_portions([job for job, _, _ in found]):
        connection.execute(change.where(JOBS.c.id.in_(some)))
    return found


def lowest_number(connection: Connection) -> float:
    """The number of the job that goes first among equals; 0 where there is none."""
    return float(connection.execute(select(func.min(JOBS.c.number))).scalar_one() or 0.0)


def place_job(connection: Connection, job: str, *, priority: int | None, number: float | None) -> None:
    """Move a job in the queue."""
    values: dict[str, object] = {} if priority is None else {"priority": priority}
    if number is not None:
        values["number"] = number
    if values:
        connection.execute(update(JOBS).where(JOBS.c.id == job).values(**values))


def number_before(connection: Connection, other: JobRow) -> float:
    """A number that sorts right before that of a queued job."""
    query = select(func.max(JOBS.c.number)).where(JOBS.c.number < other.number, JOBS.c.state == "queued")
    below = connection.execute(query).scalar_one()
    return other.number - 1 if below is None else (below + other.number) / 2


def delete_jobs(connection: Connection, ids: Collection[str]) -> None:
    """Forget jobs, with their events; files stay."""
    for some in in_portions(list(ids)):
        connection.execute(delete(JOBS).where(JOBS.c.id.in_(some)))


def ended_ids(connection: Connection, user: str | None) -> list[str]:
    """Ids of all jobs that have ended."""
    return [row.id for row in connection.execute(select(JOBS.c.id).where(*_which(user, ENDED, None)))]


def device_seconds_since(connection: Connection, user: str, since: float) -> float:
    """Device time of a user's jobs that began after a time."""
    query = select(func.coalesce(func.sum(JOBS.c.device_seconds), 0.0)).where(
        JOBS.c.user_id == user, JOBS.c.created >= since
    )
    return float(connection.execute(query).scalar_one())


def _which(user: str | None, states: Collection[State], batch: str | None) -> list[Any]:
    which: list[Any] = [JOBS.c.state.in_(states)]
    if user is not None:
        which.append(JOBS.c.user_id == user)
    if batch is not None:
        which.append(JOBS.c.batch_id == batch)
    return which


def _plain_order(states: Collection[State]) -> list[Any]:
    return [JOBS.c.ended, JOBS.c.number] if set(states) <= set(ENDED) else [JOBS.c.created, JOBS.c.number]


def _ended_order() -> list[Any]:
    return [JOBS.c.ended, JOBS.c.number]


def _queue_order() -> list[Any]:
    return [JOBS.c.priority.desc(), JOBS.c.number]


def _job(row: Row[Any]) -> JobRow:
    values = row._mapping
    return JobRow(
        id=values["id"],
        user=values["user_id"],
        state=values["state"],
        priority=values["priority"],
        number=values["number"],
        batch=values["batch_id"] or "",
        client=values["client_id"],
        title=values["title"],
        workflow=values["workflow"],
        targets=None if values["targets"] is None else tuple(json.loads(values["targets"])),
        outputs=tuple(json.loads(values["outputs"])),
        extra=values["extra"],
        notes=values["notes"],
        models=tuple(json.loads(values["models"])),
        estimate=values["estimate"],
        created=values["created"],
        started=values["started"],
        ended=values["ended"],
        device_seconds=values["device_seconds"],
        crashes=values["crashes"],
        restarts=values["restarts"],
        engine=values["engine"],
        error=values["error"],
    )
