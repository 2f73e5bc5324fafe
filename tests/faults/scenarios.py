"""What goes wrong in a studio, done to a real server: each scenario counts what was lost, doubled or stuck."""

import contextlib
import socket
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from safelight.store.database import FILE_NAME
from tests.faults.house import House, house, wait_for

QUEUED = 50
SLOW_STEPS = 60  # of a job that is surely running when something is done to it


@dataclass(frozen=True)
class Report:
    """What became of the jobs of a scenario.

    Attributes:
        jobs: How many there were.
        lost: Jobs that are not in the state that they should be in, and files that history names and that are missing.
        doubled: Pictures beyond one for each job that is done, and jobs that ended twice.
        stuck: Jobs that are neither done, failed nor cancelled at the end.
        seconds: From the fault to the end of the first job after it.
        told: What the person is told, where something failed.
    """

    jobs: int
    lost: int
    doubled: int
    stuck: int
    seconds: float
    told: str = ""


def server_killed(folder: Path) -> Report:
    """`kill -9` of the server in the middle of a job, with fifty queued behind it."""
    with house(folder / "home") as studio:
        first = studio.submit("the first", steps=3 * SLOW_STEPS, width=128, height=128)
        jobs = [first, *(studio.submit(f"picture {number}", seed=number) for number in range(QUEUED))]
        wait_for(lambda: studio.states()[first] == "running" and "node" in studio.tags(first))
        studio.kill()
        fault = time.monotonic()
        studio.start()
        return judged(studio, jobs, fault)


PHASES: dict[str, tuple[str, dict[str, int]]] = {
    "loading": ("CheckpointLoaderSimple", {}),
    "sampling": ("KSampler", {"steps": 200, "width": 128, "height": 128}),
    "decoding": ("VAEDecode", {"width": 512, "height": 512}),
    "saving": ("SaveImage", {"width": 192, "height": 192, "batch_size": 16}),
}
"""What an engine does -> the node that does it, and a job that takes its time over it."""


def engine_killed(studio: House, phase: str) -> Report:
    """`kill -9` of the engine while it is at one phase of a job."""
    node, job = PHASES[phase]
    if phase == "loading":
        studio.renew_engines()  # nothing is loaded yet
    number = len(studio.states())
    before = Counter(studio.pictures())
    jobs = [studio.submit(phase, seed=1000 + number, **{"steps": 1, **job}), studio.submit("next", seed=2000 + number)]
    wait_for(lambda: node in studio.node_types(jobs[0]))
    studio.kill_engines()
    fault = time.monotonic()
    return judged(studio, jobs, fault, before, pictures=job.get("batch_size", 1) + 1)


def engine_killed_twice(studio: House) -> Report:
    """`kill -9` of the engine, and of the next one at the same job."""
    before = Counter(studio.pictures())
    bad, good = studio.submit("bad", seed=31, steps=SLOW_STEPS, width=128), studio.submit("good", seed=32)
    for crash in range(2):
        wait_for(partial(_has_begun, studio, bad, crash + 1))
        studio.kill_engines()
    fault = time.monotonic()
    report = judged(studio, [good], fault, before)
    failed = studio.states()[bad] == "failed"
    return replace(report, jobs=2, lost=report.lost + (not failed), told=studio.error(bad))


def disk_full(folder: Path) -> Report:
    """The disk of the home folder is full when a picture is to be saved; then somebody frees some space."""
    with small_disk(folder / "disk", megabytes=64) as disk, house(disk / "home") as studio:
        studio.submit("warm", seed=40)
        wait_for(lambda: set(studio.states().values()) == {"done"})
        before = Counter(studio.pictures())
        bad = studio.submit("too large", seed=41, steps=SLOW_STEPS, width=128, height=128, batch_size=4)
        wait_for(lambda: "KSampler" in studio.node_types(bad))
        filler = disk / "filler"
        with contextlib.suppress(OSError), filler.open("wb") as file:
            while True:
                file.write(bytes(4096))
        wait_for(studio.is_idle)  # the job has come to its end
        filler.unlink()
        fault = time.monotonic()
        good = studio.submit("after", seed=42)
        wait_for(lambda: studio.states()[bad] in ("failed", "done"))
        report = judged(studio, [good], fault, before, pictures=None)
        half = [name for name in studio.pictures() if not name.endswith(".png")]
        return replace(report, jobs=2, lost=report.lost + len(half), told=studio.error(bad))


def database_held(studio: House) -> Report:
    """Another program holds the database for eight seconds, longer than one statement waits."""
    before = Counter(studio.pictures())
    jobs = [studio.submit("held", seed=51, steps=60, width=128), studio.submit("behind it", seed=52)]
    wait_for(lambda: "KSampler" in studio.node_types(jobs[0]))
    holder = sqlite3.connect(studio.home / FILE_NAME, timeout=30)
    holder.execute("BEGIN EXCLUSIVE")
    time.sleep(8)
    holder.rollback()
    holder.close()
    return judged(studio, jobs, time.monotonic(), before)


def client_gone(studio: House) -> Report:
    """A client disconnects right after it has sent a job, and another in the middle of sending one."""
    before = Counter(studio.pictures())
    head = "POST /prompt HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", "Content-Length: 5000", "", ""
    with socket.create_connection(("127.0.0.1", studio.port)) as half:
        half.sendall("\r\n".join(head).encode() + b'{"prompt": {')
    jobs = [studio.submit("gone", seed=61, steps=40)]
    return judged(studio, jobs, time.monotonic(), before)


ON_A_RUNNING_SERVER: dict[str, Callable[[House], Report]] = {
    **{f"engine killed while {phase}": partial(engine_killed, phase=phase) for phase in PHASES},
    "engine killed twice at one job": engine_killed_twice,
    "database held by another program": database_held,
    "client disconnects": client_gone,
}
WITH_A_SERVER_OF_THEIR_OWN: dict[str, Callable[[Path], Report]] = {
    "server killed in a job, 50 queued": server_killed,
    "disk full": disk_full,
}


def judged(
    studio: House, jobs: list[str], fault: float, before: "Counter[str] | None" = None, *, pictures: int | None = 0
) -> Report:
    """Wait for the end of jobs that should all be done, and count.

    Args:
        studio: The server.
        jobs: Their ids.
        fault: When it happened (`time.monotonic`).
        before: The pictures that were there before them.
        pictures: How many they should have made; 0 for one each, None where that is not known.
    """
    first = 0.0
    with contextlib.suppress(TimeoutError):
        wait_for(lambda: any(studio.states()[job] == "done" for job in jobs))
        first = time.monotonic() - fault
        wait_for(lambda: all(studio.states()[job] not in ("queued", "running") for job in jobs))
    states = studio.states()
    stuck = sum(states[job] in ("queued", "running") for job in jobs)
    lost = sum(states.get(job) != "done" for job in jobs) - stuck
    ends = [sum(tag in ("done", "failed", "cancelled") for tag in studio.tags(job)) for job in jobs]
    doubled = sum(max(0, count - 1) for count in ends)
    made = Counter(studio.pictures()) - (before or Counter())
    if pictures is not None:
        expected = pictures or len(jobs)
        doubled += max(0, made.total() - expected)
        lost += max(0, expected - made.total())
    lost += sum(not (studio.home / "output" / name).is_file() for name in studio.named())
    return Report(len(jobs), lost, doubled, stuck, first)


def _has_begun(studio: House, job: str, times: int) -> bool:
    return studio.tags(job).count("started") >= times


@contextlib.contextmanager
def small_disk(place: Path, *, megabytes: int) -> Iterator[Path]:
    """A file system in memory, of a size.

    Raises:
        PermissionError: This process may not mount one.
    """
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "safelight-test", str(place)],
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise PermissionError("this process may not mount a small disk")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
