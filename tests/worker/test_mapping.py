from typing import Annotated, NamedTuple

from safelight.graph.document import Link, Value
from safelight.graph.node import AnyNode, Anything, Output, Socket, node
from safelight.protocol.events import Cancelled, Failed, NodeStarted
from safelight.protocol.events import Output as OutputEvent
from safelight.worker.mapping import Many
from tests.graph.samples import NODES, call
from tests.worker.bench import Bench, TestRun

Numbers = Annotated[list[int], Socket("INT"), Output(is_list=True)]


@node("Range", category="test")
def count(*, start: int, stop: int) -> Numbers:
    """Numbers one by one."""
    return list(range(start, stop))


@node("Both", category="test", takes_lists=True)
def both(*, a: Annotated[list[int], Socket("INT")], b: Annotated[list[int], Socket("INT")]) -> Anything:
    """What it gets."""
    return (a, b)


class Pieces(NamedTuple):
    pieces: Numbers
    length: int


@node("Split", category="test")
def split(*, value: int) -> Pieces:
    """As many numbers as the value says."""
    return Pieces([value] * value, value)


@node("Say", category="test", output=True)
def say(*, value: Anything, run: TestRun) -> None:
    """Says it."""
    run.emit(OutputEvent(run.job.id, run.node, "text", text=str(value)))


def bench(*more: AnyNode) -> Bench:
    return Bench([*NODES.values(), count, both, split, say, *more])


def test_a_node_runs_once_for_each_element() -> None:
    b = bench()
    workflow = {"r": call("Range", start=0, stop=4), "s": call("Add", a=Link("r"), b=10)}
    assert b.run(workflow, ["s"]).outputs == {"s": (Many((10, 11, 12, 13)),)}
    assert b.ran() == {"r": 1, "s": 1}


def test_the_shorter_list_repeats_its_last() -> None:
    workflow = {
        "long": call("Range", start=0, stop=4),
        "short": call("Range", start=10, stop=12),
        "s": call("Add", a=Link("long"), b=Link("short")),
    }
    assert bench().run(workflow, ["s"]).outputs["s"] == (Many((10, 12, 13, 14)),)


def test_lists_go_on_downstream() -> None:
    workflow = {
        "r": call("Range", start=0, stop=3),
        "s": call("Add", a=Link("r"), b=1),
        "d": call("Divide", a=Link("s"), b=2),
    }
    assert bench().run(workflow, ["d"]).outputs["d"] == (Many((0, 1, 1)), Many((1, 0, 1)))


def test_a_node_that_takes_lists_is_called_once_with_every_input_as_a_list() -> None:
    workflow = {"r": call("Range", start=0, stop=3), "b": call("Both", a=Link("r"), b=7)}
    assert bench().run(workflow, ["b"]).outputs["b"] == (([0, 1, 2], [7]),)


def test_lists_that_a_mapped_node_gives_are_put_end_to_end() -> None:
    workflow = {"r": call("Range", start=1, stop=4), "s": call("Split", value=Link("r"))}
    assert bench().run(workflow, ["s"]).outputs["s"] == (Many((1, 2, 2, 3, 3, 3)), Many((1, 2, 3)))


def test_an_empty_list_runs_nothing_and_goes_on_empty() -> None:
    b = bench()
    workflow = {
        "r": call("Range", start=0, stop=0),
        "s": call("Add", a=Link("r"), b=1),
        "say": call("Say", value=Link("s")),
    }
    assert b.run(workflow, ["s", "say"]).outputs == {"s": (Many(()),), "say": ()}
    assert b.ran() == {"r": 1}
    assert not b.told(OutputEvent)


def test_an_output_node_shows_each_element_and_shows_them_again_when_cached() -> None:
    b = bench()
    workflow = {"r": call("Range", start=0, stop=3), "say": call("Say", value=Link("r"))}
    for _ in range(2):
        b.run(workflow)
        assert [event.text for event in b.told(OutputEvent)] == ["0", "1", "2"]
    assert not b.ran()


def test_a_list_that_a_plain_output_holds_is_one_value() -> None:
    @node("Count", category="test")
    def length(*, value: Anything) -> int:
        """Its length."""
        return len(value)

    workflow = {"p": call("Both", a=1, b=2), "c": call("Count", value=Link("p"))}
    assert bench(length).run(workflow, ["c"]).outputs["c"] == (2,)


def test_a_list_output_that_is_no_list_is_a_failure_of_the_node() -> None:
    @node("Wrong", category="test")
    def wrong() -> Numbers:
        """No list."""
        return 5  # type: ignore[return-value]

    end = bench(wrong).run({"w": call("Wrong")}, ["w"]).end
    assert isinstance(end, Failed)
    assert "list" in end.what


def test_a_job_can_be_cancelled_between_elements() -> None:
    b = bench()
    workflow = {"r": call("Range", start=0, stop=1000), "say": call("Say", value=Link("r"))}
    outcome = b.run(workflow, cancelled=lambda: len(b.told(OutputEvent)) >= 3)
    assert outcome.end == Cancelled("job")
    assert len(b.told(OutputEvent)) == 3


def test_a_mapped_node_is_told_once() -> None:
    b = bench()
    b.run({"r": call("Range", start=0, stop=9), "say": call("Say", value=Link("r"))})
    assert b.told(NodeStarted) == [NodeStarted("job", "r", "Range"), NodeStarted("job", "say", "Say")]


def test_a_value_that_is_given_live_is_not_taken_apart() -> None:
    b = bench()
    workflow = {"say": call("Say", value=Value([1, 2]))}
    b.run(workflow)
    assert [event.text for event in b.told(OutputEvent)] == ["[1, 2]"]
