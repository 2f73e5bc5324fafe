import json
from dataclasses import replace
from typing import Any

import pytest

from safelight.errors import BadInput
from safelight.graph.catalog import Catalog, InputSpec, NodeSpec, OutputSpec
from safelight.graph.catalog_json import catalog_from_json, catalog_to_json
from safelight.nodes.registry import BUILTIN
from tests.timing import processor_seconds

CATALOG = {name: node.spec for name, node in BUILTIN.items()}
SPEC = NodeSpec("Node", "A node", "test", "It does.", (InputSpec("a", "INT"),), (OutputSpec("INT", "INT"),))


def round_trip(catalog: Catalog) -> Catalog:
    return catalog_from_json(json.loads(json.dumps(catalog_to_json(catalog))))


def with_input(**fields: Any) -> NodeSpec:
    return replace(SPEC, inputs=(replace(SPEC.inputs[0], **fields),))


def changed(**fields: object) -> dict[str, object]:
    """A document whose one node has other fields."""
    document: dict[str, Any] = catalog_to_json({"Node": SPEC})
    document["nodes"][0] |= fields
    return document


def test_the_built_in_nodes_come_back_as_they_were_and_in_their_order() -> None:
    back = round_trip(CATALOG)
    assert back == CATALOG
    assert repr(back) == repr(CATALOG), "1, 1.0 and True are equal, and not the same"


@pytest.mark.parametrize(
    "default", [0, 0.0, False, 1e300, 2**64, "", "text", None, [1, 2.0, "x"], {"a": [True, {"b": None}]}], ids=repr
)
def test_a_default_comes_back_as_it_was(default: object) -> None:
    (port,) = round_trip({"Node": with_input(default=default)})["Node"].inputs
    assert repr(port.default) == repr(default)


@pytest.mark.parametrize(
    "spec",
    [
        with_input(minimum=0, maximum=1.0, step=0.5, round=1),
        with_input(type="COMBO", choices=("a", 1, 1.5, True)),
        with_input(type="COMBO", choices=(), folder="checkpoints", upload=True),
        with_input(type="STRING", mentions=("embedding:", "embeddings"), multiline=True),
        replace(SPEC, further=InputSpec("", "*"), module="a pack", version=7, outputs=()),
    ],
)
def test_every_field_comes_back(spec: NodeSpec) -> None:
    back = round_trip({"Node": spec})["Node"]
    assert back == spec
    assert repr(back) == repr(spec)


def test_a_default_that_no_workflow_could_have_does_not_keep_the_node_from_being_listed() -> None:
    (port,) = round_trip({"Node": with_input(default=print, choices=("a", print))})["Node"].inputs
    assert (port.default, port.choices) == (None, ("a", None))


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"format": 0, "nodes": []},
        {"format": 1},
        {"format": 1, "nodes": {}},
        {"format": 1, "nodes": [1]},
        {"format": 1, "nodes": [{}]},
        changed(colour="red"),
        changed(version="1"),
        changed(output_node=1),
        changed(inputs=[{"name": 3}]),
        changed(inputs=None),
    ],
)
def test_what_is_no_catalog_is_refused_in_words(document: dict[str, object]) -> None:
    with pytest.raises(BadInput, match="list of nodes") as refused:
        catalog_from_json(document)
    assert "remove the file" in refused.value.mend


def test_the_catalog_is_read_within_the_time_that_the_start_has_for_it() -> None:
    text = json.dumps(catalog_to_json(CATALOG))
    assert len(text) < 400_000
    assert processor_seconds(lambda: catalog_from_json(json.loads(text))) < 0.06
