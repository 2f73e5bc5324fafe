"""From a graph editor's document to the workflow it means, as the engine runs it.

What only editors have is resolved here: reroutes, primitive nodes, muted and bypassed nodes, notes, subgraphs and
group nodes. A node inside a subgraph gets the ids of all around it in front of its own: `57:3`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeGuard

from safelight.graph.catalog import Catalog, accepts
from safelight.graph.document import Link, NodeCall
from safelight.graph.editor import (
    BYPASSED,
    INPUTS,
    MUTED,
    NOTES,
    PRIMITIVE,
    REROUTE,
    EditorDocument,
    EditorNode,
    EditorSocket,
    Origin,
    Room,
)
from safelight.graph.editor_groups import Group, groups
from safelight.graph.editor_widgets import in_order, own_widgets, usual, values_of, widgets_of
from safelight.graph.problems import Problem

VIRTUAL = NOTES | {REROUTE, PRIMITIVE}
MOST_NODES = 100_000  # subgraphs in subgraphs can double with each level


@dataclass(frozen=True)
class _Written:
    """A value that reaches an input by way of a wire, and can stand in it as well."""

    value: object


_Found = EditorSocket | Link | _Written | None


@dataclass(frozen=True)
class _Place:
    """A room, and where it is.

    Attributes:
        prefix: Of the ids of its nodes.
        values: What is written on the outside: by (node inside, widget); by (`OWN`, input) where an input has it.
        node: The node that stands for the room, and `outer` the place of that.
    """

    room: Room
    prefix: str = ""
    values: Mapping[tuple[str, str], object] = field(default_factory=dict)
    node: EditorNode | None = None
    outer: "_Place | None" = None


OWN = "-1"  # in a subgraph's list of promoted widgets: an input of its own


def to_api(document: EditorDocument, catalog: Catalog) -> tuple[dict[str, NodeCall], list[Problem]]:
    """The workflow that a document means.

    Muted nodes are left out, and what they would have given with them: an input then keeps its widget's value.
    A bypassed node hands on, for each output, its first input of that type; the one of the same number is preferred.
    Widgets that the document has no value for get their default.

    Returns:
        The nodes, and what keeps the rest from being one: wires in a circle, a subgraph inside itself. Node types
        that are not in the catalog are kept under their names, for `validate` to name all of them.
    """
    conversion = _Conversion(document, catalog)
    conversion.convert(_Place(document.room))
    return conversion.workflow, conversion.problems


class _Conversion:
    """One conversion: what it reads, and what it has made."""

    def __init__(self, document: EditorDocument, catalog: Catalog) -> None:
        self.workflow: dict[str, NodeCall] = {}
        self.problems: list[Problem] = []
        self._document = document
        self._catalog = catalog
        self._entered: dict[str, _Place | None] = {}

    def convert(self, outermost: _Place) -> None:
        """Add the nodes of a place, and of all inside of it, to the workflow."""
        waiting = [(outermost, node) for node in reversed(list(outermost.room.nodes.values()))]
        while waiting:
            place, node = waiting.pop()
            if node.mode in (MUTED, BYPASSED) or (node.type in VIRTUAL and node.type not in self._catalog):
                continue
            if len(self.workflow) >= MOST_NODES:
                message = f"The workflow has more than {MOST_NODES} nodes, with all that is in its subgraphs."
                self.problems.append(Problem("invalid_prompt", message, "Take some of them out."))
                return
            if not self._stands_for_room(node):
                self.workflow[place.prefix + node.id] = self._call(place, node)
            elif (inside := self._enter(place, node)) is not None:
                waiting.extend((inside, inner) for inner in reversed(list(inside.room.nodes.values())))

    def _call(self, place: _Place, node: EditorNode) -> NodeCall:
        spec = self._catalog.get(node.type)
        ports = widgets_of(node, spec)
        inputs = usual(port for port in ports if port.required) | values_of(node, spec)
        for port in ports:
            if (node.id, port.name) in place.values:
                inputs[port.name] = place.values[node.id, port.name]
        for socket in node.inputs:
            match self._source(place, socket):
                case _Written(value):
                    inputs[socket.name] = value
                case Link() as link:
                    inputs[socket.name] = link
        if spec is not None:  # in the order of the node
            inputs = {name: inputs[name] for name in [*spec.by_name, *inputs] if name in inputs}
        return NodeCall(node.type, inputs, node.title)

    def _source(self, place: _Place, socket: EditorSocket) -> Link | _Written | None:
        """What an input gets by its wire; None for nothing."""
        found: _Found = socket
        passed: set[tuple[str, Origin]] = set()
        while isinstance(found, EditorSocket):
            origin = place.room.wires.get(found.link or "")
            while origin is not None and self._is_entered(node := place.room.nodes.get(origin[0])):
                inside = self._enter(place, node)  # the wire comes out of a subgraph: look for its start in there
                place, origin = (inside, inside.room.outputs.get(origin[1])) if inside else (place, None)
            if origin is None:
                return None
            if (place.prefix, origin) in passed:
                self._report_circle("These wires lead in a circle.", place.prefix + origin[0])
                return None
            passed.add((place.prefix, origin))
            place, found = self._behind(place, origin)
        return found

    def _behind(self, place: _Place, origin: Origin) -> tuple[_Place, _Found]:
        """What stands at the start of a wire; a socket where the search goes on there."""
        node = place.room.nodes.get(origin[0])
        if origin[0] == INPUTS:
            return _handed_in(place, origin[1])
        if node is None or node.mode == MUTED:
            return place, None
        if node.mode == BYPASSED:
            return place, _passed_through(node, origin[1])
        if node.type in self._catalog or node.type not in VIRTUAL:
            return place, Link(place.prefix + node.id, origin[1])
        if node.type == PRIMITIVE:
            value = place.values.get((node.id, "value"), values_of(node, None).get("value"))
            return place, None if value is None else _Written(value)
        return place, next(iter(node.inputs), None)  # a reroute; notes have no inputs

    def _enter(self, place: _Place, node: EditorNode) -> _Place | None:
        """The room that a node stands for; None where it would be inside itself."""
        prefix = f"{place.prefix}{node.id}:"
        if prefix not in self._entered:
            around: _Place | None = place
            while around is not None and not (around.node is not None and around.node.type == node.type):
                around = around.outer
            if around is not None:
                self._report_circle("The subgraph is inside itself.", place.prefix + node.id)
                self._entered[prefix] = None
            else:
                room, values = self._room_of(node)
                self._entered[prefix] = _Place(room, prefix, self._overridden(place, node, room, values), node, place)
        return self._entered[prefix]

    def _room_of(self, node: EditorNode) -> tuple[Room, dict[tuple[str, str], object]]:
        """The room that a node stands for, and what the node has written on it."""
        if (group := self._groups.get(node.type)) is not None:
            values = node.values if not isinstance(node.values, Mapping) else list(node.values.values())
            return group.room, group.written(values)
        room = self._document.subgraphs[node.type]
        if node.promoted and not isinstance(node.values, Mapping):
            pairs = zip(node.promoted, node.values, strict=False)
            return room, {key: value for key, value in pairs if value is not None}
        if isinstance(node.values, Mapping):
            return room, {(OWN, name): value for name, value in values_of(node, None).items()}
        ports = own_widgets(node, room)
        values, _ = in_order(ports, node.values)
        named = zip(ports, values, strict=False)
        return room, {(OWN, port.name): value for port, value in named if value is not None}

    def _overridden(
        self, place: _Place, node: EditorNode, room: Room, values: dict[tuple[str, str], object]
    ) -> dict[tuple[str, str], object]:
        """`values`, with those that a subgraph further out shows as its own."""
        for (inner, name), value in place.values.items():
            if inner == node.id:
                shown = [key for key in node.promoted if key[1] == name]
                keys = [(OWN, name)] if name in room.inputs else shown
                values |= dict.fromkeys(keys, value)
        return values

    @cached_property
    def _groups(self) -> dict[str, Group]:
        return groups(self._document, self._catalog)

    def _stands_for_room(self, node: EditorNode) -> bool:
        return node.type in self._document.subgraphs or node.type in self._groups

    def _is_entered(self, node: EditorNode | None) -> TypeGuard[EditorNode]:
        return node is not None and node.mode not in (MUTED, BYPASSED) and self._stands_for_room(node)

    def _report_circle(self, message: str, node: str) -> None:
        self.problems.append(Problem("dependency_cycle", message, "Take one of the links out.", node))


def _handed_in(place: _Place, number: int) -> tuple[_Place, _Found]:
    """What a room gets as one of its inputs: a wire outside, or what is written there."""
    if place.outer is None or place.node is None or not 0 <= number < len(place.room.inputs):
        return place, None
    name = place.room.inputs[number]
    socket = next((socket for socket in place.node.inputs if socket.name == name), None)
    if socket is not None and socket.link is not None:
        return place.outer, socket
    return place, _Written(place.values[OWN, name]) if (OWN, name) in place.values else None


def _passed_through(node: EditorNode, output: int) -> EditorSocket | None:
    """The input that a bypassed node hands on as an output."""
    if not 0 <= output < len(node.outputs):
        return None
    wanted = node.outputs[output]
    order = sorted(enumerate(node.inputs), key=lambda entry: entry[0] != output)
    same = (socket for _, socket in order if socket.type == wanted)
    fits = (socket for _, socket in order if accepts(wanted, socket.type))
    return next(same, None) or next(fits, None)
