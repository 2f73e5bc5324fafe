"""The same workflow with other values in some of its inputs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from safelight.errors import BadInput
from safelight.graph.catalog import Catalog
from safelight.graph.document import Link, NodeCall, Workflow
from safelight.graph.editor import parse_editor, read_node
from safelight.graph.editor_api import to_api
from safelight.graph.editor_widgets import places_of
from safelight.graph.problems import nearest


@dataclass(frozen=True)
class Change:
    """A literal for an input of a node."""

    node: str
    input: str
    value: object


def with_changes(workflow: Workflow, changes: Sequence[Change]) -> dict[str, NodeCall]:
    """A workflow with some literals changed; whether they fit is for `validate` to say.

    Raises:
        BadInput: There is no such node or input, or something is linked to it.
    """
    changed = dict(workflow)
    for change in changes:
        call = changed.get(change.node)
        if call is None:
            listed = ", ".join(f"{node} ({call.title or call.class_type})" for node, call in workflow.items())
            raise BadInput(f"There is no node {change.node} to change.", mend=f"Nodes are: {listed}.")
        place = f"{call.title or call.class_type} (node {change.node})"
        if change.input not in call.inputs:
            near = nearest(change.input, tuple(call.inputs))
            mend = f"Did you mean {near}?" if near else f"It has: {', '.join(call.inputs)}."
            raise BadInput(f"{place} has no input {change.input} in this workflow.", mend=mend)
        if isinstance(call.inputs[change.input], Link):
            mend = "Change the node that it comes from."
            raise BadInput(f"The input {change.input} of {place} is linked, and has no value of its own.", mend=mend)
        changed[change.node] = call._replace(inputs={**call.inputs, change.input: change.value})
    return changed


def changed_document(
    document: Mapping[str, object], workflow: Workflow, catalog: Catalog
) -> Mapping[str, object] | None:
    """A graph editor's document with the values of a workflow in its widgets.

    Args:
        document: Means a workflow with the same nodes and links.
        workflow: Its literals are put in.
        catalog: The nodes there are.

    Returns:
        The document; None where a value has no place in it, as one that several nodes share.
    """
    before, _ = to_api(parse_editor(document)[0], catalog)
    if before.keys() != workflow.keys():
        return None
    changed: dict[str, object] = json.loads(json.dumps(document))
    for node, call in workflow.items():
        new = {
            name: value
            for name, value in call.inputs.items()
            if not isinstance(value, Link) and value != before[node].inputs.get(name)
        }
        if new and (entry := _entry(changed, node)) is not None:
            entry["widgets_values"] = _with_values(entry, new, catalog)
    again, _ = to_api(parse_editor(changed)[0], catalog)
    return changed if again == workflow else None


def _entry(document: Mapping[str, object], node: str) -> dict[str, object] | None:
    """The JSON of a node in a document, by its id in the API format."""
    definitions = document.get("definitions")
    subgraphs = _objects(definitions.get("subgraphs")) if isinstance(definitions, dict) else []
    room: Mapping[str, object] | None = document
    found = None
    for number in node.split(":"):
        found = next((entry for entry in _objects(room and room.get("nodes")) if str(entry.get("id")) == number), None)
        if found is None:
            return None
        room = next((graph for graph in subgraphs if graph.get("id") == found.get("type")), None)
    return found


def _with_values(entry: Mapping[str, object], new: Mapping[str, object], catalog: Catalog) -> object:
    """The widgets of a node with other values."""
    values = entry.get("widgets_values")
    if isinstance(values, dict):
        return {**values, **new}
    node = read_node(entry, "")
    written = list(node.values)
    for name, place in places_of(node, catalog.get(node.type)).items():
        if name in new:
            written[place] = new[name]
    return written


def _objects(value: object) -> list[dict[str, object]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
