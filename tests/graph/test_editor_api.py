"""Documents of graph editors, and the workflows they mean."""

import json
from typing import Any

import pytest

from safelight.graph.catalog import InputSpec, NodeSpec, OutputSpec
from safelight.graph.document import Link, NodeCall
from safelight.graph.editor import is_editor_document, parse_editor
from safelight.graph.editor_api import to_api
from safelight.graph.formats import parse_api
from safelight.graph.layout import to_editor
from safelight.graph.problems import Problem
from safelight.graph.validate import validate
from tests.shared import shared_file
from tests.studio import CATALOG


def node(number: int | str, kind: str, *values: object, inputs: Any = (), outputs: str = "", **more: Any) -> Any:
    """A node as documents have it; inputs are (name, type, link), or (name, type, link, True) for widgets."""
    sockets = [
        {"name": name, "type": of, "link": link} | ({"widget": {"name": name}} if widget else {})
        for name, of, link, *widget in inputs
    ]
    shown = [{"name": of, "type": of, "links": []} for of in outputs.split()]
    return {"id": number, "type": kind, "inputs": sockets, "outputs": shown, "widgets_values": list(values)} | more


def wire(number: int, start: int, output: int, end: int, slot: int, of: str) -> dict[str, object]:
    """A wire as version 1.0 has it."""
    return {
        "id": number,
        "origin_id": start,
        "origin_slot": output,
        "target_id": end,
        "target_slot": slot,
        "type": of,
    }


def meant(document: dict[str, Any]) -> dict[str, NodeCall]:
    """The workflow a document means, when nothing is wrong with it."""
    parsed, problems = parse_editor(document)
    assert problems == []
    workflow, problems = to_api(parsed, CATALOG)
    assert problems == []
    return workflow


def scaled(*between: Any, links: list[Any], **more: Any) -> dict[str, Any]:
    """A picture, loaded by node 1 as link 1, and saved by node 9 from link 9, with other nodes between."""
    return {
        "nodes": [
            node(1, "LoadImage", "cat.png", "image", outputs="IMAGE MASK"),
            *between,
            node(9, "SaveImage", "out", inputs=[("images", "IMAGE", 9)]),
        ],
        "links": links,
        "version": 0.4,
        **more,
    }


INVERT = [("image", "IMAGE", 1)]
STRAIGHT: list[Any] = [[1, 1, 0, 5, 0, "IMAGE"], [9, 5, 0, 9, 0, "IMAGE"]]


def test_every_recorded_workflow_goes_to_an_editor_and_back() -> None:
    recorded = json.loads(shared_file("oracle/workflows/workflows.json").read_text())
    tried = 0
    for entry in recorded.values():
        workflow, problems = parse_api(entry["prompt"])
        assert problems == []
        if all(call.class_type in CATALOG for call in workflow.values()):
            back = meant(json.loads(json.dumps(to_editor(workflow, CATALOG))))
            for name, call in workflow.items():
                for port, value in call.inputs.items():
                    assert back[name].inputs[port] == value
            tried += 1
    assert tried > 20


def test_both_versions_of_wires_mean_the_same() -> None:
    listed = scaled(node(5, "ImageInvert", inputs=INVERT, outputs="IMAGE"), links=STRAIGHT)
    objects = listed | {
        "links": [wire(*link) | {"parentId": 3} for link in STRAIGHT],
        "reroutes": [{"id": 3, "pos": [0, 0], "linkIds": [1]}],
        "version": 1,
    }
    assert meant(listed) == meant(objects)
    assert meant(objects)["5"].inputs == {"image": Link("1", 0)}


def test_a_document_is_saved_as_it_was_opened() -> None:
    document = scaled(
        node(5, "Note", "words · ö", pos=[1.5, -3], color="#432"),
        node(6, "NoSuchNode", {"a": [1, None]}, flags={"collapsed": True}),
        links=[None, [1, 1, 0, 77, 0, "IMAGE"]],
        groups=[{"title": "Group", "bounding": [0, 0, 10, 10]}],
        extra={"ds": {"scale": 0.1234567890123456}},
        unknown="kept",
    )
    parsed, _ = parse_editor(document)
    assert json.loads(parsed.dumps()) == document


def test_reroutes_notes_and_chains_of_them_leave_no_node_behind() -> None:
    chain = [
        node(100 + n, "Reroute", inputs=[("", "*", 100 + n)], outputs="IMAGE") for n in range(2000)
    ]  # longer than Python may recurse
    links = [[101 + n, 100 + n, 0, 101 + n, 0, "IMAGE"] for n in range(1999)]
    document = scaled(
        *chain,
        node(50, "MarkdownNote", "words"),
        links=[[100, 1, 0, 100, 0, "IMAGE"], *links, [9, 2099, 0, 9, 0, "IMAGE"]],
    )
    workflow = meant(document)
    assert list(workflow) == ["1", "9"]
    assert workflow["9"].inputs["images"] == Link("1", 0)


def test_reroutes_in_a_circle_are_said_to_be_one() -> None:
    loop = [node(n, "Reroute", inputs=[("", "*", n)], outputs="*") for n in (5, 6)]
    parsed, _ = parse_editor(scaled(*loop, links=[[5, 6, 0, 5, 0, "*"], [6, 5, 0, 6, 0, "*"], [9, 6, 0, 9, 0, "*"]]))
    workflow, problems = to_api(parsed, CATALOG)
    assert [problem.kind for problem in problems] == ["dependency_cycle"]
    assert "1" in workflow


def test_a_primitive_is_written_into_what_it_feeds() -> None:
    sockets = [("width", "INT", 1, True), ("height", "INT", 1, True)]
    document = {
        "nodes": [
            node(1, "PrimitiveNode", 640, "randomize", outputs="INT"),
            node(2, "EmptyLatentImage", 512, 512, 3, inputs=sockets),
        ],
        "links": [[1, 1, 0, 2, 0, "INT"]],
    }
    assert meant(document) == {"2": NodeCall("EmptyLatentImage", {"width": 640, "height": 640, "batch_size": 3})}


@pytest.mark.parametrize("control", ["fixed", "increment", "decrement", "randomize", None])
def test_the_small_widget_beside_a_seed_is_passed_over_where_there_is_one(control: str | None) -> None:
    values = [7, *([control] if control else []), 30, 5.5, "euler", "normal", 0.5]
    inputs = meant({"nodes": [node(1, "KSampler", *values)], "links": []})["1"].inputs
    expected = {"seed": 7, "steps": 30, "cfg": 5.5, "sampler_name": "euler", "scheduler": "normal", "denoise": 0.5}
    assert inputs == expected


def test_the_upload_button_stands_behind_all_required_widgets() -> None:
    document = {"nodes": [node(1, "LoadImageMask", "cat.png", "red", "image")], "links": []}
    assert meant(document)["1"].inputs == {"image": "cat.png", "channel": "red"}
    workflow = {"1": NodeCall("LoadImageMask", {"image": "cat.png", "channel": "red"})}
    laid_out: Any = to_editor(workflow, CATALOG)["nodes"]
    assert laid_out[0]["widgets_values"] == ["cat.png", "red", "image"]


def test_a_converted_widget_keeps_its_place_among_the_values() -> None:
    document = {
        "nodes": [
            node(1, "PrimitiveInt", 3, outputs="INT"),
            node(2, "EmptyLatentImage", 512, 256, 1, inputs=[("width", "INT", 1, True)]),
        ],
        "links": [[1, 1, 0, 2, 0, "INT"]],
    }
    assert meant(document)["2"].inputs == {"width": Link("1", 0), "height": 256, "batch_size": 1}


def test_values_by_name_are_read_by_name() -> None:
    document = {
        "nodes": [node(2, "EmptyLatentImage", widgets_values={"height": 8, "width": 16, "gone": 1})],
        "links": [],
    }
    assert meant(document)["2"].inputs == {"width": 16, "height": 8, "batch_size": 1}


def test_a_widget_that_the_document_does_not_know_has_its_default() -> None:
    assert meant({"nodes": [node(2, "EmptyLatentImage", 64)], "links": []})["2"].inputs == {
        "width": 64,
        "height": CATALOG["EmptyLatentImage"].by_name["height"].default,
        "batch_size": 1,
    }


def test_a_bypassed_node_hands_on_its_input_of_the_type() -> None:
    nodes = [
        node(1, "CheckpointLoaderSimple", "a", outputs="MODEL CLIP VAE"),
        node(
            2,
            "LoraLoader",
            "b",
            1.0,
            1.0,
            mode=4,
            inputs=[("clip", "CLIP", 2), ("model", "MODEL", 1)],
            outputs="MODEL CLIP",
        ),
        node(3, "CLIPTextEncode", "words", inputs=[("clip", "CLIP", 3)]),
        node(4, "KSampler", inputs=[("model", "MODEL", 4)]),
    ]
    links = [[1, 1, 0, 2, 1, ""], [2, 1, 1, 2, 0, ""], [3, 2, 1, 3, 0, ""], [4, 2, 0, 4, 0, ""]]
    workflow = meant({"nodes": nodes, "links": links})
    assert list(workflow) == ["1", "3", "4"]
    assert workflow["3"].inputs["clip"] == Link("1", 1)
    assert workflow["4"].inputs["model"] == Link("1", 0)


def test_a_muted_node_takes_what_it_gives_with_it() -> None:
    document = scaled(node(5, "ImageInvert", inputs=INVERT, outputs="IMAGE", mode=2), links=STRAIGHT)
    workflow = meant(document)
    assert list(workflow) == ["1", "9"]
    assert "images" not in workflow["9"].inputs
    (problem,) = validate(workflow, CATALOG, lambda folder: ("cat.png",))
    assert (problem.kind, problem.input) == ("required_input_missing", "images")


def test_all_missing_types_are_named_and_the_rest_opens() -> None:
    document = scaled(
        node(5, "FancyNode", 12, "words", inputs=[("image", "IMAGE", 1), ("level", "INT", None, True)]),
        node(6, "OtherNode", "a", inputs=[("image", "IMAGE", 5)]),
        links=[[1, 1, 0, 5, 0, "IMAGE"], [5, 5, 0, 6, 0, "IMAGE"], [9, 6, 0, 9, 0, "IMAGE"]],
    )
    workflow = meant(document)
    assert workflow["5"].inputs == {"level": 12, "image": Link("1", 0)}
    missing = [p.class_type for p in problems_of(workflow) if p.kind == "missing_node_type"]
    assert missing == ["FancyNode", "OtherNode"]


def problems_of(workflow: dict[str, NodeCall]) -> list[Problem]:
    """What keeps a workflow from running, in a home that has only the picture."""
    return validate(workflow, CATALOG, lambda folder: ("cat.png",))


def test_an_entry_that_is_no_node_is_told_and_the_rest_opens() -> None:
    parsed, problems = parse_editor({"nodes": [3, {"id": 1}, node(2, "EmptyLatentImage", 64, 64, 1)], "links": []})
    assert [problem.kind for problem in problems] == ["invalid_prompt"] * 2
    assert list(to_api(parsed, CATALOG)[0]) == ["2"]


def test_the_formats_are_told_apart() -> None:
    assert is_editor_document({"nodes": [], "links": []})
    assert not is_editor_document({"1": {"class_type": "LoadImage", "inputs": {}}})
    assert not is_editor_document({"nodes": {"class_type": "LoadImage", "inputs": {}}})
    assert not is_editor_document([])


def test_a_combo_that_takes_the_word_fixed_is_not_taken_for_a_seeds_companion() -> None:
    spec = NodeSpec(
        "Batch",
        "",
        "",
        "",
        (InputSpec("count", "INT"), InputSpec("how", "COMBO", choices=("random", "fixed"))),
        (OutputSpec("INT", "INT"),),
    )
    parsed, _ = parse_editor({"nodes": [node(1, "Batch", 3, "fixed")], "links": []})
    assert to_api(parsed, {"Batch": spec})[0]["1"].inputs == {"count": 3, "how": "fixed"}
