"""Why nodes were run again."""

from safelight.graph.changes import Change, with_changes
from safelight.graph.document import NodeCall
from safelight.graph.formats import parse_api
from safelight.graph.why import Reason, likeness, reasons
from tests.serving import workflow
from tests.studio import CATALOG

WORKFLOW = parse_api(workflow())[0]


def why(changed: dict[str, NodeCall], *ran: str, files: bool = False) -> dict[str, Reason]:
    found = reasons(changed, ran, WORKFLOW, CATALOG, lambda folder, name: files and folder == "checkpoints")
    return {reason.node: reason for reason in found}


def test_a_changed_input_is_named_with_both_values_and_what_follows_names_the_node_before_it() -> None:
    found = why(with_changes(WORKFLOW, [Change("5", "steps", 30)]), "5", "6", "7")
    sampler = found["5"]
    assert (sampler.reason, sampler.input, sampler.before, sampler.now) == ("changed", "steps", 3, 30)
    assert sampler.text == "steps is 30 now, and was 3."
    assert [(found[node].reason, found[node].because) for node in "67"] == [("upstream", "5"), ("upstream", "6")]


def test_another_link_is_a_change() -> None:
    sampler = WORKFLOW["5"]
    rewired = sampler._replace(inputs={**sampler.inputs, "negative": sampler.inputs["positive"]})
    found = why({**WORKFLOW, "5": rewired}, "5")["5"]
    assert (found.reason, found.before, found.now) == ("changed", ["3", 0], ["2", 0])
    assert found.text == "negative comes from node 2 now, and came from node 3."


def test_a_node_that_was_not_there_or_was_another_is_new() -> None:
    found = why({**WORKFLOW, "8": WORKFLOW["7"], "6": NodeCall("Other", {})}, "8", "6")
    assert [reason.reason for reason in found.values()] == ["new", "new"]


def test_a_file_that_has_changed_is_named() -> None:
    found = why(dict(WORKFLOW), "1", files=True)["1"]
    assert (found.reason, found.input) == ("file", "ckpt_name")


def test_where_nothing_changed_that_is_said() -> None:
    found = why(dict(WORKFLOW), "7", "4")
    assert [(reason.reason, reason.input) for reason in found.values()] == [("again", "")] * 2
    assert "saves" in found["7"].text
    assert "not kept" in found["4"].text


def test_with_nothing_before_it_all_is_new() -> None:
    found = reasons(WORKFLOW, list(WORKFLOW), None, CATALOG, lambda folder, name: False)
    assert {reason.reason for reason in found} == {"new"}


def test_workflows_are_alike_by_their_nodes_and_then_by_their_inputs() -> None:
    inputs = sum(len(call.inputs) for call in WORKFLOW.values())
    assert likeness(WORKFLOW, WORKFLOW) == (7, inputs)
    assert likeness(WORKFLOW, with_changes(WORKFLOW, [Change("5", "steps", 30)])) == (7, inputs - 1)
    assert likeness(WORKFLOW, {"1": WORKFLOW["1"], "2": WORKFLOW["4"]}) == (1, 1)
