from typing import Annotated

from safelight.graph.document import Link
from safelight.graph.node import OPTIONAL, AnyNode, Anything, Output, Socket, node
from safelight.graph.results import Blocked
from safelight.protocol.events import Done, Failed
from tests.graph.samples import NODES, call
from tests.worker.bench import Bench


@node("Gate", category="test")
def gate(*, value: int, open: bool, message: Annotated[str, OPTIONAL] = "") -> int | Blocked:
    """Lets a number through, or not."""
    return value if open else Blocked(message or None)


@node("Odd", category="test")
def odd() -> Annotated[list[object], Socket("INT"), Output(is_list=True)]:
    """Odd numbers; the even ones are blocked."""
    return [1, Blocked(), 3]


@node("Whole", category="test", takes_lists=True)
def whole(*, values: Annotated[list[int], Socket("INT")]) -> Anything:
    """All at once."""
    return values


def bench(*more: AnyNode) -> Bench:
    return Bench([*NODES.values(), gate, odd, whole, *more])


WORKFLOW = {
    "s": call("Add", a=Link("g"), b=1),
    "end": call("Show", value=Link("s")),
    "n": call("Number", value=1),
    "other": call("Show", value=Link("n")),
}


def test_a_silent_block_stops_what_follows_and_nothing_else() -> None:
    b = bench()
    assert b.run({"g": call("Gate", value=3, open=False), **WORKFLOW}).end == Done("job")
    assert b.ran() == {"g": 1, "n": 1, "other": 1}


def test_a_gate_that_is_open_stops_nothing() -> None:
    b = bench()
    b.run({"g": call("Gate", value=3, open=True), **WORKFLOW})
    assert b.ran() == dict.fromkeys(["g", "s", "end", "n", "other"], 1)


def test_a_block_with_a_message_fails_the_job_once_the_rest_has_run() -> None:
    b = bench()
    workflow = {"g": call("Gate", value=3, open=False, message="The picture is black."), **WORKFLOW}
    end = b.run(workflow).end
    assert end == Failed("job", "The picture is black.", "Add (node s)", "", "s", "Add")
    assert b.ran() == {"g": 1, "n": 1, "other": 1}


def test_a_blocked_workflow_ends_the_same_when_it_is_run_again() -> None:
    b = bench()
    workflow = {"g": call("Gate", value=3, open=False, message="The picture is black."), **WORKFLOW}
    assert b.run(workflow).end == b.run(workflow).end
    assert not b.ran()


def test_of_a_list_only_the_blocked_elements_are_left_out() -> None:
    b = bench()
    workflow = {"o": call("Odd"), "s": call("Add", a=Link("o"), b=1), "t": call("Add", a=Link("s"), b=0)}
    outcome = b.run(workflow, ["t"])
    (many,) = outcome.outputs["t"]
    assert getattr(many, "values", None) == (2, Blocked(), 4)


def test_a_block_in_a_list_that_is_taken_whole_stops_the_node() -> None:
    b = bench()
    b.run({"o": call("Odd"), "w": call("Whole", values=Link("o")), "end": call("Show", value=Link("w"))})
    assert b.ran() == {"o": 1}


def test_a_blocked_switch_does_not_evaluate_its_branches() -> None:
    @node("Flag", category="test")
    def flag() -> bool | Blocked:
        """Blocked."""
        return Blocked()

    b = bench(flag)
    workflow = {"f": call("Flag"), "n": call("Number", value=1)}
    workflow["s"] = call("Switch", first=Link("f"), a=Link("n"), b=Link("n"))
    b.run(workflow, ["s"])
    assert b.ran() == {"f": 1}
