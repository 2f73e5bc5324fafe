"""What becomes of jobs when real engines die under them, of each kind."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from safelight.jobs.station import Station
from safelight.server.studio import Studio, opened
from safelight.store import events as stored
from safelight.store.jobs import ENDED, JobRow, NewJob
from safelight.store.state import ONLY_USER
from tests.engine.conftest import Kind, process_of
from tests.engine.live import PATIENCE, Loop
from tests.serving import eventually, workflow

MANY = 80  # steps: enough to be killed in the middle

pytestmark = pytest.mark.parametrize("kind", ["process", "ray-elsewhere"], indirect=True)


@dataclass(frozen=True)
class Running:
    """A studio at work.

    Attributes:
        studio: Its parts.
        kind: Its engines.
    """

    studio: Studio
    kind: Kind

    def put(self, job: str, steps: int = 2) -> None:
        """Put a job into the queue."""
        document = json.dumps(workflow(job, steps=steps, prefix=job))
        self.studio.queue.add([NewJob(job, ONLY_USER, document, ["7"])])

    def row(self, job: str) -> JobRow:
        """A job as it stands."""
        return self.studio.queue.get(job, None)

    def ended(self, job: str) -> JobRow:
        """A job once it has ended."""
        eventually(lambda: self.row(job).state in ENDED, seconds=PATIENCE)
        return self.row(job)

    def kill_under(self, job: str, attempt: int) -> None:
        """Kill the process that samples for a job, in its how-manieth attempt."""

        def sampling() -> Station | None:
            for station in self.studio.dispatcher.stations:
                current = station.current
                if current and current.row.id == job and current.row.crashes == attempt and "5" in current.seen:
                    return station
            return None

        station = eventually(sampling, seconds=PATIENCE)
        assert isinstance(station, Station)
        os.kill(process_of(station.engine), signal.SIGKILL)

    def files(self, job: str) -> list[str]:
        """The files that history names."""
        with self.studio.database.read() as connection:
            events = stored.events_of(connection, job)
        told = [json.loads(event.data) for event in events if event.tag == "output"]
        return [output["path"] for output in told if output["folder"] == "output"]


@pytest.fixture(scope="module")
def running(kind: Kind) -> Iterator[Running]:
    """A studio whose engines have started, the same for all tests here."""
    loop = Loop()
    stack = AsyncExitStack()
    try:
        studio = loop.do(stack.enter_async_context(opened(kind.settings, kind.fleet)))
        stations = studio.dispatcher.stations
        _until(lambda: len(stations) > 0 and all(station.state == "idle" for station in stations))
        yield Running(studio, kind)
    finally:
        loop.do(stack.aclose())
        loop.close()


def _until(condition: Callable[[], bool]) -> None:
    eventually(condition, seconds=PATIENCE)


def test_engines_share_a_queue(running: Running) -> None:
    names = [station.name for station in running.studio.dispatcher.stations]
    jobs = [f"shared-{number}" for number in range(6)]
    for job in jobs:
        running.put(job, steps=10)
    done = [running.ended(job) for job in jobs]
    assert {row.state for row in done} == {"done"}
    assert {row.engine for row in done} == set(names)


def test_a_job_whose_engine_is_killed_is_run_once_more_and_leaves_one_file(running: Running) -> None:
    running.put("once", steps=MANY)
    running.kill_under("once", attempt=0)
    row = running.ended("once")
    assert (row.state, row.crashes) == ("done", 1)
    (path,) = running.files("once")
    assert running.kind.path("output", path).is_file()
    assert len(list(running.kind.path("output", "").glob("once_*"))) == 1


def test_a_job_whose_engines_are_killed_twice_fails_with_the_reason_and_the_queue_goes_on(running: Running) -> None:
    running.put("twice", steps=MANY)
    running.put("next")
    running.kill_under("twice", attempt=0)
    running.kill_under("twice", attempt=1)
    row = running.ended("twice")
    assert row.state == "failed"
    assert "killed" in (row.error or "")
    assert "2 times" in (row.error or "")
    assert running.ended("next").state == "done"
