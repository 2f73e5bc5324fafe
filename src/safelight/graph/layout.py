"""A workflow as a document for a graph editor: nodes with places, wires with numbers, widget values in order."""

from collections.abc import Mapping
from typing import Any

from safelight.graph.catalog import Catalog, NodeSpec
from safelight.graph.document import Link, Workflow
from safelight.graph.editor_widgets import UPLOAD

COLUMN, GAP = 340, 40  # pixels
ROW, HEADER, TEXT = 26, 60, 120  # pixels: a socket or small widget, a node's frame, a text box


def to_editor(workflow: Workflow, catalog: Catalog) -> dict[str, object]:
    """The editor document (schema version 0.4) of a valid workflow.

    Nodes stand in columns, each to the right of all it depends on.
    """
    numbers = {name: number for number, name in enumerate(workflow, start=1)}
    columns = _columns(workflow)
    heights: dict[int, int] = {}
    nodes: dict[str, dict[str, Any]] = {}
    for order, (name, call) in enumerate(workflow.items()):
        spec = catalog[call.class_type]
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
            "widgets_values": _widget_values(spec, call.inputs),
        }
        if call.title:
            nodes[name]["title"] = call.title
    links: list[list[object]] = []
    for name, call in workflow.items():
        for port in catalog[call.class_type].inputs:
            value = call.inputs.get(port.name)
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
        "last_node_id": len(nodes),
        "last_link_id": len(links),
        "nodes": list(nodes.values()),
        "links": links,
        "groups": [],
        "config": {},
        "extra": {},
        "version": 0.4,
    }


def _columns(workflow: Workflow) -> dict[str, int]:
    """How many nodes stand at least before each one; the workflow has no cycle."""
    sources = {
        name: {value.node for value in call.inputs.values() if isinstance(value, Link)}
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
    return HEADER + TEXT * texts + ROW * max(len(spec.inputs) - texts, len(spec.outputs))
