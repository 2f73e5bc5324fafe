"""Gives queued jobs to engines: fair turns between people, and models that are loaded already first."""

import asyncio
import json
import logging
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from sqlalchemy import Connection

from safelight.engine.interface import Fleet
from safelight.errors import SafelightError
from safelight.files.folders import RECORDINGS
from safelight.jobs.harvest import harvest
from safelight.jobs.hub import Hub
from safelight.jobs.recorder import Entry, Recorder, row_of
from safelight.jobs.shelf import Shelf
from safelight.jobs.station import Current, Station, Ways, Why
from safelight.protocol.commands import Run
from safelight.protocol.events import Cancelled, Done, Event, Failed, Output, Queued, to_json
from safelight.protocol.reports import Ready
from safelight.settings import Settings
from safelight.store import events as stored
from safelight.store import jobs as rows
from safelight.store import state
from safelight.store.database import Database
from safelight.store.jobs import JobRow, State, Waiting

log = logging.getLogger(__name__)

TRIES = 2  # engines that may die under a job
RESTARTS = 3  # servers that may
LOOKAHEAD = 8  # jobs of each person among which one is looked for whose models are loaded
PASSED_OVER = 4  # times that the first job may be passed over for one of them
TRAINS = "TrainRun"
"""The node whose jobs may take days, and save what they have done."""
AGAIN = 2.0  # seconds until the next look, where the disk is full or the database held

_STATES: Mapping[type[Event], State] = {Done: "done", Failed: "failed", Cancelled: "cancelled"}


class Dispatcher:
    """Owns the engines and what they work on. Used on the event loop's thread, but for what says otherwise.

    Args:
        settings: Limits, and where data is.
        database: The truth about jobs.
        fleet: Where engines come from.
        recorder: Takes what happens.
        hub: Who listens.
        shelf: Where engines publish what nodes there are.
    """

    def __init__(
        self, settings: Settings, database: Database, fleet: Fleet, recorder: Recorder, hub: Hub, shelf: Shelf
    ) -> None:
        self.stations: list[Station] = []
        self.waiting_for = ""
        self._settings = settings
        self._database = database
        self._fleet = fleet
        self._recorder = recorder
        self._hub = hub
        self._shelf = shelf
        self._turns: dict[str, float] = {}  # by person, when they last had a turn
        self._passed: dict[str, int] = {}  # by job, how often it was passed over
        self._wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._tasks: list[asyncio.Task[None]] = []

    async def begin(self) -> None:
        """Take up what a server left that died, start the engines, and begin to give out jobs."""
        await asyncio.to_thread(self._take_up)
        self._tasks = [
            asyncio.create_task(self._start_engines(), name="engines"),  # a cluster takes seconds to answer
            asyncio.create_task(self._dispatch(), name="dispatch"),
        ]

    async def end(self) -> None:
        """Put running jobs back into the queue, and stop the engines."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        running = [station.current.row for station in self.stations if station.current]
        await asyncio.gather(*(station.end() for station in self.stations))
        for row in running:
            self._record(row, Queued(row.id), also=partial(rows.requeue, job=row.id))

    def wake(self) -> None:
        """Look at the queue again; from any thread."""
        self._loop.call_soon_threadsafe(self._wake.set)

    def stop_jobs(self, jobs: Sequence[str] | None, why: Why) -> None:
        """Have running jobs stopped; from any thread.

        Args:
            jobs: Their ids; None for all.
            why: See `Why`.
        """
        self._loop.call_soon_threadsafe(self._stop_jobs, jobs, why)

    def free(self, *, models: bool) -> None:
        """Have every engine give memory back when it has nothing to do; from any thread."""
        for station in list(self.stations):
            self._loop.call_soon_threadsafe(partial(station.free, models=models))

    def renew(self) -> list[str]:
        """Start every engine anew, at once or when its job has ended; their names. From any thread."""
        stations = [station for station in self.stations if station.state not in ("unfit", "stopped")]
        for station in stations:
            self._loop.call_soon_threadsafe(station.renew)
        return [station.name for station in stations]

    def running(self) -> dict[str, Current]:
        """What the engines work on, by job; from any thread."""
        return {current.row.id: current for station in list(self.stations) if (current := station.current)}

    def _stop_jobs(self, jobs: Sequence[str] | None, why: Why) -> None:
        for station in self.stations:
            if station.current and (jobs is None or station.current.row.id in jobs):
                station.stop_job(why)

    def _take_up(self) -> None:
        with self._database.write() as connection:
            state.ensure_only_user(connection)
            again, given_up = rows.requeue_interrupted(connection, RESTARTS)
            now = time.time()
            for job in given_up:
                error = Failed(
                    job,
                    f"Safelight itself ended {RESTARTS} times while it worked on this job.",
                    mend="Look at its log; retry the job once the cause is mended.",
                )
                rows.end_job(connection, job, "failed", error=json.dumps(to_json(error)))
                stored.insert_events(connection, [row_of(error, now)])
            stored.insert_events(connection, [row_of(Queued(job), now) for job in again])
        if again:
            log.info("%s jobs that were running are taken up again", len(again))

    async def _start_engines(self) -> None:
        try:
            for engine in await self._fleet.first():
                self._add(Station(engine, self._ways()))
        except SafelightError as error:
            log.error("there are no engines: %s", error)
            self.waiting_for = str(error)

    def _add(self, station: Station) -> None:
        self.stations.append(station)
        station.begin()

    def _ways(self) -> Ways:
        return Ways(
            told=self._told, ended=self._ended, lost=self._lost, ready=self._ready, free=lambda _: self._wake.set()
        )

    def _ready(self, station: Station, ready: Ready) -> None:
        self._shelf.publish(ready)
        known = {other.engine.name for other in self.stations}
        for engine in self._fleet.more(station.engine, ready.devices):
            if engine.name not in known:
                self._add(Station(engine, self._ways()))

    def _told(self, station: Station, row: JobRow, event: Event) -> None:
        if isinstance(event, Output) and event.path and event.folder != RECORDINGS:  # those are found by their name
            self._record(row, event, also=harvest(row, event, self._settings.home))
        else:
            self._record(row, event)

    def _ended(self, station: Station, current: Current, event: Done | Failed | Cancelled) -> None:
        row, seconds = current.row, current.seconds
        if isinstance(event, Cancelled) and current.stopped == "requeued":
            self._record(row, Queued(row.id), also=partial(rows.requeue, job=row.id, seconds=seconds))
        elif isinstance(event, Cancelled) and current.stopped == "overtime":
            self._finish(current, self._overtime(row))
        else:
            self._finish(current, event)
        self._recorder.queue_changed()

    def _lost(self, station: Station, current: Current, why: str) -> None:
        row, seconds = current.row, current.seconds
        if current.stopped == "cancelled":
            self._finish(current, Cancelled(row.id))
        elif current.stopped == "overtime":
            self._finish(current, self._overtime(row))
        elif current.stopped == "requeued" or row.crashes + 1 < TRIES:
            crashed = current.stopped is None
            again = partial(rows.requeue, job=row.id, crashed=crashed, seconds=seconds)
            self._record(row, Queued(row.id), also=again)
        else:
            self._finish(
                current,
                Failed(
                    row.id,
                    f"The engine {why}, {TRIES} times while it worked on this job.",
                    where=f"engine {station.name}",
                    mend="Make a smaller picture or fewer at once, or use a smaller model; the log has the details.",
                    node=next(reversed(current.seen), ""),
                ),
            )
        self._recorder.queue_changed()

    def _overtime(self, row: JobRow) -> Failed:
        return Failed(
            row.id,
            f"The job took longer than {self._seconds_for(row):g} seconds, and was stopped.",
            mend="Start it again: it goes on where it was."
            if _trains(row)
            else "Split it, or raise `job_seconds` in the settings.",
        )

    def _seconds_for(self, row: JobRow) -> float:
        return self._settings.training_seconds if _trains(row) else self._settings.job_seconds

    def _finish(self, current: Current, event: Done | Failed | Cancelled) -> None:
        row, seconds = current.row, current.seconds
        error = json.dumps(to_json(event)) if isinstance(event, Failed) else None
        self._passed.pop(row.id, None)
        ended = partial(rows.end_job, job=row.id, state=_STATES[type(event)], seconds=seconds, error=error)
        self._record(row, event, also=ended)

    def _record(self, row: JobRow, event: Event, also: Callable[[Connection], object] | None = None) -> None:
        self._recorder.put(Entry(event, row.user, row.client, also))

    async def _dispatch(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                while (idle := [station for station in self.stations if station.state == "idle"]) and (
                    await self._give_one(idle)
                ):
                    pass
            except SafelightError as error:
                log.warning("no job could be given out: %s", error)
                self._loop.call_later(AGAIN, self._wake.set)

    async def _give_one(self, idle: Sequence[Station]) -> bool:
        """Give one job to one of the engines; whether there was one."""
        await self._recorder.drain()  # a job that is being put back must be seen
        self.waiting_for = await asyncio.to_thread(self._hindrance)
        if self.waiting_for:
            self._loop.call_later(AGAIN, self._wake.set)
            return False
        waiting = await asyncio.to_thread(self._waiting)
        if not waiting:
            return False
        job, station = choose(waiting, {s: s.idle.models if s.idle else () for s in idle}, self._turns, self._passed)
        row = await asyncio.to_thread(self._take, job.id, station.name)
        if row is None or station.state != "idle":
            if row is not None:
                self._record(row, Queued(row.id), also=partial(rows.requeue, job=row.id))
            return True
        self._turns[job.user] = time.monotonic()
        command = _command(row, previews=self._hub.is_watched(row.user), record_pixels=self._settings.record_pixels)
        station.give(row, command, self._seconds_for(row), saves=_trains(row))
        self._recorder.queue_changed()
        return True

    def _hindrance(self) -> str:
        """Why no job is given out now, in words; empty where nothing is in the way."""
        with self._database.read() as connection:
            if state.is_paused(connection):
                return "The queue is paused."
        free = shutil.disk_usage(self._settings.home).free
        if free < self._settings.spare_bytes:
            return f"The disk has only {free / 1e6:.0f} MB left; {self._settings.spare_bytes / 1e6:.0f} are kept free."
        return ""

    def _waiting(self) -> list[Waiting]:
        with self._database.read() as connection:
            return rows.waiting_jobs(connection, LOOKAHEAD)

    def _take(self, job: str, engine: str) -> JobRow | None:
        with self._database.write() as connection:
            if not rows.set_running(connection, job, engine):
                return None
            return rows.get_job(connection, job)


def choose(
    waiting: Sequence[Waiting],
    idle: Mapping[Station, Sequence[str]],
    turns: Mapping[str, float],
    passed: dict[str, int],
) -> tuple[Waiting, Station]:
    """The job to be given out next, and to whom.

    Of the highest priority, the person whose last turn is longest ago is next, with the first job of theirs; or with
    one of the next few whose models an engine has loaded, unless the first was passed over too often.

    Args:
        waiting: The next jobs of everybody, in the order of the queue; at least one.
        idle: Engines that can take a job -> the model files that they have loaded; at least one.
        turns: When each person last had a turn.
        passed: How often a job was passed over; counted up here.
    """
    highest = waiting[0].priority
    urgent = [job for job in waiting if job.priority == highest]
    user = min(dict.fromkeys(job.user for job in urgent), key=lambda user: turns.get(user, 0.0))
    own = [job for job in urgent if job.user == user]
    first = own[0]
    if passed.get(first.id, 0) < PASSED_OVER:
        for job in own:
            for station, loaded in idle.items():
                if job.models and set(job.models) <= set(loaded):
                    if job is not first:
                        passed[first.id] = passed.get(first.id, 0) + 1
                    return job, station
    best = max(idle, key=lambda station: len(set(first.models) & set(idle[station])))
    return first, best


def _trains(row: JobRow) -> bool:
    return any(call["class_type"] == TRAINS for call in json.loads(row.workflow).values())


def _command(row: JobRow, *, previews: bool, record_pixels: int) -> Run:
    extra = json.loads(row.extra)
    return Run(
        row.id,
        json.loads(row.workflow),
        targets=row.targets,
        metadata=extra.get("extra_pnginfo") or {},
        notes=json.loads(row.notes),
        user=row.user if row.user != state.ONLY_USER else "",
        previews=previews,
        record_pixels=record_pixels,
        recorded=extra.get("record") is True,
    )
