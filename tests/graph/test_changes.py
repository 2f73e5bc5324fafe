"""The same workflow with other values in some of its inputs."""

import json
from typing import Any

import pytest

from safelight.errors import BadInput
from safelight.graph.changes import Change, changed_document, with_changes
from safelight.graph.document import Link, NodeCall, Workflow
from safelight.graph.editor import parse_editor
from safelight.graph.editor_api import to_api
from safelight.graph.formats import parse_api
from safelight.graph.layout import to_editor
from tests.serving import workflow
from tests.studio import CATALOG

WORKFLOW = parse_api(workflow())[0]
INSIDE: dict[str, Any] = {"id": 3, "type": "EmptyImage", "widgets_values": [8, 8, 1, 0], "outputs": [{"type": "IMAGE"}]}


def in_subgraphs(*numbers: int) -> dict[str, Any]:
    """A document in which each of some nodes stands for the same subgraph, and hands on a picture made inside of it."""
    return {
        "nodes": [
            *({"id": number, "type": "sub", "outputs": [{"type": "IMAGE"}]} for number in numbers),
            {"id": 9, "type": "PreviewImage", "inputs": [{"name": "images", "type": "IMAGE", "link": 1}]},
        ],
        "links": [[1, numbers[0], 0, 9, 0, "IMAGE"]],
        "definitions": {
            "subgraphs": [
                {
                    "id": "sub",
                    "nodes": [INSIDE],
                    "links": [
                        {"id": 1, "origin_id": 3, "origin_slot": 0, "target_id": -20, "target_slot": 0, "type": "IMAGE"}
                    ],
                    "outputs": [{"name": "IMAGE", "type": "IMAGE"}],
                }
            ]
        },
    }


def meant(document: Any) -> dict[str, NodeCall]:
    return to_api(parse_editor(document)[0], CATALOG)[0]


def test_literals_are_changed_and_nothing_else() -> None:
    changed = with_changes(WORKFLOW, [Change("5", "steps", 30), Change("2", "text", "a dog")])
    assert changed["5"].inputs == {**WORKFLOW["5"].inputs, "steps": 30}
    assert changed["2"].inputs["text"] == "a dog"
    assert {node for node in WORKFLOW if changed[node] != WORKFLOW[node]} == {"2", "5"}


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (Change("99", "steps", 1), "no node 99"),
        (Change("5", "step", 1), "no input step"),
        (Change("5", "model", 1), "is linked"),
    ],
)
def test_what_cannot_be_changed_is_refused(change: Change, what: str) -> None:
    with pytest.raises(BadInput, match=what):
        with_changes(WORKFLOW, [change])


def test_the_document_gets_the_values_and_keeps_the_rest_as_it_was() -> None:
    document = to_editor(WORKFLOW, CATALOG) | {"groups": [{"title": "mine"}], "extra": {"ds": {"scale": 2}}}
    changed = with_changes(WORKFLOW, [Change("5", "seed", 8), Change("5", "scheduler", "karras")])
    written: Any = changed_document(document, changed, CATALOG)
    assert meant(written) == changed
    assert (written["groups"], written["extra"]) == (document["groups"], document["extra"])
    before: Any = document["nodes"]
    assert [node for node in written["nodes"] if node["id"] != 5] == [node for node in before if node["id"] != 5]
    assert meant(document) == WORKFLOW


def test_a_node_inside_of_a_subgraph_is_reached() -> None:
    document = in_subgraphs(57)
    changed = with_changes(meant(document), [Change("57:3", "color", 255)])
    written: Any = changed_document(document, changed, CATALOG)
    assert meant(written)["57:3"].inputs["color"] == 255
    assert json.dumps(document) == json.dumps(in_subgraphs(57))


def test_a_value_that_two_nodes_share_has_no_place_of_its_own() -> None:
    document = in_subgraphs(57, 58)
    changed = with_changes(meant(document), [Change("57:3", "color", 255)])
    assert changed_document(document, changed, CATALOG) is None


def test_a_document_of_another_workflow_is_not_taken() -> None:
    other: Workflow = {"1": NodeCall("SaveImage", {"images": Link("2")})}
    assert changed_document(to_editor(WORKFLOW, CATALOG), other, CATALOG) is None
