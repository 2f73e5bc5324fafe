import weakref
from typing import NamedTuple

import pytest

from safelight.errors import Cancelled as CancelledError
from safelight.errors import SafelightError
from safelight.graph.document import Link
from safelight.graph.node import AnyNode, Anything, node
from safelight.protocol import events
from safelight.protocol.events import Cached, Done, Failed, NodeStarted, Output, Progress, Started
from safelight.worker.job import Job
from tests.graph.samples import NODES, call
from tests.worker.bench import Bench, TestRun

SUM = {
    "end": call("Show", value=Link("sum")),
    "sum": call("Add", a=Link("n"), b=4),
    "n": call("Number", value="3"),
    "unneeded": call("Number", value=1),
}


def bench(*more: AnyNode, limit: int = 10**9) -> Bench:
    return Bench([*NODES.values(), *more], limit)


@node("Picture", category="test", output=True)
def picture(*, value: int, run: TestRun) -> None:
    """Shows a file and counts."""
    run.emit(Progress(run.job.id, run.node, 1, 2))
    run.emit(Output(run.job.id, run.node, "images", "output", f"{value}.png"))


@node("Fail", category="test")
def fail(*, value: Anything) -> Anything:
    """Fails."""
    if isinstance(value, int):
        raise SafelightError("It is a number.", mend="Give a text.")
    raise ValueError("first line\nsecond line")


def test_a_workflow_gives_the_values_of_its_targets() -> None:
    assert bench().run(SUM, ["sum", "n"]).outputs == {"sum": (7,), "n": (3,)}


def test_only_what_the_outputs_need_is_run_and_all_is_told_in_order() -> None:
    b = bench()
    b.run(SUM)
    assert b.events == [
        Started("job"),
        NodeStarted("job", "n", "Number"),
        NodeStarted("job", "sum", "Add"),
        NodeStarted("job", "end", "Show"),
        Done("job"),
    ]


def test_a_second_run_runs_nothing_and_says_so() -> None:
    b = bench()
    b.run(SUM)
    outcome = b.run(SUM, ["end", "sum"])
    assert b.events == [Started("job"), Cached("job", ("n", "sum", "end")), Done("job")]
    assert outcome.outputs == {"end": (), "sum": (7,)}


def test_changing_one_literal_runs_its_descendants_only() -> None:
    b = bench()
    workflow = {
        "a": call("Number", value=1),
        "b": call("Number", value=2),
        "a2": call("Add", a=Link("a"), b=0),
        "b2": call("Add", a=Link("b"), b=0),
        "both": call("Add", a=Link("a2"), b=Link("b2")),
        "end": call("Show", value=Link("both")),
    }
    b.run(workflow)
    outcome = b.run({**workflow, "b": call("Number", value=5)}, ["both", "end"])
    assert sorted(b.ran()) == ["b", "b2", "both", "end"]
    assert b.cached() == ["a", "a2"]
    assert outcome.outputs["both"] == (6,)


def test_the_same_work_under_other_ids_is_not_done_again() -> None:
    b = bench()
    b.run(SUM)
    b.run({f"other-{name}": value for name, value in {"n": call("Number", value=3)}.items()}, ["other-n"])
    assert b.ran() == {}


def test_several_outputs_go_where_they_are_linked() -> None:
    workflow = {"d": call("Divide", a=17, b=5), "s": call("Add", a=Link("d", 1), b=Link("d", 0))}
    assert bench().run(workflow, ["d", "s"]).outputs == {"d": (3, 2), "s": (5,)}


def test_defaults_of_inputs_left_out_are_those_of_the_function() -> None:
    @node("Default", category="test")
    def default(*, value: int | None = None, factor: int = 3) -> int:
        """Its default."""
        return -1 if value is None else value * factor

    assert bench(default).run({"1": call("Default", factor=2)}, ["1"]).outputs["1"] == (-1,)


def test_what_a_node_shows_is_told_and_told_again_when_it_is_cached() -> None:
    b = bench(picture)
    b.files["output", "3.png"] = 1
    workflow = {"n": call("Number", value=3), "p": call("Picture", value=Link("n"))}
    shown = Output("job", "p", "images", "output", "3.png")
    b.run(workflow)
    assert b.events[-3:] == [Progress("job", "p", 1, 2), shown, Done("job")]
    b.run(workflow)
    assert b.events == [Started("job"), Cached("job", ("n", "p")), shown, Done("job")]
    b.run({"m": workflow["n"], "q": call("Picture", value=Link("m"))})
    assert b.told(Output) == [Output("job", "q", "images", "output", "3.png")]


def test_a_picture_that_was_deleted_is_made_again() -> None:
    b = bench(picture)
    workflow = {"n": call("Number", value=3), "p": call("Picture", value=Link("n"))}
    b.run(workflow)
    b.run(workflow)
    assert b.ran() == {"p": 1}


def test_a_failure_is_told_in_words_and_what_finished_stays_cached() -> None:
    b = bench(fail)
    workflow = {
        "n": call("Number", value=3),
        "f": call("Fail", value=Link("n"))._replace(title="My node"),
        "end": call("Show", value=Link("f")),
    }
    outcome = b.run(workflow)
    assert outcome.end == Failed("job", "It is a number.", "My node (node f)", "Give a text.", "f", "Fail")
    assert b.events[-1] == outcome.end
    assert b.ran() == {"n": 1, "f": 1}
    b.run({**workflow, "f": call("Add", a=Link("n"), b=1)})
    assert b.ran() == {"f": 1, "end": 1}
    assert b.cached() == ["n"]


def test_an_unexpected_error_is_told_without_its_stack_trace(caplog: pytest.LogCaptureFixture) -> None:
    outcome = bench(fail).run({"f": call("Fail", value="text")}, ["f"])
    assert isinstance(outcome.end, Failed)
    assert outcome.end.what == "Unexpected ValueError: first line."
    assert outcome.end.mend
    assert "Traceback" not in str(outcome.end)
    assert "second line" in caplog.text
    assert "Traceback" in caplog.text


def test_running_out_of_memory_is_told_in_plain_words() -> None:
    @node("Huge", category="test")
    def huge() -> Anything:
        """Needs too much."""
        raise MemoryError

    end = bench(huge).run({"1": call("Huge")}, ["1"]).end
    assert isinstance(end, Failed)
    assert end.what == "There is not enough memory."


def test_a_node_that_gives_the_wrong_number_of_outputs_fails() -> None:
    class Two(NamedTuple):
        a: int
        b: int

    @node("Wrong", category="test")
    def wrong() -> Two:
        """Gives three."""
        return (1, 2, 3)  # type: ignore[return-value]

    end = bench(wrong).run({"1": call("Wrong")}, ["1"]).end
    assert isinstance(end, Failed)
    assert "3 outputs" in end.what


def test_a_cancelled_job_stops_before_the_next_node_and_keeps_what_is_finished() -> None:
    b = bench()
    outcome = b.run(SUM, cancelled=lambda: len(b.told(NodeStarted)) == 2)
    assert outcome.end == events.Cancelled("job")
    assert b.events[-1] == outcome.end
    assert b.ran() == {"n": 1, "sum": 1}
    b.run(SUM)
    assert b.ran() == {"end": 1}


def test_a_node_may_stop_a_cancelled_job_from_within() -> None:
    @node("Steps", category="test")
    def steps(*, run: TestRun) -> int:
        """Counts until it is stopped."""
        raise CancelledError

    b = bench(steps)
    assert b.run({"1": call("Steps")}, ["1"]).end == events.Cancelled("job")


def test_a_workflow_that_was_never_checked_fails_like_any_other() -> None:
    b = bench()
    outcome = b.executor.execute(Job("job", {"1": call("Nothing")}, ["1"]), b.events.append, lambda: False)
    assert isinstance(outcome.end, Failed)
    assert b.events == [Started("job"), outcome.end]


class Big:
    """A value whose life is watched."""


def test_a_value_is_dropped_as_soon_as_no_node_needs_it() -> None:
    alive: weakref.WeakSet[Big] = weakref.WeakSet()
    most = []

    @node("Grow", category="test")
    def grow(*, value: Anything = None) -> Anything:
        """A new value."""
        most.append(len(alive))
        big = Big()
        alive.add(big)
        return big

    b = bench(grow, limit=0)
    workflow = {"0": call("Grow")} | {str(i): call("Grow", value=Link(str(i - 1))) for i in range(1, 20)}
    workflow["end"] = call("Show", value=Link("19"))
    b.run(workflow)
    assert max(most) == 1
    assert len(alive) == 0


def test_a_cached_value_that_is_evicted_while_it_waits_is_still_used() -> None:
    class Bytes(NamedTuple):
        data: bytes

    made = []

    @node("Make", category="test")
    def make(*, value: int) -> Anything:
        """Many bytes."""
        made.append(value)
        return bytes([value]) * 1000

    @node("Join", category="test")
    def join(*, a: Anything, b: Anything) -> Anything:
        """Their first bytes."""
        return a[:1] + b[:1]

    b = bench(make, join, limit=1800)
    b.run({"a": call("Make", value=1)}, ["a"])
    workflow = {"a": call("Make", value=1), "b": call("Make", value=2), "j": call("Join", a=Link("a"), b=Link("b"))}
    assert b.run(workflow, ["j"]).outputs == {"j": (b"\x01\x02",)}
    assert made == [1, 2]


def test_work_that_occurs_twice_is_done_once() -> None:
    workflow = {"a": call("Number", value=3), "b": call("Number", value=3)}
    b = bench()
    assert b.run(workflow, ["a", "b"]).outputs == {"a": (3,), "b": (3,)}
    assert b.ran() == {"a": 1}
    assert b.cached() == ["b"]
