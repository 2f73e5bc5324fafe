"""The queue as people use it: put in, look, move, pause, cancel, retry, delete. Used from any thread."""

import asyncio
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from safelight.errors import BadInput, SafelightError
from safelight.jobs.dispatch import Dispatcher
from safelight.jobs.hub import Hub, Told
from safelight.jobs.quotas import check_quotas
from safelight.jobs.recorder import Recorder, row_of
from safelight.protocol.events import Cancelled, Event, Queued
from safelight.settings import Settings
from safelight.store import events as stored
from safelight.store import jobs as rows
from safelight.store import lineage, state
from safelight.store.database import Database
from safelight.store.jobs import OPEN, JobRow, NewJob, State


class QueueFull(SafelightError):  # noqa: N818 (says what it is where it is raised)
    """A person has as many jobs in the queue as the settings allow."""


class NoSuchJob(BadInput):
    """There is no job of that id, or it is another person's."""


@dataclass(frozen=True)
class Place:
    """Where a job stands.

    Attributes:
        position: Jobs before it, running ones included.
        seconds_left: Until it is done; None where unknown.
    """

    position: int
    seconds_left: float | None


class JobQueue:
    """The queue.

    Args:
        settings: Limits.
        database: Where jobs are.
        dispatcher: Gives them to engines.
        recorder: Takes what happens to running jobs.
        hub: Is told what happens to others.
    """

    def __init__(
        self, settings: Settings, database: Database, dispatcher: Dispatcher, recorder: Recorder, hub: Hub
    ) -> None:
        self._settings = settings
        self._database = database
        self._dispatcher = dispatcher
        self._recorder = recorder
        self._hub = hub
        self._loop = asyncio.get_running_loop()

    def add(self, jobs: Sequence[NewJob], *, front: bool = False) -> list[float]:
        """Put jobs of one person into the queue; all of them or none.

        Args:
            jobs: At least one.
            front: Before all others of their priority, not behind them.

        Returns:
            Their numbers, by which equals are ordered.

        Raises:
            QueueFull: The person has too many.
            OverQuota: The person has used up a quota.
            BadInput: There is a job of one of these ids.
        """
        user = jobs[0].user
        with self._database.write() as connection:
            queued = rows.count_jobs(connection, OPEN, user=user)
            if queued + len(jobs) > self._settings.most_queued:
                raise QueueFull(
                    f"You have {queued} jobs in the queue, and at most {self._settings.most_queued} are taken.",
                    mend="Wait until some are done, or cancel some.",
                )
            check_quotas(connection, user)
            if known := rows.jobs_by_id(connection, [job.id for job in jobs]):
                raise BadInput(
                    f"There is a job {known[0].id} already.", mend="Leave the id out, and one will be drawn."
                )
            numbers = rows.insert_jobs(connection, jobs, front=front)
            lineage.put_inputs(connection, user, {job.id: job.pictures for job in jobs})
            told = _write(connection, [(Queued(job.id), job.user, job.client) for job in jobs])
        self._changed(told)
        return numbers

    def get(self, job: str, user: str | None) -> JobRow:
        """A job.

        Args:
            job: Its id.
            user: Who asks; None for one who may see all.

        Raises:
            NoSuchJob: There is none, or it is somebody else's.
        """
        with self._database.read() as connection:
            row = rows.get_job(connection, job)
        if row is None or (user is not None and row.user != user):
            raise NoSuchJob(f"There is no job {job[:80]}.", mend="Look at the list of jobs.")
        return row

    def page(
        self,
        user: str | None,
        states: Collection[State],
        *,
        limit: int,
        offset: int = 0,
        newest_first: bool = False,
        batch: str | None = None,
    ) -> tuple[list[JobRow], int]:
        """Some jobs, and how many there are in all; arguments as for `store.jobs.page_of_jobs`."""
        with self._database.read() as connection:
            found = rows.page_of_jobs(
                connection,
                user=user,
                states=states,
                limit=limit,
                offset=offset,
                newest_first=newest_first,
                batch=batch,
            )
            return found, rows.count_jobs(connection, states, user=user, batch=batch)

    def remaining(self, user: str | None = None) -> int:
        """Jobs queued and running."""
        with self._database.read() as connection:
            return rows.count_jobs(connection, OPEN, user=user)

    def place(self, row: JobRow) -> Place:
        """Where an open job stands, as fair turns and priorities will have it, about."""
        running = self._dispatcher.running()
        left = [
            max(0.0, current.row.estimate - current.seconds) for current in running.values() if current.row.estimate
        ]
        if row.id in running:
            own = running[row.id]
            return Place(0, None if row.estimate is None else max(0.0, row.estimate - own.seconds))
        with self._database.read() as connection:
            before, seconds = rows.jobs_before(connection, row)
        is_known = seconds is not None and row.estimate is not None and len(left) == len(running)
        engines = max(1, sum(station.state in ("idle", "busy") for station in self._dispatcher.stations))
        total = ((seconds or 0.0) + sum(left)) / engines + (row.estimate or 0.0) if is_known else None
        return Place(before + len(running), total)

    def cancel(self, jobs: Collection[str] | None, user: str | None) -> int:
        """Cancel jobs, queued or running; how many were.

        Args:
            jobs: Their ids; None for all.
            user: Whose; None for everybody's.
        """
        cancelled = self.cancel_queued(jobs, user)
        return cancelled + self.interrupt(jobs, user)

    def cancel_queued(self, jobs: Collection[str] | None, user: str | None) -> int:
        """Cancel jobs that have not begun; arguments and result as for `cancel`."""
        with self._database.write() as connection:
            found = rows.cancel_queued(connection, user=user, ids=jobs)
            told = _write(connection, [(Cancelled(job), owner, client) for job, owner, client in found])
        if found:
            self._changed(told)
        return len(found)

    def interrupt(self, jobs: Collection[str] | None, user: str | None) -> int:
        """Stop running jobs; arguments and result as for `cancel`."""
        mine = [
            job
            for job, current in self._dispatcher.running().items()
            if (jobs is None or job in jobs) and (user is None or current.row.user == user)
        ]
        if mine:
            self._dispatcher.stop_jobs(mine, "cancelled")
        return len(mine)

    def retry(self, job: str, user: str | None) -> JobRow:
        """Put a job that has ended into the queue again, at its end.

        Raises:
            NoSuchJob: As `get`.
            BadInput: It has not ended, or it is done.
            OverQuota: Its owner has used up a quota.
        """
        row = self.get(job, user)
        if row.state not in ("failed", "cancelled"):
            raise BadInput(f"The job is {row.state}.", mend="Only failed and cancelled jobs can be retried.")
        with self._database.write() as connection:
            check_quotas(connection, row.user)
            is_reset = rows.reset_job(connection, job)
            if is_reset:
                lineage.renew_inputs(connection, row.user, job)
            told = _write(connection, [(Queued(job), row.user, row.client)]) if is_reset else []
        self._changed(told)
        return self.get(job, user)

    def delete(self, jobs: Collection[str] | None, user: str | None) -> int:
        """Forget jobs that have ended, with their events; the files that they made stay.

        Args:
            jobs: Their ids; None for all that have ended. Those that have not are left.
            user: Whose; None for everybody's.
        """
        with self._database.write() as connection:
            ended = set(rows.ended_ids(connection, user))
            chosen = ended if jobs is None else ended & set(jobs)
            rows.delete_jobs(connection, chosen)
            lineage.forget_inputs(connection, list(chosen))
        return len(chosen)

    def move(
        self, job: str, user: str | None, *, priority: int | None = None, before: str | None = None, front: bool = False
    ) -> JobRow:
        """Move a queued job.

        Args:
            job: Its id.
            user: Who asks; None for one who may move all.
            priority: Its new one; None to keep it.
            before: Id of the queued job that it is put before.
            front: Put it before all others of its priority.

        Raises:
            NoSuchJob: As `get`.
            BadInput: It or the other one is not queued any more.
        """
        row = self.get(job, user)
        other = self.get(before, user) if before else None
        for one in (row, *([other] if other else [])):
            if one.state != "queued":
                raise BadInput(f"The job {one.id} is {one.state}.", mend="Only queued jobs can be moved.")
        with self._database.write() as connection:
            number = rows.lowest_number(connection) - 1 if front else None
            if other is not None:
                number = rows.number_before(connection, other)
                priority = other.priority
            rows.place_job(connection, job, priority=priority, number=number)
        self._changed()
        return self.get(job, user)

    def pause(self, running: Literal["finish", "requeue"] = "finish") -> None:
        """Begin no more jobs.

        Args:
            running: Whether those that are running are finished ("stop after this one"), or stopped and put back to be
                taken up again, with the nodes that they have finished not run twice.
        """
        with self._database.write() as connection:
            state.set_paused(connection, True)
        if running == "requeue":
            self._dispatcher.stop_jobs(None, "requeued")
        self._changed()

    def resume(self) -> None:
        """Go on giving out jobs."""
        with self._database.write() as connection:
            state.set_paused(connection, False)
        self._changed()

    def is_paused(self) -> bool:
        """Whether the queue stands still."""
        with self._database.read() as connection:
            return state.is_paused(connection)

    def _changed(self, told: Sequence[Told] = ()) -> None:
        """Tell of events that are written already, and of the change; have the queue looked at."""
        self._loop.call_soon_threadsafe(self._hub.tell_all, told)
        self._loop.call_soon_threadsafe(self._recorder.queue_changed)
        self._dispatcher.wake()


def _write(connection: Connection, events: Sequence[tuple[Event, str, str]]) -> list[Told]:
    """Write events, each with its job's owner and client, in the transaction that they are about."""
    now = time.time()
    ids = stored.insert_events(connection, [row_of(event, now) for event, _, _ in events])
    return [Told(stored, now, user, client, event) for stored, (event, user, client) in zip(ids, events, strict=True)]
