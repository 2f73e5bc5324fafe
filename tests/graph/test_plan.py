from safelight.graph.document import Link, Value
from safelight.graph.plan import plan
from tests.graph.samples import CATALOG, call

WORKFLOW = {
    "end": call("Show", value=Link("sum")),
    "sum": call("Add", a=Link("n"), b="4"),
    "n": call("Number", value=3.0, other="ignored"),
    "unneeded": call("Number", value=1),
}


def test_steps_stand_after_what_feeds_them() -> None:
    arranged = plan(WORKFLOW, CATALOG)
    assert [step.node for step in arranged.steps] == ["n", "sum", "end"]
    assert arranged.steps[1].links == [("a", Link("n"))]
    assert arranged.targets == ("end",)


def test_literals_are_converted_and_what_a_node_does_not_have_is_left_out() -> None:
    steps = plan(WORKFLOW, CATALOG).steps
    assert steps[0].literals == {"value": 3}
    assert type(steps[0].literals["value"]) is int
    assert steps[1].literals == {"b": 4}


def test_the_same_workflow_is_always_arranged_the_same() -> None:
    assert plan(WORKFLOW, CATALOG) == plan(dict(WORKFLOW), CATALOG)


def test_a_target_that_is_asked_for_twice_is_one() -> None:
    assert plan(WORKFLOW, CATALOG, ["n", "n"]).targets == ("n",)


def test_what_lazy_inputs_are_linked_to_is_planned_and_kept_apart() -> None:
    workflow = {
        "a": call("Number", value=1),
        "b": call("Number", value=2),
        "s": call("Switch", first=True, a=Link("a"), b=Link("b")),
    }
    arranged = plan(workflow, CATALOG, ["s"])
    assert [step.node for step in arranged.steps] == ["a", "b", "s"]
    assert arranged.steps[2].links == []
    assert arranged.steps[2].lazy == [("a", Link("a")), ("b", Link("b"))]


def test_live_values_are_kept_apart_from_literals() -> None:
    live = object()
    (step,) = plan({"s": call("Show", value=Value(live))}, CATALOG).steps
    assert step.values == {"value": live}
    assert step.literals == {}
