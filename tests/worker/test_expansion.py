from typing import Annotated, NamedTuple

import pytest

from safelight.graph.document import Link, NodeCall, Value
from safelight.graph.node import OPTIONAL, AnyNode, Anything, Output, Socket, node
from safelight.graph.results import Blocked, Expansion
from safelight.protocol.events import Cached, Done, Failed, NodeStarted
from safelight.protocol.events import Output as OutputEvent
from safelight.worker.mapping import Many
from tests.graph.samples import NODES, call
from tests.worker.bench import Bench, TestRun


class Pair(NamedTuple):
    first: int
    second: int


@node("Say", category="test", output=True)
def say(*, value: Anything, run: TestRun) -> None:
    """Says it."""
    run.emit(OutputEvent(run.job.id, run.node, "text", text=str(value)))


@node("Grow", category="test")
def grow(*, value: int) -> Pair | Expansion:
    """Says the value, and gives it plus one, and itself."""
    return Expansion({"a": call("Add", a=Value(value), b=1), "s": call("Say", value=Value(value))}, (Link("a"), value))


@node("CountDown", category="test")
def count_down(*, value: int, sum: Annotated[int, OPTIONAL] = 0) -> int | Expansion:
    """The sum of all numbers to `value`, by expanding once for each."""
    if not value:
        return sum
    inner = {
        "next": call("Add", a=Value(value), b=-1),
        "sum": call("Add", a=Value(sum), b=value),
        "again": call("CountDown", value=Link("next"), sum=Link("sum")),
    }
    return Expansion(inner, (Link("again"),))


@node("Range", category="test")
def count(*, stop: int) -> Annotated[list[int], Socket("INT"), Output(is_list=True)]:
    """Numbers one by one."""
    return list(range(stop))


def bench(*more: AnyNode, limit: int = 10**9) -> Bench:
    return Bench([*NODES.values(), say, grow, count_down, count, *more], limit)


GROWN = {"n": call("Number", value=5), "g": call("Grow", value=Link("n")), "end": call("Add", a=Link("g", 0), b=0)}


def test_an_expanded_node_gives_what_its_inner_nodes_give() -> None:
    outcome = bench().run(GROWN, ["g", "end"])
    assert outcome.end == Done("job")
    assert outcome.outputs == {"g": (6, 5), "end": (6,)}


def test_inner_nodes_that_show_something_are_run_and_all_is_told_as_the_nodes_own() -> None:
    b = bench()
    b.run(GROWN, ["end"])
    assert b.told(OutputEvent) == [OutputEvent("job", "g", "text", text="5")]
    assert [(event.node, event.class_type) for event in b.told(NodeStarted)] == [
        ("n", "Number"),
        ("g", "Grow"),
        ("g", "Add"),
        ("g", "Say"),
        ("end", "Add"),
    ]


def test_an_expanded_node_is_cached_with_what_it_showed() -> None:
    b = bench()
    b.run(GROWN, ["end"])
    b.run({**GROWN, "end": call("Add", a=Link("g", 1), b=0)}, ["end"])
    assert b.ran() == {"end": 1}
    assert b.told(Cached) == [Cached("job", ("n", "g"))]
    assert b.told(OutputEvent) == [OutputEvent("job", "g", "text", text="5")]


def test_inner_nodes_are_cached_by_their_content_like_any_other() -> None:
    @node("Made", category="test")
    def made() -> int | Expansion:
        """A number that an inner node makes."""
        return Expansion({"x": call("Number", value=3), "y": call("Add", a=Link("x"), b=1)}, (Link("y"),))

    b = bench(made)
    b.run({"n": call("Number", value=3), "m": call("Add", a=Link("n"), b=1)}, ["m"])
    b.run({"made": call("Made")}, ["made"])
    assert b.told(NodeStarted) == [NodeStarted("job", "made", "Made")]


@pytest.mark.parametrize("limit", [10**9, 0])
def test_expansions_nest_a_thousand_deep(limit: int) -> None:
    b = bench(limit=limit)
    outcome = b.run({"c": call("CountDown", value=1000), "end": call("Show", value=Link("c"))}, ["c", "end"])
    assert outcome.outputs["c"] == (500_500,)


def test_a_mapped_node_expands_once_for_each_element() -> None:
    b = bench()
    workflow = {"r": call("Range", stop=3), "g": call("Grow", value=Link("r"))}
    assert b.run(workflow, ["g"]).outputs["g"] == (Many((1, 2, 3)), Many((0, 1, 2)))
    assert [event.text for event in b.told(OutputEvent)] == ["0", "1", "2"]
    b.run(workflow, ["g"])
    assert not b.ran()


def test_an_expansion_may_hold_only_values() -> None:
    @node("Plain", category="test")
    def plain() -> int | Expansion:
        """A value."""
        return Expansion({}, (7,))

    assert bench(plain).run({"p": call("Plain")}, ["p"]).outputs == {"p": (7,)}


@pytest.mark.parametrize(
    ("workflow", "outputs", "words"),
    [
        ({"a": call("Nothing")}, (Link("a"),), "Nothing"),
        ({"a": call("Add", b=1)}, (Link("a"),), "missing"),
        ({"a": call("Add", a=Link("a"), b=1)}, (Link("a"),), "circle"),
        ({}, (Link("a"),), "a"),
        ({"a": call("Number", value=1)}, (Link("a", 3),), "3"),
        ({"a": call("Number", value=1)}, (), "0 outputs"),
    ],
)
def test_an_expansion_that_cannot_run_is_a_failure_of_its_node(
    workflow: dict[str, NodeCall], outputs: tuple[object, ...], words: str
) -> None:
    @node("Bad", category="test")
    def bad() -> int | Expansion:
        """Cannot run."""
        return Expansion(workflow, outputs)

    end = bench(bad).run({"b": call("Bad")}, ["b"]).end
    assert isinstance(end, Failed)
    assert (end.node, end.class_type) == ("b", "Bad")
    assert words in end.what


def test_a_failure_of_an_inner_node_is_told_with_the_node_that_the_person_sees() -> None:
    @node("Divider", category="test")
    def divider() -> int | Expansion:
        """Divides by nothing."""
        return Expansion({"d": call("Divide", a=1, b=0)}, (Link("d"),))

    end = bench(divider).run({"x": call("Divider")}, ["x"]).end
    assert isinstance(end, Failed)
    assert (end.node, end.class_type, end.where) == ("x", "Divide", "Divide (node x)")
    assert "ZeroDivisionError" in end.what


def test_a_block_within_reaches_the_outputs_and_is_told_again_on_the_next_run() -> None:
    @node("Stop", category="test")
    def stop() -> int | Blocked:
        """Blocks."""
        return Blocked("No more.")

    @node("Stopper", category="test")
    def stopper() -> int | Expansion:
        """Blocks from within."""
        return Expansion({"s": call("Stop"), "a": call("Add", a=Link("s"), b=1)}, (Link("a"),))

    b = bench(stop, stopper)
    workflow = {"x": call("Stopper"), "end": call("Show", value=Link("x"))}
    first, second = b.run(workflow).end, b.run(workflow).end
    assert isinstance(first, Failed)
    assert first.what == "No more."
    assert first == second
