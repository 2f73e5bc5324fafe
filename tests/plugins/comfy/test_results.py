"""What the functions of packs give, read as outputs."""

from pathlib import Path
from typing import Any

import pytest

from safelight.errors import SafelightError
from safelight.files.folders import Folders
from safelight.graph.catalog import NodeSpec, OutputSpec
from safelight.graph.document import Link, NodeCall, Value
from safelight.graph.results import Blocked, Expansion
from safelight.nodes.registry import BUILTIN
from safelight.plugins.comfy.results import read_result
from tests.nodes.running import RecordedRun
from tests.plugins.conftest import written


@pytest.fixture
def run(home: Path) -> RecordedRun:
    return RecordedRun(Folders.at(home))


def read(run: RecordedRun, result: object, outputs: int = 1, is_list: bool = False) -> Any:
    spec = NodeSpec("Test", "Test", "", "", (), tuple(OutputSpec("", "INT", is_list) for _ in range(outputs)))
    return read_result(spec, result, BUILTIN, run)


def test_outputs_come_as_a_tuple_a_list_or_alone(run: RecordedRun) -> None:
    assert read(run, (3,)) == read(run, [3]) == read(run, 3) == 3
    assert read(run, (3, 4), 2) == (3, 4)
    assert read(run, ([3, 4],), is_list=True) == [3, 4]
    assert read(run, None, 0) == ()
    blocked = Blocked("no")
    assert read(run, blocked, 2) is blocked
    assert read(run, {"ui": {}}, 2) == (None, None)


@pytest.mark.parametrize("result", [None, (), {"result": ()}])
def test_too_few_outputs_are_the_packs_fault(result: object, run: RecordedRun) -> None:
    with pytest.raises(SafelightError, match="Test gave 0 outputs, and declares 1"):
        read(run, result)


def test_files_and_texts_are_shown_and_nothing_outside_of_the_folders(run: RecordedRun, home: Path) -> None:
    seen = written(home / "output/sub", "seen.png", "")
    written(home, "plugins.txt", "")
    files = [
        {"filename": "seen.png", "subfolder": "sub", "type": "output"},
        {"filename": "gone.png", "subfolder": "", "type": "output"},
        {"filename": "plugins.txt", "subfolder": "..", "type": "output"},
        {"filename": "seen.png", "subfolder": "sub", "type": "elsewhere"},
    ]
    read(run, {"ui": {"images": files, "text": ("a", "b"), "tags": ["c"]}}, 0)
    assert run.shown == [("images", seen.resolve(), "output")]
    assert run.texts == ["a", "b"]


def test_an_expansion_holds_links_values_and_what_can_be_written_down(run: RecordedRun) -> None:
    live = object()
    graph = {
        "a": {"class_type": "PrimitiveInt", "inputs": {"value": 3}},
        "b": {"class_type": "Other", "inputs": {"x": ["a", 0], "y": live, "z": [1, 2]}},
    }
    assert read(run, {"result": (["b", 1], 5), "expand": graph}, 2) == Expansion(
        {
            "a": NodeCall("PrimitiveInt", {"value": 3}),
            "b": NodeCall("Other", {"x": Link("a", 0), "y": Value(live), "z": Value([1, 2])}),
        },
        (Link("b", 1), 5),
    )
    blocked = Blocked()
    assert read(run, {"result": blocked, "expand": {}}, 2) == Expansion({}, (blocked, blocked))
    with pytest.raises(SafelightError, match="linked to node 9, which is not in the expansion"):
        read(run, {"result": (1,), "expand": {"a": {"class_type": "Other", "inputs": {"x": ["9", 0]}}}})
