"""Nodes that hold other nodes: subgraphs, with what they show of the widgets inside, and the older group nodes."""

from typing import Any

import pytest

from safelight.graph.document import Link, NodeCall
from safelight.graph.editor import parse_editor
from safelight.graph.editor_api import to_api
from tests.graph.test_editor_api import meant, node, scaled, wire
from tests.studio import CATALOG

ROOM = "dfe9eb32-97c0-43a5-90d5-4fd37768d91b"


def subgraph(inputs: list[str], outputs: list[str], nodes: list[Any], links: list[Any], room: str = ROOM) -> Any:
    """A definition; wires are those of version 1.0, with -10 and -20 for its ends."""
    return {
        "id": room,
        "name": "Inside",
        "inputNode": {"id": -10},
        "outputNode": {"id": -20},
        "inputs": [{"name": name, "type": "*"} for name in inputs],
        "outputs": [{"name": name, "type": "*"} for name in outputs],
        "nodes": nodes,
        "links": links,
    }


def latent_room(room: str = ROOM) -> Any:
    """An empty latent, whose width comes from outside, then inverted width and height are its own."""
    sockets = [("width", "INT", 1, True), ("height", "INT", None, True)]
    inside = [node(3, "EmptyLatentImage", 512, 256, 1, inputs=sockets, outputs="LATENT")]
    return subgraph(["width"], ["LATENT"], inside, [wire(1, -10, 0, 3, 0, "INT"), wire(2, 3, 0, -20, 0, "L")], room)


def around(instance: Any, *rooms: Any, links: list[Any] | None = None) -> dict[str, Any]:
    """A document with a node that stands for a subgraph, and one that takes its latent."""
    flip = node(9, "LatentFlip", "y-axis: horizontally", inputs=[("samples", "LATENT", 9)])
    return {
        "nodes": [instance, flip],
        "links": [[9, instance["id"], 0, 9, 0, "LATENT"], *(links or [])],
        "definitions": {"subgraphs": list(rooms)},
    }


def test_nodes_of_a_subgraph_run_under_the_id_of_the_node_around_them() -> None:
    workflow = meant(around(node(57, ROOM, outputs="LATENT"), latent_room()))
    assert workflow["57:3"] == NodeCall("EmptyLatentImage", {"width": 512, "height": 256, "batch_size": 1})
    assert workflow["9"].inputs["samples"] == Link("57:3", 0)
    assert list(workflow) == ["57:3", "9"]


@pytest.mark.parametrize("promoted", [[["-1", "width"], ["3", "height"], ["3", "batch_size"]], None])
def test_widgets_shown_outside_have_the_value_that_stands_outside(promoted: list[list[str]] | None) -> None:
    values = [64, 32, None] if promoted else [64]
    instance = node(57, ROOM, *values, inputs=[("width", "INT", None, True)], outputs="LATENT")
    if promoted:
        instance["properties"] = {"proxyWidgets": promoted}
    inputs = meant(around(instance, latent_room()))["57:3"].inputs
    assert inputs == {"width": 64, "height": 32 if promoted else 256, "batch_size": 1}


def test_a_widget_that_is_left_out_for_want_of_a_wire_has_its_value_all_the_same() -> None:
    instance = node(57, ROOM, 64, outputs="LATENT")
    assert meant(around(instance, latent_room()))["57:3"].inputs["width"] == 64


def test_a_wire_to_a_subgraph_reaches_the_node_inside() -> None:
    instance = node(57, ROOM, 64, inputs=[("width", "INT", 5, True)], outputs="LATENT")
    document = around(instance, latent_room(), links=[[5, 4, 0, 57, 0, "INT"]])
    document["nodes"].append(node(4, "PrimitiveInt", 24, "fixed", outputs="INT"))
    assert meant(document)["57:3"].inputs["width"] == Link("4", 0)


def test_two_nodes_of_one_subgraph_have_nodes_of_their_own() -> None:
    document = around(node(57, ROOM, outputs="LATENT"), latent_room())
    document["nodes"].append(node(58, ROOM, 8, inputs=[("width", "INT", None, True)], outputs="LATENT"))
    workflow = meant(document)
    assert (workflow["57:3"].inputs["width"], workflow["58:3"].inputs["width"]) == (512, 8)


def test_subgraphs_in_subgraphs_hand_wires_and_widgets_through() -> None:
    inner = node(7, "inner", inputs=[("width", "INT", 1, True)], outputs="LATENT")
    inner["properties"] = {"proxyWidgets": [["-1", "width"], ["3", "height"]]}
    outer = subgraph(["w"], ["out"], [inner], [wire(1, -10, 0, 7, 0, "INT"), wire(2, 7, 0, -20, 0, "L")])
    instance = node(57, ROOM, 40, 48, inputs=[("w", "INT", None, True)], outputs="LATENT")
    instance["properties"] = {"proxyWidgets": [["-1", "w"], ["7", "height"]]}
    workflow = meant(around(instance, outer, latent_room("inner")))
    assert workflow["57:7:3"].inputs == {"width": 40, "height": 48, "batch_size": 1}
    assert workflow["9"].inputs["samples"] == Link("57:7:3", 0)


def test_a_bypassed_subgraph_hands_its_input_on_and_a_muted_one_nothing() -> None:
    room = subgraph(
        ["image"],
        ["IMAGE"],
        [node(3, "ImageInvert", inputs=[("image", "IMAGE", 1)], outputs="IMAGE")],
        [wire(1, -10, 0, 3, 0, "IMAGE"), wire(2, 3, 0, -20, 0, "IMAGE")],
    )
    links = [[1, 1, 0, 5, 0, "IMAGE"], [9, 5, 0, 9, 0, "IMAGE"]]
    for mode, expected in ((0, Link("5:3", 0)), (4, Link("1", 0)), (2, None)):
        instance = node(5, ROOM, inputs=[("image", "IMAGE", 1)], outputs="IMAGE", mode=mode)
        workflow = meant(scaled(instance, links=links, definitions={"subgraphs": [room]}))
        assert workflow["9"].inputs.get("images") == expected
        assert ("5:3" in workflow) == (mode == 0)


def test_a_subgraph_that_only_hands_on_is_no_node() -> None:
    room = subgraph(["image"], ["IMAGE"], [], [wire(1, -10, 0, -20, 0, "IMAGE")])
    instance = node(5, ROOM, inputs=[("image", "IMAGE", 1)], outputs="IMAGE")
    links = [[1, 1, 0, 5, 0, "IMAGE"], [9, 5, 0, 9, 0, "IMAGE"]]
    workflow = meant(scaled(instance, links=links, definitions={"subgraphs": [room]}))
    assert workflow["9"].inputs["images"] == Link("1", 0)


def test_a_subgraph_inside_itself_is_refused() -> None:
    room = subgraph([], ["out"], [node(3, ROOM, outputs="LATENT")], [wire(2, 3, 0, -20, 0, "LATENT")])
    parsed, _ = parse_editor(around(node(57, ROOM, outputs="LATENT"), room))
    workflow, problems = to_api(parsed, CATALOG)
    assert [problem.node for problem in problems] == ["57:3"]
    assert list(workflow) == ["9"]


def test_subgraphs_that_double_with_each_level_come_to_an_end() -> None:
    rooms = [subgraph([], [], [node(1, f"r{n + 1}"), node(2, f"r{n + 1}")], [], f"r{n}") for n in range(40)]
    rooms.append(subgraph([], [], [node(1, "EmptyLatentImage")] * 1, [], "r40"))
    parsed, _ = parse_editor({"nodes": [node(1, "r0")], "links": [], "definitions": {"subgraphs": rooms}})
    _, problems = to_api(parsed, CATALOG)
    assert [problem.kind for problem in problems] == ["invalid_prompt"]


def group(**config: Any) -> dict[str, Any]:
    """A group of an empty latent and a KSampler that takes it."""
    sockets = [("model", "MODEL", None), ("positive", "CONDITIONING", None), ("latent_image", "LATENT", 4)]
    return {
        "nodes": [
            node(-1, "EmptyLatentImage", 512, 512, 1, outputs="LATENT", index=0),
            node(-1, "KSampler", 0, "fixed", 20, 8, "euler", "normal", 1, inputs=sockets, outputs="LATENT", index=1),
            node(-1, "LatentUpscale", "area", 1, 1, "center", inputs=[("samples", "LATENT", 5)], outputs="LATENT"),
        ],
        "links": [[0, 0, 1, 2, 5, "LATENT"], [1, 0, 2, 0, 6, "LATENT"]],
        "external": [[1, 0, "LATENT"]],
        "config": config,
    }


@pytest.mark.parametrize("prefix", ["workflow>", "workflow/"])
def test_a_group_node_becomes_its_nodes(prefix: str) -> None:
    values = [64, 48, 2, 123, "randomize", 9, 7.5, "lms", "simple", 0.5, "bilinear", 96, 80, "disabled"]
    instance = node(
        5,
        f"{prefix}pair",
        *values,
        inputs=[("model", "MODEL", 1), ("LatentUpscale width", "INT", 2, True)],
        outputs="LATENT LATENT",
    )
    document = {
        "nodes": [
            node(1, "CheckpointLoaderSimple", "a", outputs="MODEL CLIP VAE"),
            node(2, "PrimitiveInt", 24, "fixed", outputs="INT"),
            instance,
            node(8, "LatentFlip", "x", inputs=[("samples", "LATENT", 8)]),
            node(9, "LatentFlip", "x", inputs=[("samples", "LATENT", 9)]),
        ],
        "links": [[1, 1, 0, 5, 0, "M"], [2, 2, 0, 5, 1, "INT"], [8, 5, 0, 8, 0, "L"], [9, 5, 1, 9, 0, "L"]],
        "extra": {"groupNodes": {"pair": group()}},
    }
    workflow = meant(document)
    assert workflow["5:0"].inputs == {"width": 64, "height": 48, "batch_size": 2}
    assert workflow["5:1"].inputs == {
        "model": Link("1", 0),
        "seed": 123,
        "steps": 9,
        "cfg": 7.5,
        "sampler_name": "lms",
        "scheduler": "simple",
        "latent_image": Link("5:0", 0),
        "denoise": 0.5,
    }
    assert workflow["5:2"].inputs == {
        "samples": Link("5:1", 0),
        "upscale_method": "bilinear",
        "width": Link("2", 0),
        "height": 80,
        "crop": "disabled",
    }
    # the sampler's latent is used inside and shown outside as well; that of the upscaling comes after it
    assert workflow["8"].inputs["samples"] == Link("5:1", 0)
    assert workflow["9"].inputs["samples"] == Link("5:2", 0)


def test_what_a_group_hides_keeps_its_value_and_what_it_renames_is_found() -> None:
    settings = {"0": {"input": {"width": {"visible": False}, "height": {"name": "tall"}}}}
    instance = node(5, "workflow>pair", 48, inputs=[("tall", "INT", 2, True)], outputs="LATENT LATENT")
    document = {
        "nodes": [node(2, "PrimitiveInt", 24, "fixed", outputs="INT"), instance],
        "links": [[2, 2, 0, 5, 0, "INT"]],
        "extra": {"groupNodes": {"pair": group(**settings)}},
    }
    assert meant(document)["5:0"].inputs == {"width": 512, "height": Link("2", 0), "batch_size": 1}


def test_the_upload_button_of_a_groups_picture_stands_behind_that_nodes_widgets() -> None:
    inner = [
        node(-1, "LoadImageMask", "a.png", "alpha", "image", outputs="MASK"),
        node(-1, "EmptyLatentImage", 512, 512, 1, outputs="LATENT"),
    ]
    document = {
        "nodes": [node(5, "workflow/both", "b.png", "red", "image", 64, 32, 1, outputs="MASK LATENT")],
        "links": [],
        "extra": {"groupNodes": {"both": {"nodes": inner, "links": []}}},
    }
    workflow = meant(document)
    assert workflow["5:0"].inputs == {"image": "b.png", "channel": "red"}
    assert workflow["5:1"].inputs == {"width": 64, "height": 32, "batch_size": 1}
