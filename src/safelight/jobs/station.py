"""One engine under supervision: started, watched, given jobs, and replaced when it dies or does not answer."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from safelight.engine.interface import Engine, EngineLost
from safelight.logs import ENGINE, JOB
from safelight.protocol.commands import Cancel, Command, Free, Run
from safelight.protocol.events import Cached, Cancelled, Done, Event, Failed, NodeStarted, Output, Preview, Progress
from safelight.protocol.events import Started as JobStarted
from safelight.protocol.reports import Idle, Ready, Report, Unfit
from safelight.store.jobs import JobRow

log = logging.getLogger(__name__)

ANSWER = 10.0  # seconds in which an engine has to stop a job, before it is replaced
ANSWER_OF_SAVING = 300.0  # the same where all that was done is saved first, after a step that may be long
BACKOFF = (0.0, 0.5, 2.0, 10.0, 30.0)  # seconds until an engine that keeps dying is started again

StationState = Literal["starting", "idle", "busy", "unfit", "lost", "stopped"]
Why = Literal["cancelled", "requeued", "overtime"]
"""Why a running job is stopped: by a person, to be run later, or because it took too long."""


@dataclass
class Current:
    """The job that an engine has.

    Attributes:
        row: The job.
        saves: Whether it saves what it has done when it is stopped.
        since: When the engine got it (`time.monotonic`).
        stopped: Why it is being stopped; None while it is not.
        seen: The nodes of the workflow that have begun or were cached.
        step: The last step of a node that was told; None before.
    """

    row: JobRow
    saves: bool = False
    since: float = field(default_factory=time.monotonic)
    stopped: Why | None = None
    seen: dict[str, None] = field(default_factory=dict)
    step: Progress | None = None

    @property
    def seconds(self) -> float:
        """Device time that it has had."""
        return time.monotonic() - self.since


@dataclass(frozen=True)
class Ways:
    """What a station calls, all on the loop's thread.

    Attributes:
        told: An event of the job.
        ended: The job has ended, by this event; it is not the station's any more.
        lost: The engine died, for this reason, with the job.
        ready: The engine has started.
        free: The engine can take a job.
    """

    told: Callable[["Station", JobRow, Event], None]
    ended: Callable[["Station", Current, Done | Failed | Cancelled], None]
    lost: Callable[["Station", Current, str], None]
    ready: Callable[["Station", Ready], None]
    free: Callable[["Station"], None]


class Station:
    """Keeps one engine going. Used on the event loop's thread only.

    Attributes:
        engine: The engine.
        state: How it is.
        ready, idle: What it said last; None before.
        current: The job that it has.
        deaths: How often it was lost.
        why: Why it was lost, or is unfit; empty where all is well.
    """

    def __init__(self, engine: Engine, ways: Ways) -> None:
        self.engine = engine
        self.state: StationState = "starting"
        self.ready: Ready | None = None
        self.idle: Idle | None = None
        self.current: Current | None = None
        self.deaths = 0
        self.why = ""
        self._ways = ways
        self._in_a_row = 0
        self._is_stale = False
        self._task: asyncio.Task[None] | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._sending: set[asyncio.Task[None]] = set()

    @property
    def name(self) -> str:
        """What people call it."""
        return self.ready.device if self.ready and self.engine.name == "auto" else self.engine.name

    def begin(self) -> None:
        """Start the engine, and keep it going."""
        self._task = asyncio.create_task(self._keep(), name=f"engine {self.engine.name}")

    async def end(self) -> None:
        """Stop the engine for good."""
        self.state = "stopped"
        self._stop_timers()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.engine.stop()

    def give(self, row: JobRow, command: Run, limit: float, *, saves: bool = False) -> None:
        """Hand it a job; it is idle.

        Args:
            row: The job.
            command: What the engine is told.
            limit: Seconds that it may take.
            saves: Whether it saves what it has done when it is stopped, which may take minutes.
        """
        self.current = Current(row, saves)
        self.state = "busy"
        self._later(limit, lambda: self.stop_job("overtime"))
        self._send(command)

    def stop_job(self, why: Why) -> None:
        """Have the running job stopped; an engine that does not answer is replaced."""
        current = self.current
        if current is None or current.stopped is not None:
            return
        current.stopped = why
        self._send(Cancel(current.row.id))
        self._later(ANSWER_OF_SAVING if current.saves else ANSWER, lambda: self._replace(current))

    def free(self, *, models: bool) -> None:
        """Have memory given back when it has nothing to do."""
        if self.state in ("idle", "busy"):
            self._send(Free(models))

    def renew(self) -> None:
        """Start the engine anew, at once or when its job has ended, so that it loads what has changed."""
        self._is_stale = True
        if self.state == "idle":
            self._restart()

    async def _keep(self) -> None:
        ENGINE.set(self.engine.name)
        while not self._is_over():
            await asyncio.sleep(BACKOFF[min(self._in_a_row, len(BACKOFF) - 1)])
            self.state, self.ready, self.idle, self._is_stale = "starting", None, None, False
            why = "was replaced, as it did not stop a job"
            try:
                await self.engine.start()
                async for report in self.engine.reports():
                    self._hear(report)
            except EngineLost as lost:
                why = lost.why
            await self.engine.stop()
            is_renewed = self._is_stale and self.current is None
            if not self._is_over() and not is_renewed:
                self._lost(why)

    def _is_over(self) -> bool:
        return self.state in ("unfit", "stopped")

    def _hear(self, report: Report) -> None:
        match report:
            case Ready():
                self.ready = report
                self.why = ""
                self._ways.ready(self, report)
            case Unfit(what, mend):
                self.state = "unfit"
                self.why = f"{what} {mend}".strip()
                log.error("the engine cannot start: %s", self.why)
            case Idle():
                self.idle = report
                if self.current is None and self._is_stale:
                    self._restart()
                elif self.current is None:
                    self.state = "idle"
                    self._ways.free(self)
            case _:
                self._hear_event(report)

    def _hear_event(self, event: Event) -> None:
        current = self.current
        if current is None or event.job != current.row.id:
            return
        match event:
            case Done() | Failed() | Cancelled():
                self._in_a_row = 0
                self.current = None
                self._stop_timers()
                self._ways.ended(self, current, event)
                return
            case NodeStarted(node=node):
                current.seen[node] = None
            case Cached(nodes=nodes):
                current.seen.update(dict.fromkeys(nodes))
            case Progress():
                current.step = event
            case JobStarted() | Preview() | Output():
                pass
        self._ways.told(self, current.row, event)

    def _lost(self, why: str) -> None:
        self.deaths += 1
        self._in_a_row += 1
        self.state = "lost"
        self.why = why
        self._stop_timers()
        current, self.current = self.current, None
        JOB.set(current.row.id if current else "")
        log.warning("the engine %s %s", self.name, why)
        JOB.set("")
        if current is not None:
            self._ways.lost(self, current, why)

    def _replace(self, current: Current) -> None:
        if self.current is current:
            log.warning("the engine %s did not stop the job %s, and is replaced", self.name, current.row.id)
            self._in_a_row = 0
            self._task_of(self.engine.stop())

    def _restart(self) -> None:
        self.state = "starting"  # it is given nothing meanwhile
        log.info("the engine %s is started anew", self.name)
        self._task_of(self.engine.stop())

    def _send(self, command: Command) -> None:
        self._task_of(self.engine.send(command))

    def _task_of(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        self._timers.append(asyncio.get_running_loop().call_later(seconds, call))

    def _stop_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
