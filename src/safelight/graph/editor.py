"""A workflow as graph editors save it: nodes with places, wires with numbers, groups, notes.

The document is kept as it was read, so that what is not changed is saved again to the letter; beside it stands
what running it needs. Both schema versions are read: 0.4, where a wire is a list, and 1.0, where it is an object.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from safelight.graph.problems import Problem, shown

INPUTS, OUTPUTS = "-10", "-20"  # ids of the two ends of a subgraph, inside of it
MUTED, BYPASSED = 2, 4  # modes of a node
NOTES = frozenset({"Note", "MarkdownNote"})
REROUTE, PRIMITIVE = "Reroute", "PrimitiveNode"


@dataclass(frozen=True)
class EditorSocket:
    """An input of a node as the document has it.

    Attributes:
        link: Number of its wire; None where nothing is linked.
        is_widget: Whether it is a widget as well, whose value holds while nothing is linked.
        label: What a person renamed it to.
    """

    name: str
    type: str
    link: str | None = None
    is_widget: bool = False
    label: str = ""


@dataclass(frozen=True)
class EditorNode:
    """A node as the document has it.

    Attributes:
        mode: 0 runs; `MUTED` and `BYPASSED` do not.
        outputs: Types, in order.
        values: Of its widgets, in the order they are drawn or by name.
        promoted: For subgraphs: (node inside, widget) of each widget that is drawn on the outside, in order.
    """

    id: str
    type: str
    title: str = ""
    mode: int = 0
    inputs: tuple[EditorSocket, ...] = ()
    outputs: tuple[str, ...] = ()
    values: Sequence[object] | Mapping[str, object] = ()
    promoted: tuple[tuple[str, str], ...] = ()


Origin = tuple[str, int]
"""Where a wire begins: the id of a node (or `INPUTS`), and the number of its output."""


@dataclass(frozen=True)
class Room:
    """One graph of a document: the outermost, or what is inside of a node.

    Attributes:
        wires: Where each begins, by number.
        inputs: Names of what is handed in, in order.
        outputs: Where each output, by its number, comes from.
    """

    nodes: Mapping[str, EditorNode]
    wires: Mapping[str, Origin]
    inputs: tuple[str, ...] = ()
    outputs: Mapping[int, Origin] = field(default_factory=dict)


@dataclass(frozen=True)
class EditorDocument:
    """A saved graph.

    Attributes:
        raw: All of it, as it was read.
        room: The outermost graph.
        subgraphs: Graphs that nodes stand for, by the type of those nodes.
    """

    raw: Mapping[str, object]
    room: Room
    subgraphs: Mapping[str, Room]

    def dumps(self) -> str:
        """The document as JSON text; what was not changed is as it was."""
        return json.dumps(self.raw, ensure_ascii=False)


def is_editor_document(document: object) -> bool:
    """Whether decoded JSON is a graph editor's document, and not a workflow in the API format."""
    return isinstance(document, dict) and isinstance(document.get("nodes"), list)


def parse_editor(document: Mapping[str, object]) -> tuple[EditorDocument, list[Problem]]:
    """Read a document for which `is_editor_document` holds.

    Returns:
        All that could be read, and what is wrong with the shape of the rest. Wires that lead nowhere are left out,
        as editors do.
    """
    problems: list[Problem] = []
    subgraphs = {}
    for entry in _objects(_object(document.get("definitions")).get("subgraphs")):
        inputs = tuple(str(port.get("name", "")) for port in _objects(entry.get("inputs")))
        subgraphs[str(entry.get("id"))] = _room(entry, problems, inputs)
    return EditorDocument(document, _room(document, problems), subgraphs), problems


def read_node(entry: Mapping[str, object], number: str) -> EditorNode:
    """The node `number`, from its JSON, which has a type."""
    mode, values = entry.get("mode"), entry.get("widgets_values")
    promoted = _object(entry.get("properties")).get("proxyWidgets")
    return EditorNode(
        id=number,
        type=str(entry["type"]),
        title=str(entry.get("title") or ""),
        mode=mode if isinstance(mode, int) else 0,
        inputs=tuple(_socket(port) for port in _objects(entry.get("inputs"))),
        outputs=tuple(str(port.get("type", "*")) for port in _objects(entry.get("outputs"))),
        values=values if isinstance(values, list | dict) else (),
        promoted=tuple(
            (str(pair[0]), str(pair[1])) for pair in _list(promoted) if isinstance(pair, list) and len(pair) >= 2
        ),
    )


def _room(entry: Mapping[str, object], problems: list[Problem], inputs: tuple[str, ...] = ()) -> Room:
    nodes: dict[str, EditorNode] = {}
    for place, node in enumerate(_list(entry.get("nodes"))):
        if isinstance(node, dict) and isinstance(node.get("type"), str) and isinstance(node.get("id"), int | str):
            nodes[str(node["id"])] = read_node(node, str(node["id"]))
            continue
        message = f"Entry {place} of the list of nodes is {shown(node)}, and a node has an id and a type."
        problems.append(Problem("invalid_prompt", message, "Save the workflow again from the editor."))
    wires: dict[str, Origin] = {}
    outputs: dict[int, Origin] = {}
    for wire in _list(entry.get("links")):
        match wire:
            case [number, origin, int(output), target, int(slot), *_]:
                pass
            case {
                "id": number,
                "origin_id": origin,
                "origin_slot": int(output),
                "target_id": target,
                "target_slot": int(slot),
            }:
                pass
            case _:
                continue
        wires[str(number)] = (str(origin), output)
        if str(target) == OUTPUTS:
            outputs[slot] = (str(origin), output)
    return Room(nodes, wires, inputs, outputs)


def _socket(port: Mapping[str, object]) -> EditorSocket:
    link = port.get("link")
    return EditorSocket(
        name=str(port.get("name", "")),
        type=str(port.get("type", "*")),
        link=None if link is None else str(link),
        is_widget=isinstance(port.get("widget"), dict),
        label=str(port.get("label") or ""),
    )


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def _objects(value: object) -> list[Mapping[str, object]]:
    return [entry for entry in _list(value) if isinstance(entry, dict)]
