"""`/object_info` against the recorded nodes of ComfyUI (reference/nodes.json)."""

import json
import time
from typing import Any

import pytest

from safelight.graph.catalog import InputSpec, NodeSpec, OutputSpec
from safelight.nodes.registry import BUILTIN
from safelight.server.comfy.node_texts import NodeTexts, written
from tests.serving import Served
from tests.shared import shared_file

RECORDED: dict[str, Any] = json.loads(shared_file("reference/nodes.json").read_text())
OPTIONS = ("default", "min", "max", "round", "multiline", "dynamicPrompts", "control_after_generate", "image_upload")


@pytest.fixture(scope="module")
def info(served: Served) -> dict[str, Any]:
    """All that is answered."""
    nodes: dict[str, Any] = served.http.get("/object_info").json()
    return nodes


@pytest.mark.parametrize("name", sorted(RECORDED.keys() & BUILTIN.keys()))
def test_a_node_has_the_inputs_and_outputs_that_were_recorded(info: dict[str, Any], name: str) -> None:
    recorded, node = RECORDED[name], info[name]
    for kind in ("required", "optional"):
        inputs = recorded["inputs"].get(kind, [])
        assert [each["name"] for each in inputs] == node["input_order"].get(kind, [])[: len(inputs)]
        for each in inputs:
            shape, options = node["input"][kind][each["name"]]
            assert isinstance(shape, list) == (each["type"] == "COMBO")
            if not isinstance(shape, list):
                assert shape == each["type"]
            assert {key: options.get(key, False) for key in OPTIONS if each.get(key)} == {
                key: each[key] for key in OPTIONS if each.get(key)
            }
    assert node["output"] == [output["type"] for output in recorded["outputs"]]
    assert node["output_is_list"] == [output["is_list"] for output in recorded["outputs"]]
    assert node["output_node"] == recorded["output_node"]
    assert node["display_name"] == (recorded["display_name"] or name)


def test_a_node_has_every_field_that_clients_read(info: dict[str, Any]) -> None:
    node = info["KSampler"]
    assert set(node) == {
        *("input", "input_order", "output", "output_is_list", "output_name", "name", "display_name"),
        *("description", "python_module", "category", "output_node"),
    }
    assert node["python_module"] == "nodes"
    assert node["input"]["required"]["denoise"][1] | {"tooltip": ""} == {
        "default": 1.0,
        "min": 0.0,
        "max": 1.0,
        "step": 0.01,
        "tooltip": "",
    }


def test_one_node_is_answered_alone_and_an_unknown_one_as_none(served: Served, info: dict[str, Any]) -> None:
    assert served.http.get("/object_info/KSampler").json() == {"KSampler": info["KSampler"]}
    assert served.http.get("/api/object_info/NoSuchNode").json() == {}


def test_choices_are_the_files_of_the_moment(served: Served) -> None:
    def choices() -> list[str]:
        node = served.http.get("/object_info/LoraLoader").json()["LoraLoader"]
        return list(node["input"]["required"]["lora_name"][0])

    assert choices() == []
    (served.settings.home / "models" / "loras" / 'a"b.safetensors').write_bytes(b"x")
    assert choices() == ['a"b.safetensors']


def test_all_nodes_are_answered_within_a_tenth_of_a_second(served: Served, info: dict[str, Any]) -> None:
    times = []
    for _ in range(5):
        began = time.perf_counter()
        served.http.get("/object_info")
        times.append(time.perf_counter() - began)
    assert min(times) < 0.1


def test_nodes_of_plugins_and_unfinished_ones_are_marked() -> None:
    port = InputSpec("file", "COMBO", required=False, folder="loras", choices=("none",), tooltip='say "x"')
    spec = NodeSpec("Mine", "Mine", "", "", (port,), (OutputSpec("o", "INT", True),), experimental=True, module="pack")
    node = json.loads(written({"Mine": spec}).nodes["Mine"])
    assert node["python_module"] == "custom_nodes.pack"
    assert node["experimental"] is True
    assert "deprecated" not in node
    assert node["input_order"] == {"required": [], "optional": ["file"]}


def test_a_catalog_is_written_once() -> None:
    texts, catalog = NodeTexts(), {"A": NodeSpec("A", "A", "", "", (), ())}
    assert texts.of(catalog) is texts.of(catalog)
    assert texts.of(dict(catalog)) is not texts.of(catalog)
