"""A workflow as a graph editor's document: every node has a place, every wire two ends."""

from itertools import pairwise
from typing import Any

from safelight.graph.catalog import InputSpec, NodeSpec, OutputSpec
from safelight.graph.document import Link, NodeCall, Workflow
from safelight.graph.layout import COLUMN, to_editor

CATALOG = {
    spec.class_type: spec
    for spec in (
        NodeSpec(
            "Load",
            "Load",
            "",
            "",
            (InputSpec("name", "COMBO", folder="input", upload=True),),
            (OutputSpec("A", "A"), OutputSpec("B", "B")),
        ),
        NodeSpec(
            "Work",
            "Work",
            "",
            "",
            (
                InputSpec("a", "A"),
                InputSpec("seed", "INT", default=0, control_after_generate=True),
                InputSpec("b", "B", required=False),
                InputSpec("text", "STRING", default="", multiline=True),
                InputSpec("number", "INT", force_input=True),
            ),
            (OutputSpec("A", "A"), OutputSpec("INT", "INT")),
        ),
        NodeSpec("Save", "Save", "", "", (InputSpec("a", "A"),), (), output_node=True),
    )
}
WORKFLOW: Workflow = {
    "save": NodeCall("Save", {"a": Link("second")}),
    "load": NodeCall("Load", {"name": "cat.png"}, "The cat"),
    "first": NodeCall("Work", {"a": Link("load"), "seed": 7, "text": "hello", "number": Link("other", 1)}),
    "other": NodeCall("Work", {"a": Link("load"), "b": Link("load", 1), "seed": 1, "text": "x"}),
    "second": NodeCall("Work", {"a": Link("first"), "seed": Link("first", 1), "text": "y", "number": Link("first", 1)}),
}


def document() -> dict[str, Any]:
    return to_editor(WORKFLOW, CATALOG)


def by_name() -> dict[str, dict[str, Any]]:
    return dict(zip(WORKFLOW, document()["nodes"], strict=True))


def test_every_node_is_there_with_its_type_and_title() -> None:
    nodes = by_name()
    assert [node["id"] for node in nodes.values()] == [1, 2, 3, 4, 5]
    assert {name: node["type"] for name, node in nodes.items()} == {
        name: call.class_type for name, call in WORKFLOW.items()
    }
    assert nodes["load"]["title"] == "The cat"
    assert "title" not in nodes["save"]
    assert document()["version"] == 0.4


def test_every_wire_has_the_same_ends_in_both_of_its_nodes() -> None:
    whole = document()
    nodes = {node["id"]: node for node in whole["nodes"]}
    assert [link[0] for link in whole["links"]] == list(range(1, 9))
    assert whole["last_link_id"] == 8
    for number, source, output, target, place, kind in whole["links"]:
        assert number in nodes[source]["outputs"][output]["links"]
        assert nodes[target]["inputs"][place]["link"] == number
        assert nodes[target]["inputs"][place]["type"] == kind


def test_every_link_of_the_workflow_is_a_wire() -> None:
    ids = {name: number for number, name in enumerate(WORKFLOW, start=1)}
    wired = {
        (link[1], link[2], link[3], document()["nodes"][link[3] - 1]["inputs"][link[4]]["name"])
        for link in document()["links"]
    }
    assert wired == {
        (ids[value.node], value.output, ids[name], port)
        for name, call in WORKFLOW.items()
        for port, value in call.inputs.items()
        if isinstance(value, Link)
    }


def test_widgets_keep_their_values_in_the_order_of_the_inputs() -> None:
    nodes = by_name()
    assert nodes["first"]["widgets_values"] == [7, "fixed", "hello"]
    assert nodes["load"]["widgets_values"] == ["cat.png", "image"]
    assert nodes["save"]["widgets_values"] == []


def test_a_linked_widget_is_a_socket_that_keeps_a_place_among_the_values() -> None:
    second = by_name()["second"]
    assert second["widgets_values"] == [0, "fixed", "y"]
    assert [socket["name"] for socket in second["inputs"]] == ["a", "seed", "b", "number"]
    assert second["inputs"][1]["widget"] == {"name": "seed"}
    assert second["inputs"][2]["link"] is None


def test_a_node_stands_to_the_right_of_all_that_it_needs() -> None:
    columns = {name: node["pos"][0] // COLUMN for name, node in by_name().items()}
    assert columns == {"load": 0, "other": 1, "first": 2, "second": 3, "save": 4}


def test_nodes_of_a_column_do_not_overlap() -> None:
    nodes = to_editor({str(n): NodeCall("Load", {"name": "cat.png"}) for n in range(5)}, CATALOG)["nodes"]
    assert isinstance(nodes, list)
    spans = sorted((node["pos"][1], node["pos"][1] + node["size"][1]) for node in nodes)
    assert all(end < start for (_, end), (start, _) in pairwise(spans))


def test_a_chain_of_thousands_is_laid_out() -> None:
    chain: dict[str, NodeCall] = {"0": NodeCall("Load", {"name": "cat.png"})}
    for number in range(1, 20_000):
        chain[str(number)] = NodeCall("Work", {"a": Link(str(number - 1)), "seed": 0, "text": ""})
    nodes = to_editor(chain, CATALOG)["nodes"]
    assert isinstance(nodes, list)
    assert nodes[-1]["pos"][0] == COLUMN * 19_999


def test_ids_that_are_numbers_stay() -> None:
    nodes: Any = to_editor({"7": NodeCall("Load", {"name": "cat.png"}), "12": NodeCall("Save", {})}, CATALOG)["nodes"]
    assert [node["id"] for node in nodes] == [7, 12]
    mixed: Any = to_editor({"7": NodeCall("Save", {}), "57:3": NodeCall("Save", {})}, CATALOG)
    assert [node["id"] for node in mixed["nodes"]] == [1, 2]
    assert mixed["last_node_id"] == 2


def test_nodes_of_unknown_types_are_drawn_with_what_is_linked_and_written() -> None:
    workflow = {
        "1": NodeCall("New", {"x": 3, "a": Link("2"), "gone": Link("9")}),
        "2": NodeCall("Load", {"name": "cat.png"}),
        "3": NodeCall("Save", {"a": Link("1", 2)}),
        "4": NodeCall("Save", {"a": Link("2", 5)}),
    }
    whole: Any = to_editor(workflow, CATALOG)
    new = whole["nodes"][0]
    assert (new["widgets_values"], len(new["outputs"])) == ({"x": 3}, 3)
    assert [(link[1], link[2], link[3]) for link in whole["links"]] == [(2, 0, 1), (1, 2, 3)]


def test_nodes_in_a_circle_are_laid_out() -> None:
    circle = {"1": NodeCall("Work", {"a": Link("2")}), "2": NodeCall("Work", {"a": Link("1")})}
    assert len(to_editor(circle, CATALOG)["nodes"]) == 2  # type: ignore[arg-type]
