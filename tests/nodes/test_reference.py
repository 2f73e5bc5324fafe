"""Every node has the name, inputs and outputs that existing workflows and clients expect."""

import json
from typing import Any

import pytest

from safelight.graph.catalog import InputSpec
from safelight.nodes.registry import BUILTIN
from tests.shared import shared_file

REFERENCE: dict[str, Any] = json.loads(shared_file("reference/nodes.json").read_text())
SHARED_NODES = sorted(set(BUILTIN) & set(REFERENCE))

# (node, input or output, what differs) -> why
OPTIONAL_CHOICE = (
    "A widget that may be left out has a default; the reference takes the first choice and does not say so."
)
FOLDERS_THERE = "The reference lists the folders of the machine that it was recorded on."
DIFFERENCES: dict[tuple[str, str, str], str] = {
    ("LoadImageSetFromFolderNode", "folder", "choices"): FOLDERS_THERE,
    ("LoadImageTextSetFromFolderNode", "folder", "choices"): FOLDERS_THERE,
    ("CLIPLoader", "device", "default"): OPTIONAL_CHOICE,
    ("DualCLIPLoader", "device", "default"): OPTIONAL_CHOICE,
}

SECTIONS = {"required": True, "optional": False}


def described(spec: InputSpec) -> dict[str, object]:
    """An input in the words of the reference."""
    given: dict[str, object] = {
        "type": spec.type,
        "required": spec.required,
        "default": spec.default,
        "min": spec.minimum,
        "max": spec.maximum,
        "step": spec.step,
        "round": spec.round,
        "multiline": spec.multiline,
        "dynamicPrompts": spec.dynamic_prompts,
        "control_after_generate": spec.control_after_generate,
        "image_upload": spec.upload,
        "forceInput": spec.force_input,
    }
    if spec.choices is not None:
        given["choices"] = list(spec.choices)
    return given


def expected(entry: dict[str, Any], required: bool) -> dict[str, object]:
    """An entry of the reference, with what it leaves out filled in."""
    wanted: dict[str, object] = {
        "type": entry["type"],
        "required": required,
        **{key: entry.get(key) for key in ("default", "min", "max", "step")},
        "round": entry.get("round") or None,  # False stands for none there
        **{
            key: entry.get(key, False)
            for key in ("multiline", "dynamicPrompts", "control_after_generate", "image_upload", "forceInput")
        },
    }
    if entry["type"] == "COMBO":
        wanted["choices"] = entry.get("choices", entry.get("options"))
    return wanted


def reference_inputs(class_type: str) -> list[tuple[str, dict[str, object]]]:
    return [
        (entry["name"], expected(entry, required))
        for section, required in SECTIONS.items()
        for entry in REFERENCE[class_type]["inputs"].get(section, [])
    ]


@pytest.mark.parametrize("class_type", SHARED_NODES)
def test_a_node_has_the_inputs_of_the_reference_in_its_order(class_type: str) -> None:
    spec = BUILTIN[class_type].spec
    assert [port.name for port in spec.inputs] == [name for name, _ in reference_inputs(class_type)]


@pytest.mark.parametrize("class_type", SHARED_NODES)
def test_an_input_has_the_type_limits_and_default_of_the_reference(class_type: str) -> None:
    spec = BUILTIN[class_type].spec
    for name, wanted in reference_inputs(class_type):
        given = described(spec.by_name[name])
        differing = {
            key: (given.get(key), value)
            for key, value in wanted.items()
            if given.get(key) != value and (class_type, name, key) not in DIFFERENCES
        }
        assert not differing, f"{class_type}.{name}: (ours, reference)"


@pytest.mark.parametrize("class_type", SHARED_NODES)
def test_a_node_has_the_outputs_of_the_reference(class_type: str) -> None:
    outputs = [(port.name, port.type, port.is_list) for port in BUILTIN[class_type].spec.outputs]
    assert outputs == [(port["name"], port["type"], port["is_list"]) for port in REFERENCE[class_type]["outputs"]]


@pytest.mark.parametrize("class_type", SHARED_NODES)
def test_a_node_stands_where_the_reference_has_it(class_type: str) -> None:
    spec, wanted = BUILTIN[class_type].spec, REFERENCE[class_type]
    assert spec.category == wanted["category"]
    assert spec.title == (wanted["display_name"] or class_type)
    assert spec.output_node == wanted["output_node"]


@pytest.mark.parametrize("class_type", SHARED_NODES)
def test_a_node_says_what_it_does(class_type: str) -> None:
    assert BUILTIN[class_type].spec.description


def test_each_difference_names_an_input_that_is_there() -> None:
    assert {(node, name) for node, name, _ in DIFFERENCES} <= {
        (node, name) for node in SHARED_NODES for name in BUILTIN[node].spec.by_name
    }
