"""The web process under load: a thousand jobs queued, an engine busy, one client and sixteen at once."""

import http.client
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

from tests.faults.house import House, wait_for
from tests.serving import workflow

from benchmarks.rows import Row

STARTS = 5
QUEUED = 1000
BUSY_STEPS = 10_000  # of a job that keeps the engine busy all the while
ONE_AFTER_ANOTHER = 200
TOGETHER = 16  # clients at once
AT_ONCE = 800  # requests by all of them
LARGE = "/queue"  # its answer holds every queued workflow: fewer of these
FEW = 20
LIMIT_MS = 50.0
LIMIT_START = 1.0  # seconds
LIMIT_MEMORY = 120.0  # MiB

Ask = Callable[[http.client.HTTPConnection], None]


def measure() -> list[Row]:
    """Time to the first answer, memory, and what each kind of request takes."""
    with tempfile.TemporaryDirectory() as folder:
        studio = House(Path(folder) / "home")
        studio.home.mkdir()
        try:
            rows = [Row("first answer, from process start, new home", studio.start(), "s", limit=LIMIT_START)]
            picture = _one_picture(studio)
            studio.stop()
            starts, whole = [], []
            for _ in range(STARTS):
                begun = time.perf_counter()
                starts.append(studio.start())
                studio.get("/api/v1/jobs")
                whole.append(time.perf_counter() - begun)
                studio.stop()
            rows.append(Row("the same, a home in use", statistics.median(starts), "s", limit=LIMIT_START))
            rows.append(Row("first answer from the queue", statistics.median(whole), "s"))
            studio.start()
            wait_for(studio.is_ready)
            rows.append(Row("memory of the web process, idle", studio.memory(), "MiB", limit=LIMIT_MEMORY))
            return [*rows, *_under_load(studio, picture)]
        finally:
            studio.stop()


def _under_load(studio: House, picture: str) -> list[Row]:
    busy = studio.submit("busy", steps=BUSY_STEPS, width=128, height=128)
    seeds = count(1)

    def submit(connection: http.client.HTTPConnection) -> None:
        body = json.dumps({"prompt": workflow(seed=next(seeds))})
        _asked(connection, "POST", "/prompt", body)

    _at_once(studio, submit, QUEUED)
    wait_for(lambda: studio.states()[busy] == "running")
    asks: dict[str, tuple[Ask, int]] = {
        f"GET {LARGE}": (_get(LARGE), FEW),
        "GET /api/v1/jobs": (_get("/api/v1/jobs?limit=50"), ONE_AFTER_ANOTHER),
        "GET /history": (_get("/history"), ONE_AFTER_ANOTHER),
        "GET /view": (_get(f"/view?filename={picture}"), ONE_AFTER_ANOTHER),
        "POST /prompt": (submit, ONE_AFTER_ANOTHER),
    }
    rows = []
    for name, (ask, times) in asks.items():
        alone = _one_after_another(studio, ask, times)
        rows += [
            Row(f"{name}, p50", statistics.median(alone), "ms", limit=LIMIT_MS),
            Row(f"{name}, p99", _p99(alone), "ms"),
        ]
        if times > FEW:
            begun = time.perf_counter()
            together = _at_once(studio, ask, AT_ONCE)
            rate = AT_ONCE / (time.perf_counter() - begun)
            rows += [Row(f"{name}, {TOGETHER} at once, p99", _p99(together), "ms"), Row(f"{name}, rate", rate, "/s")]
    rows.append(Row("memory of the web process, after that", studio.memory(), "MiB", limit=LIMIT_MEMORY))
    assert studio.states()[busy] == "running", "the engine was busy all the while"
    return rows


def _one_picture(studio: House) -> str:
    """Make a picture; its name."""
    wait_for(studio.is_ready)
    studio.submit()
    wait_for(lambda: set(studio.states().values()) == {"done"})
    return studio.pictures()[0]


def _get(path: str) -> Ask:
    return lambda connection: _asked(connection, "GET", path)


def _asked(connection: http.client.HTTPConnection, method: str, path: str, body: str | None = None) -> None:
    connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200, f"{method} {path} was answered with {answer.status}"


def _one_after_another(studio: House, ask: Ask, times: int) -> list[float]:
    """Milliseconds of each request of one client."""
    connection = http.client.HTTPConnection("127.0.0.1", studio.port, timeout=60)
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        ask(connection)
        took.append(1000 * (time.perf_counter() - begun))
    connection.close()
    return took


def _at_once(studio: House, ask: Ask, times: int) -> list[float]:
    """Milliseconds of each request, of many clients together."""
    with ThreadPoolExecutor(TOGETHER) as clients:
        each = [clients.submit(_one_after_another, studio, ask, times // TOGETHER) for _ in range(TOGETHER)]
        return [took for client in each for took in client.result()]


def _p99(took: Sequence[float]) -> float:
    return statistics.quantiles(took, n=100)[98]
