"""What the engine itself costs: workflows of nodes that do nothing, from JSON to the last event.

The peer is ComfyUI 0.3.64, whose 1,000 such nodes take 8.4 s the first time and 3.4 s when all is cached.
"""

import json
import statistics
import time
from collections.abc import Collection
from typing import Annotated

from benchmarks.rows import Row
from safelight.graph.document import Workflow
from safelight.graph.formats import load_api
from safelight.graph.keys import cache_keys
from safelight.graph.node import Range, node
from safelight.graph.plan import plan
from safelight.graph.validate import validate
from safelight.protocol.events import Done, Event
from safelight.worker.cache import Cache
from safelight.worker.executor import Executor
from safelight.worker.job import Job

NODES = 1000
CHAINS = (1, 10)
REPEATS = 15
LIMITS = {"first": 100.0, "cached": 10.0}  # milliseconds
PEER = {"first": 8400.0, "cached": 3400.0}  # milliseconds


@node("Start", category="benchmark")
def start(*, value: Annotated[int, Range(0, 2**31)]) -> int:
    """A number."""
    return value


@node("Step", category="benchmark")
def step(*, value: int, amount: Annotated[float, Range(0.0, 1.0)]) -> int:
    """The same number."""
    return value


@node("End", category="benchmark", output=True)
def end(*, value: int) -> None:
    """Nothing."""


REGISTRY = {n.spec.class_type: n for n in (start, step, end)}
CATALOG = {class_type: n.spec for class_type, n in REGISTRY.items()}


def measure() -> list[Row]:
    """The cost of `NODES` nodes as one chain and as ten, the first time and when all is cached."""
    rows: list[Row] = []
    for chains in CHAINS:
        times: dict[tuple[str, str], list[float]] = {}
        for repeat in range(REPEATS):
            text = workflow_of(chains, repeat)
            executor = Executor(REGISTRY, Cache(10**9), lambda *_: None, _no_files, _no_stamp)
            for run in ("first", "cached"):
                for part, milliseconds in _parts(text, executor).items():
                    times.setdefault((run, part), []).append(milliseconds)
        name = f"{NODES} nodes, {chains} {'chain' if chains == 1 else 'chains'}"
        for (run, part), found in times.items():
            median = statistics.median(found)
            if part == "whole":
                rows.append(Row(f"{name}, {run} run", median, "ms", peer=PEER[run], limit=LIMITS[run]))
                rows.append(Row("  a node", 1000 * median / NODES, "µs"))
            else:
                rows.append(Row(f"  {part}", median, "ms"))
    return rows


def workflow_of(chains: int, seed: int) -> str:
    """`NODES` nodes in `chains` chains of one length, in the API format; another for each `seed`."""
    document: dict[str, object] = {}

    def add(class_type: str, **inputs: object) -> list[object]:
        name = str(len(document) + 1)
        document[name] = {"class_type": class_type, "inputs": inputs}
        return [name, 0]

    for chain in range(chains):
        last = add("Start", value=seed * chains + chain)
        for _ in range(NODES // chains - 2):
            last = add("Step", value=last, amount=0.5)
        add("End", value=last)
    return json.dumps(document)


def _parts(text: str, executor: Executor) -> dict[str, float]:
    """Milliseconds of the whole way, and of its parts."""
    begin = time.perf_counter()
    workflow, problems = load_api(text)
    read = time.perf_counter()
    problems += validate(workflow, CATALOG, _no_files)
    checked = time.perf_counter()
    events: list[Event] = []
    executor.execute(Job("job", workflow), events.append, lambda: False)
    finished = time.perf_counter()
    assert not problems
    assert isinstance(events[-1], Done)
    parts = {"whole": finished - begin, "read": read - begin, "validate": checked - read}
    parts |= _planning(workflow)
    # planning is timed a second time, which may take longer than the first
    parts["run"] = max(0.0, finished - checked - parts["plan"] - parts["keys"])
    return {part: 1000 * seconds for part, seconds in parts.items()}


def _planning(workflow: Workflow) -> dict[str, float]:
    """What the executor does before it runs anything, once more."""
    begin = time.perf_counter()
    arranged = plan(workflow, CATALOG)
    planned = time.perf_counter()
    cache_keys(arranged.steps, REGISTRY, _no_stamp)
    return {"plan": planned - begin, "keys": time.perf_counter() - planned}


def _no_files(_folder: str) -> Collection[str]:
    return ()


def _no_stamp(_folder: str, _name: str) -> object:
    return None
