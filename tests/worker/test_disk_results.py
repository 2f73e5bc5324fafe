"""Results on the disk, as the executor uses them: across lists, expansions, blocks, and what is never cached."""

import math
from pathlib import Path

import pytest

from safelight.graph.document import Link, Value
from safelight.graph.node import AnyNode, Anything, node
from safelight.graph.results import Blocked, Expansion
from safelight.protocol.events import Cached, Output
from safelight.worker import disk_cache
from safelight.worker.disk_cache import DiskCache
from tests.graph.samples import NODES, call
from tests.worker.bench import GIGABYTE, Bench, TestRun
from tests.worker.test_expansion import count

SHOWN = {("output", f"{value}.png"): "as it was" for value in range(10)}


@node("Save", category="test", output=True)
def save(*, value: Anything, run: TestRun) -> None:
    """Shows a file, and what it is known by."""
    run.emit(Output(run.job.id, run.node, "images", "output", f"{value}.png", run.claimant))


@node("SaveBoth", category="test", output=True)
def save_both(*, value: int) -> int | Expansion:
    """Saves two files by expanding, and gives the value."""
    return Expansion({"a": call("Save", value=Value(value)), "b": call("Save", value=Value(value + 1))}, (value,))


@node("Random", category="test", fingerprint=lambda: math.nan)
def random() -> int:
    """Is to run every time."""
    return 4


@node("Stop", category="test")
def stop(*, value: int) -> int | Blocked:
    """Nothing."""
    return Blocked()


NODES_HERE: list[AnyNode] = [*NODES.values(), count, save, save_both, random, stop]


@pytest.fixture(autouse=True)
def all_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_cache, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr(disk_cache, "BYTES_PER_SECOND", math.inf)


def worker(folder: Path, limit: int = GIGABYTE) -> Bench:
    """A worker that has just started."""
    bench = Bench(NODES_HERE, limit, DiskCache(folder, "kind", GIGABYTE))
    bench.files.update(SHOWN)
    return bench


def shown(bench: Bench) -> list[tuple[str, str, str]]:
    """(node, file, what it is known by) of all that was shown, whenever that was."""
    told = [(output.node, output.path, output.text) for output in bench.told(Output)]
    return sorted(told, key=lambda output: (output[0] != "both", output[1]))


@pytest.mark.parametrize("limit", [GIGABYTE, 0])
def test_the_next_worker_runs_nothing_again_and_shows_the_same(limit: int, tmp_path: Path) -> None:
    workflow = {
        "numbers": call("Range", stop=3),
        "more": call("Add", a=Link("numbers"), b=1),
        "save": call("Save", value=Link("more")),
        "both": call("SaveBoth", value=7),
    }
    first, second = worker(tmp_path, limit), worker(tmp_path, limit)
    first.run(workflow)
    second.run(workflow)
    assert first.ran()["save"] == 1
    assert second.ran() == {}
    assert shown(second) == shown(first)
    assert [path for _, path, _ in shown(second)] == ["7.png", "8.png", "1.png", "2.png", "3.png"]
    assert {node for event in second.told(Cached) for node in event.nodes} == set(workflow)


def test_what_shows_a_file_that_has_changed_is_run_again(tmp_path: Path) -> None:
    workflow = {"save": call("Save", value=3)}
    worker(tmp_path).run(workflow)
    second = worker(tmp_path)
    second.files["output", "3.png"] = "another"
    second.run(workflow)
    assert second.ran() == {"save": 1}


def test_what_was_blocked_or_is_to_run_every_time_is_not_kept(tmp_path: Path) -> None:
    workflow = {
        "stop": call("Stop", value=1),
        "a": call("Save", value=Link("stop")),
        "random": call("Random"),
        "b": call("Save", value=Link("random")),
    }
    worker(tmp_path).run(workflow)
    second = worker(tmp_path)
    second.run(workflow)
    assert {"random", "b"} <= set(second.ran())
    assert "a" not in second.cached()


def test_a_file_is_known_by_the_same_in_every_process_and_by_what_no_other_one_is(tmp_path: Path) -> None:
    workflow = {"random": call("Random"), "b": call("Save", value=Link("random")), "both": call("SaveBoth", value=7)}
    first, second = worker(tmp_path / "one"), worker(tmp_path / "two")
    first.run(workflow)
    second.run(workflow)
    assert shown(first) == shown(second)
    assert len({claimant for *_, claimant in shown(first)}) == 3
    assert ("b", "4.png", "b") in shown(first), "by its place, where nothing says what it gives"
