"""A workflow as a document for a graph editor: nodes with places, wires with numbers, widget values in order."""

import re
from collections.abc import Mapping
from typing import Any

from safelight.graph.catalog import ANY_TYPE, CURVE, Catalog, InputSpec, NodeSpec, OutputSpec
from safelight.graph.document import Link, Workflow
from safelight.graph.editor_widgets import UPLOAD

COLUMN, GAP = 340, 40  # pixels
ROW, HEADER, TEXT = 26, 60, 120  # pixels: a socket or small widget, a node's frame, a text box
CURVE_BOX = 170
MOST_OUTPUTS = 64  # drawn of a node whose type is unknown
_NUMBER = re.compile(r"0|[1-9]\d{0,14}")  # as browsers can tell apart


def to_editor(workflow: Workflow, catalog: Catalog) -> dict[str, object]:
    """The editor document (schema version 0.4) of a workflow.

    Nodes stand in columns, each to the right of all it depends on. Ids that are numbers stay; with others among them,
    all nodes are numbered anew. Nodes of types that are not in the catalog are drawn as far as the workflow tells what
    they have; links that lead nowhere are left out.
    """
    numbers = _numbers(workflow)
    specs = _specs(workflow, catalog)
    columns = _columns(workflow)
    heights: dict[int, int] = {}
    nodes: dict[str, dict[str, Any]] = {}
    for order, (name, call) in enumerate(workflow.items()):
        spec = specs[name]
        size = [COLUMN - GAP, _height(spec)]
        top = heights.get(columns[name], 0)
        heights[columns[name]] = top + size[1] + GAP
        nodes[name] = {
            "id": numbers[name],
            "type": spec.class_type,
            "pos": [columns[name] * COLUMN, top],
            "size": size,
            "flags": {},
            "order": order,
            "mode": 0,
            "inputs": [],
            "outputs": [{"name": out.name, "type": out.type, "links": []} for out in spec.outputs],
            "properties": {"Node name for S&R": spec.class_type},
            "widgets_values": _widget_values(spec, call.inputs)
            if call.class_type in catalog
            else _by_name(call.inputs),
        }
        if call.title:
            nodes[name]["title"] = call.title
    links: list[list[object]] = []
    for name, call in workflow.items():
        for port in specs[name].inputs:
            value = call.inputs.get(port.name)
            if isinstance(value, Link) and not _leads_somewhere(value, specs):
                value = None
            if port.is_widget and not isinstance(value, Link):
                continue
            socket: dict[str, object] = {"name": port.name, "type": port.type, "link": None}
            if port.is_widget:
                socket["widget"] = {"name": port.name}
            if isinstance(value, Link):
                source = nodes[value.node]
                target = len(nodes[name]["inputs"])
                links.append([len(links) + 1, source["id"], value.output, numbers[name], target, port.type])
                socket["link"] = len(links)
                source["outputs"][value.output]["links"].append(len(links))
            nodes[name]["inputs"].append(socket)
    return {
        "last_node_id": max(numbers.values(), default=0),
        "last_link_id": len(links),
        "nodes": list(nodes.values()),
        "links": links,
        "groups": [],
        "config": {},
        "extra": {},
        "version": 0.4,
    }


def _numbers(workflow: Workflow) -> dict[str, int]:
    """The number of each node in the document."""
    if all(_NUMBER.fullmatch(name) for name in workflow):
        return {name: int(name) for name in workflow}
    return {name: number for number, name in enumerate(workflow, start=1)}


def _specs(workflow: Workflow, catalog: Catalog) -> dict[str, NodeSpec]:
    """The type of each node; of an unknown one, what is given to it and what others take from it."""
    taken: dict[str, int] = {}
    for call in workflow.values():
        for value in call.inputs.values():
            if isinstance(value, Link):
                taken[value.node] = max(taken.get(value.node, 0), value.output + 1)
    return {
        name: catalog.get(call.class_type)
        or NodeSpec(
            call.class_type,
            call.class_type,
            category="",
            description="",
            inputs=tuple(InputSpec(port, ANY_TYPE) for port, value in call.inputs.items() if isinstance(value, Link)),
            outputs=(OutputSpec(ANY_TYPE, ANY_TYPE),) * min(taken.get(name, 0), MOST_OUTPUTS),
        )
        for name, call in workflow.items()
    }


def _leads_somewhere(link: Link, specs: Mapping[str, NodeSpec]) -> bool:
    return link.node in specs and 0 <= link.output < len(specs[link.node].outputs)


def _by_name(inputs: Mapping[str, object]) -> dict[str, object]:
    """The values of a node whose widgets nobody knows the order of."""
    return {name: value for name, value in inputs.items() if not isinstance(value, Link)}


def _columns(workflow: Workflow) -> dict[str, int]:
    """How many nodes stand at least before each one; those in a circle stand where it is entered."""
    sources = {
        name: {value.node for value in call.inputs.values() if isinstance(value, Link) and value.node in workflow}
        for name, call in workflow.items()
    }
    users: dict[str, list[str]] = {name: [] for name in workflow}
    for name, needed in sources.items():
        for source in needed:
            users[source].append(name)
    columns = dict.fromkeys(workflow, 0)
    waiting = {name: len(needed) for name, needed in sources.items()}
    ready = [name for name, count in waiting.items() if not count]
    for name in ready:  # grows while it is walked
        for user in users[name]:
            columns[user] = max(columns[user], columns[name] + 1)
            waiting[user] -= 1
            if not waiting[user]:
                ready.append(user)
    return columns


def _widget_values(spec: NodeSpec, inputs: Mapping[str, object]) -> list[object]:
    """In the order editors draw them: each seed with its small widget, the upload button behind the required ones."""
    values: list[object] = []
    ports = [port for port in spec.inputs if port.is_widget]
    for required in (True, False):
        for port in ports:
            if port.required == required:
                value = inputs.get(port.name, port.default)
                values.append(port.default if isinstance(value, Link) else value)
                values.extend(["fixed"] if port.control_after_generate else [])
        if required and any(port.upload for port in ports):
            values.append(UPLOAD)
    return values


def _height(spec: NodeSpec) -> int:
    texts = sum(port.multiline for port in spec.inputs)
    curves = sum(port.type == CURVE and port.default is not None for port in spec.inputs)
    return HEADER + TEXT * texts + CURVE_BOX * curves + ROW * max(len(spec.inputs) - texts - curves, len(spec.outputs))
