import itertools
import math
from dataclasses import replace
from typing import Annotated

import pytest

from safelight.graph.document import Link, NodeCall, Value
from safelight.graph.keys import Key, Stamp, cache_keys
from safelight.graph.node import AnyNode, Anything, File, node
from safelight.graph.plan import plan
from safelight.nodes.registry import BUILTIN
from tests.graph.samples import NODES, call


def no_files(folder: str, name: str) -> object:
    return None


def keys_of(
    workflow: dict[str, NodeCall], target: str, registry: dict[str, AnyNode] | None = None, stamp: Stamp = no_files
) -> dict[str, Key]:
    registry = registry or dict(NODES)
    arranged = plan(workflow, {name: sample.spec for name, sample in registry.items()}, [target])
    return cache_keys(arranged.steps, registry, stamp)


def key_of(node_call: NodeCall, **others: NodeCall) -> Key:
    return keys_of({"1": node_call, **others}, "1")["1"]


def test_ids_titles_and_order_do_not_count() -> None:
    one = keys_of({"1": call("Number", value=3), "2": call("Add", a=Link("1"), b=4)}, "2")["2"]
    other = keys_of(
        {"x": NodeCall("Add", {"b": 4.0, "a": Link("y"), "extra": 1}, "Title"), "y": call("Number", value="3")}, "x"
    )["x"]
    assert one == other


def test_what_comes_before_counts() -> None:
    keys = {keys_of({"1": call("Number", value=v), "2": call("Add", a=Link("1"), b=4)}, "2")["2"] for v in range(5)}
    assert len(keys) == 5


def test_which_output_and_which_input_is_linked_counts() -> None:
    number = {"n": call("Number", value=3), "d": call("Divide", a=Link("n"), b=2)}
    calls = [
        call("Add", a=Link("d", 0), b=3),
        call("Add", a=Link("d", 1), b=3),
        call("Add", b=Link("d", 0), a=3),
        call("Divide", a=Link("d", 0), b=3),
    ]
    assert len({key_of(one, **number) for one in calls}) == len(calls)


def test_literals_that_differ_in_type_or_sign_never_share_a_key() -> None:
    values = [1, 1.0, True, "1", "1.0", "True", 0, 0.0, -0.0, False, "", "None", [], [1], ["1"], [[1]], {}, {"a": 1}]
    values += ["'", '"', "'value'", "\n", "\\n", "\ud800", "é", [1, 2], "[1, 2]", 5e-324]
    keys = [key_of(call("Show", value=value)) for value in values]
    for (one, key), (other, other_key) in itertools.combinations(zip(values, keys, strict=True), 2):
        assert key != other_key, f"{one!r} and {other!r}"


def test_a_number_and_the_text_of_it_are_the_same_to_a_node_that_takes_numbers() -> None:
    assert key_of(call("Number", value="7")) == key_of(call("Number", value=7)) == key_of(call("Number", value=7.0))


def test_every_point_of_a_curve_counts_and_how_its_numbers_are_written_does_not() -> None:
    curves = [[[0, 0], [1, 1]], [[0, 0], [1, 0.9]], [[0, 0], [0.5, 0.5], [1, 1]], [[0, 0.1], [1, 1]]]
    curves.append([[0.0, 0.0], [1.0, 1.0]])
    keys = [keys_of({"1": NodeCall("ImageCurves", {"curve": curve})}, "1", dict(BUILTIN))["1"] for curve in curves]
    assert len(set(keys)) == 4
    assert keys[0] == keys[-1]


def test_a_new_version_of_a_node_has_other_keys() -> None:
    newer = replace(NODES["Number"], spec=replace(NODES["Number"].spec, version=2))
    workflow = {"1": call("Number", value=3)}
    assert keys_of(workflow, "1") != keys_of(workflow, "1", {**NODES, "Number": newer})


def test_a_file_that_changes_changes_the_keys_of_all_that_use_it() -> None:
    workflow = {"1": call("Load", name="x"), "2": call("Show", value=Link("1")), "3": call("Number", value=1)}
    workflow["end"] = call("Divide", a=Link("2"), b=Link("3"))

    def at(time: int) -> dict[str, Key]:
        return keys_of(workflow, "end", stamp=lambda folder, name: (folder, name, time))

    before, same, after = at(1), at(1), at(2)
    assert before == same
    changed = {node for node in before if before[node] != after[node]}
    assert changed == {"1", "2", "end"}


def test_each_file_is_looked_at_once() -> None:
    looked = []

    def stamp(folder: str, name: str) -> object:
        looked.append((folder, name))
        return 1

    workflow = {str(i): call("Load", name="same") for i in range(5)}
    arranged = plan(workflow, {name: sample.spec for name, sample in NODES.items()}, list(workflow))
    cache_keys(arranged.steps, NODES, stamp)
    assert looked == [("checkpoints", "same")]


def fingerprinted(fingerprint: object) -> AnyNode:
    def look(*, value: Anything, again: int | None = None) -> object:
        if isinstance(fingerprint, Exception):
            raise fingerprint
        return fingerprint

    @node("Clock", category="test", fingerprint=look)
    def clock(*, value: Anything, again: int | None = None) -> Anything:
        """Tells something that changes."""

    return clock


def test_a_fingerprint_counts() -> None:
    workflow = {"1": call("Clock", value=3)}
    keys = {keys_of(workflow, "1", {"Clock": fingerprinted(value)})["1"] for value in (1, 1.0, "1", 2, 2)}
    assert len(keys) == 4


@pytest.mark.parametrize(
    "fingerprint",
    [math.nan, ValueError("no"), object(), [1, {"a", "b"}], {"a": print}],
    ids=["NaN", "failure", "object", "set", "function"],
)
def test_a_fingerprint_that_is_nan_fails_or_differs_between_processes_keeps_a_node_and_its_users_from_the_cache(
    fingerprint: object,
) -> None:
    workflow = {"1": call("Clock", value=3), "2": call("Add", a=Link("1"), b=1), "3": call("Number", value=1)}
    workflow["end"] = call("Add", a=Link("2"), b=Link("3"))
    keys = keys_of(workflow, "end", {**NODES, "Clock": fingerprinted(fingerprint)})
    assert [node for node, key in keys.items() if key is None] == ["1", "2", "end"]
    assert keys["3"] is not None


def test_a_fingerprint_gets_literals_by_name_and_none_for_links() -> None:
    got = []

    def look(**inputs: object) -> int:
        got.append(inputs)
        return 1

    @node("Watch", category="test", fingerprint=look)
    def watch(*, value: Anything, count: int = 0) -> Anything:
        """Tells what it got."""

    workflow = {"1": call("Number", value=3), "2": call("Watch", value=Link("1"), count=5)}
    keys_of(workflow, "2", {**NODES, "Watch": watch})
    assert got == [{"value": None, "count": 5}]


def test_a_file_name_that_comes_by_a_link_keeps_a_node_from_the_cache() -> None:
    @node("Open", category="test")
    def open_file(*, name: Annotated[str, File("input")]) -> Anything:
        """Opens a file."""

    workflow = {"1": call("Show", value=1), "2": call("Open", name=Link("1"))}
    assert keys_of(workflow, "2", {**NODES, "Open": open_file})["2"] is None


def test_live_values_are_known_by_who_gave_them() -> None:
    steps = plan({"s": call("Show", value=Value(object()))}, {n: s.spec for n, s in NODES.items()}).steps
    first, same, other = (cache_keys(steps, NODES, no_files, origin)["s"] for origin in ("a.0", "a.0", "a.1"))
    assert first == same != other
    assert cache_keys(steps, NODES, no_files, None) == {"s": None}
