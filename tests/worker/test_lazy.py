from typing import Annotated

from safelight.graph.document import Link
from safelight.graph.node import LAZY, AnyNode, Anything, Output, Socket, node
from safelight.protocol.events import Done, Failed, NodeStarted
from tests.graph.samples import NODES, call
from tests.worker.bench import Bench

Numbers = Annotated[list[int], Socket("INT"), Output(is_list=True)]
NUMBERS = {"a": call("Number", value=1), "b": call("Number", value=2)}


def bench(*more: AnyNode, limit: int = 10**9) -> Bench:
    return Bench([*NODES.values(), *more], limit)


def test_only_the_lazy_input_that_is_wanted_is_evaluated() -> None:
    b = bench()
    workflow = {**NUMBERS, "s": call("Switch", first=False, a=Link("a"), b=Link("b"))}
    assert b.run(workflow, ["s"]).outputs == {"s": (2,)}
    assert b.ran() == {"b": 1, "s": 1}


def test_a_lazy_branch_runs_with_all_that_feeds_it() -> None:
    b = bench()
    workflow = {
        **NUMBERS,
        "c": call("Add", a=Link("a"), b=10),
        "s": call("Switch", first=True, a=Link("c"), b=Link("b")),
        "end": call("Show", value=Link("s")),
    }
    b.run(workflow)
    assert [event.node for event in b.told(NodeStarted)] == ["a", "c", "s", "end"]


def test_a_lazy_branch_that_is_cached_is_told_so_and_not_run() -> None:
    b = bench()
    b.run(NUMBERS, ["a"])
    b.run({**NUMBERS, "s": call("Switch", first=True, a=Link("a"), b=Link("b"))}, ["s"])
    assert b.ran() == {"s": 1}
    assert b.cached() == ["a"]


def test_a_value_that_another_node_has_used_is_still_there_when_it_is_asked_for_later() -> None:
    b = bench(limit=0)
    workflow = {
        **NUMBERS,
        "first": call("Add", a=Link("a"), b=1),
        "inner": call("Switch", first=True, a=Link("a"), b=Link("b")),
        "outer": call("Switch", first=True, a=Link("inner"), b=Link("first")),
        "end": call("Divide", a=Link("first"), b=Link("outer")),
    }
    assert b.run(workflow, ["end"]).outputs == {"end": (2, 0)}
    assert b.ran() == dict.fromkeys(["a", "first", "inner", "outer", "end"], 1)


@node("Until", category="test", needs=lambda *, target, a, b, c: _next(target, a, b, c))
def until(
    *,
    target: int,
    a: Annotated[int | None, LAZY] = None,
    b: Annotated[int | None, LAZY] = None,
    c: Annotated[int | None, LAZY] = None,
) -> Annotated[list[int | None], Socket("*")]:
    """Asks for one after another until the target is there."""
    return [a, b, c]


def _next(target: int, *values: int | None) -> list[str]:
    return [] if target in values else ["abc"[sum(value is not None for value in values)]]


def test_a_node_is_asked_again_until_it_wants_no_more_and_gets_none_for_the_rest() -> None:
    b = bench(until)
    workflow = {**NUMBERS, "c": call("Number", value=3)}
    workflow["u"] = call("Until", target=2, a=Link("a"), b=Link("b"), c=Link("c"))
    assert b.run(workflow, ["u"]).outputs == {"u": ([1, 2, None],)}
    assert b.ran() == {"a": 1, "b": 1, "u": 1}


def test_of_a_list_every_element_is_asked() -> None:
    @node("List", category="test")
    def flags() -> Annotated[list[bool], Socket("BOOLEAN"), Output(is_list=True)]:
        """True and false."""
        return [True, False]

    b = bench(flags)
    workflow = {**NUMBERS, "l": call("List"), "s": call("Switch", first=Link("l"), a=Link("a"), b=Link("b"))}
    workflow["end"] = call("Add", a=Link("s"), b=0)
    b.run(workflow, ["end"])
    assert b.ran() == dict.fromkeys(["l", "a", "b", "s", "end"], 1)


def test_an_error_while_a_node_is_asked_is_that_nodes() -> None:
    def needs(**inputs: object) -> list[str]:
        raise ValueError("cannot say")

    @node("Unsure", category="test", needs=needs)
    def unsure(*, a: Annotated[int | None, LAZY] = None) -> Anything:
        """Cannot say."""

    end = bench(unsure).run({**NUMBERS, "u": call("Unsure", a=Link("a"))}, ["u"]).end
    assert isinstance(end, Failed)
    assert end.node == "u"


def test_a_chain_of_two_thousand_switches_runs() -> None:
    workflow = {"0": call("Number", value=7)}
    for i in range(1, 2000):
        workflow[str(i)] = call("Switch", first=i % 2 == 0, a=Link(str(i - 1)), b=Link(str(i - 1)))
    b = bench()
    outcome = b.run(workflow, ["1999"])
    assert outcome.end == Done("job")
    assert outcome.outputs == {"1999": (7,)}
