"""A worker as a service, and as a process."""

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from safelight.graph.catalog_json import catalog_from_json
from safelight.nodes.registry import BUILTIN
from safelight.protocol import commands, reports
from safelight.protocol.commands import Cancel, Free, Run, Shutdown
from safelight.protocol.events import Cancelled, Done, Failed, Output, Preview, Progress, Started
from safelight.protocol.reports import Idle, Ready, Report, Unfit
from safelight.settings import read_settings
from safelight.worker.service import Service
from tests.serving import workflow

PATIENCE = 60.0


class Served:
    """A service in a thread."""

    def __init__(self, home: Path) -> None:
        self.said: queue.SimpleQueue[Report] = queue.SimpleQueue()
        self.service = Service(read_settings(home=home), self.said.put)
        self.thread = threading.Thread(target=self.service.serve, daemon=True)
        self.thread.start()

    def until(self, *kinds: type[Report]) -> list[Report]:
        """What it says, up to the first report of one of these kinds."""
        heard = [self.said.get(timeout=PATIENCE)]
        while type(heard[-1]) not in kinds:
            heard.append(self.said.get(timeout=PATIENCE))
        return heard


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    running = Served(tmp_path_factory.mktemp("home"))
    running.until(Idle)
    yield running
    running.service.take(Shutdown())
    running.thread.join(PATIENCE)
    assert not running.thread.is_alive()


def run(job: str, *, steps: int = 2, **more: object) -> Run:
    document = workflow(steps=steps, seed=hash(job) % 2**32)
    return Run(job, document, **more)  # type: ignore[arg-type]


def test_it_says_what_it_is_and_what_nodes_there_are(tmp_path: Path) -> None:
    starting = Served(tmp_path)
    ready, idle = starting.until(Idle)
    starting.service.take(Shutdown())
    assert isinstance(ready, Ready)
    assert isinstance(idle, Idle)
    assert (ready.device, ready.devices) == ("cpu", ("cpu",))
    assert set(catalog_from_json(ready.catalog)) == set(BUILTIN)
    assert 0 < idle.memory_free <= idle.memory_total
    assert idle.models == ()


def test_a_job_is_run_and_reported_and_its_model_stays_loaded(served: Served) -> None:
    served.service.take(run("a"))
    heard = served.until(Idle)
    assert isinstance(heard[0], Started)
    assert isinstance(heard[-2], Done)
    idle = heard[-1]
    assert isinstance(idle, Idle)
    assert [Path(path).name for path in idle.models] == ["starter-128.safetensors"]
    assert not [report for report in heard if isinstance(report, Preview)]
    served.service.take(Free(models=True))
    [freed] = served.until(Idle)
    assert isinstance(freed, Idle)
    assert freed.models == ()


def test_previews_are_sent_to_whom_looks(served: Served) -> None:
    served.service.take(run("b", previews=True))
    assert [report for report in served.until(Idle) if isinstance(report, Preview)]


def test_a_running_job_stops_within_a_step(served: Served) -> None:
    served.service.take(run("c", steps=5000))
    served.until(Progress)
    served.service.take(Cancel("c"))
    heard = served.until(Idle)
    assert isinstance(heard[-2], Cancelled)
    assert len([report for report in heard if isinstance(report, Progress)]) <= 3


def test_a_job_that_is_cancelled_before_its_turn_is_not_begun(served: Served) -> None:
    served.service.take(run("before it"))
    served.service.take(run("d"))
    served.service.take(Cancel("d"))
    served.until(Idle)
    assert [type(report) for report in served.until(Idle)] == [Cancelled, Idle]


def test_a_job_can_be_run_after_it_was_cancelled_too_late(served: Served) -> None:
    served.service.take(run("late"))
    served.until(Idle)
    served.service.take(Cancel("late"))
    served.service.take(run("late"))
    assert isinstance(served.until(Idle)[-2], Done)


def test_each_persons_pictures_are_apart(served: Served) -> None:
    names = []
    for user in ("ann", "bob"):
        served.service.take(Run(f"e-{user}", workflow(seed=77), user=user))
        names += [report for report in served.until(Idle) if isinstance(report, Output)]
    home = served.service._settings.home
    assert [output.path for output in names] == ["test_00001_.png"] * 2
    assert (home / "users" / "ann" / "output" / "test_00001_.png").is_file()
    assert (home / "users" / "bob" / "output" / "test_00001_.png").is_file()


def test_a_workflow_that_is_none_fails_in_words(served: Served) -> None:
    served.service.take(Run("f", {"1": {"class_type": 5}}))
    failed = served.until(Idle)[-2]
    assert isinstance(failed, Failed)
    assert "class_type" in failed.what


def test_a_node_that_is_not_there_any_more_fails_in_words(served: Served) -> None:
    served.service.take(Run("g", {"1": {"class_type": "Gone", "inputs": {}}}))
    failed = served.until(Idle)[-2]
    assert isinstance(failed, Failed)
    assert "Gone" in failed.what


def test_a_device_that_is_not_there_is_told(tmp_path: Path) -> None:
    said: list[Report] = []
    Service(read_settings(home=tmp_path, device="cuda:7"), said.append).serve()
    [unfit] = said
    assert isinstance(unfit, Unfit)
    assert "cuda:7" in unfit.what


def test_a_process_speaks_in_lines_and_ends_when_nobody_listens(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "safelight.worker"]
    worker = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert worker.stdin is not None
    assert worker.stdout is not None
    try:
        worker.stdin.write(json.dumps({"home": str(tmp_path)}).encode() + b"\n")
        worker.stdin.write(json.dumps(commands.to_json(run("h", steps=10_000))).encode() + b"\n")
        worker.stdin.flush()
        heard = reports.from_json(json.loads(worker.stdout.readline()))
        assert isinstance(heard, Ready)
        while not isinstance(heard, Progress | Failed):
            heard = reports.from_json(json.loads(worker.stdout.readline()))
        worker.stdin.close()
        assert worker.wait(10) == 0
    finally:
        worker.kill()
        worker.wait()
