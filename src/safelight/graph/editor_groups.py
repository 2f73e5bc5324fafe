"""Group nodes, the older way of an editor to put several nodes into one: read as the subgraphs they amount to.

A group is saved with its inner nodes, the wires between them, and which of their outputs are shown outside. Its
inputs and widgets are all that its inner nodes leave open, under names that are made unique by the inner node's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from safelight.graph.catalog import Catalog, InputSpec
from safelight.graph.editor import INPUTS, PRIMITIVE, EditorDocument, EditorNode, EditorSocket, Origin, Room, read_node
from safelight.graph.editor_widgets import in_order, widgets_of

PREFIXES = ("workflow>", "workflow/")  # of the types of nodes that stand for a group


@dataclass(frozen=True)
class Group:
    """A group as a subgraph.

    Attributes:
        widgets: Of each inner node, those whose values a node standing for the group holds, in order.
    """

    room: Room
    widgets: Mapping[str, Sequence[InputSpec]]

    def written(self, values: Sequence[object]) -> dict[tuple[str, str], object]:
        """What the values of a node standing for the group mean, by inner node and widget."""
        found: dict[tuple[str, str], object] = {}
        at = 0
        for inner, ports in self.widgets.items():
            own, at = in_order(ports, values, at)
            pairs = zip(ports, own, strict=False)
            found |= {(inner, port.name): value for port, value in pairs if value is not None}
        return found


def groups(document: EditorDocument, catalog: Catalog) -> dict[str, Group]:
    """The groups of a document, by each type a node that stands for one may have."""
    match document.raw.get("extra"):
        case {"groupNodes": dict(entries)}:
            read = {name: _group(entry, catalog) for name, entry in entries.items() if isinstance(entry, dict)}
            return {prefix + name: group for name, group in read.items() for prefix in PREFIXES}
    return {}


def _group(entry: Mapping[str, object], catalog: Catalog) -> Group:
    nodes = {}
    for place, inner in enumerate(_list(entry, "nodes")):
        if isinstance(inner, dict) and isinstance(inner.get("type"), str):
            nodes[str(place)] = read_node(inner, str(place))
    building = _Building(entry, nodes)
    for wire in _list(entry, "links"):
        match wire:
            case [int(origin), int(output), int(target), int(slot), *_]:
                building.connect((str(origin), output), str(target), slot)
    for node in nodes.values():
        building.open_inputs(node, widgets_of(node, catalog.get(node.type)))
    return building.done(_list(entry, "external"))


@dataclass
class _Building:
    """A group that is being read."""

    entry: Mapping[str, object]
    nodes: Mapping[str, EditorNode]
    wires: dict[str, Origin] = field(default_factory=dict)
    inside: dict[tuple[str, str], str] = field(default_factory=dict)  # (node, input) -> number of the wire to it
    inputs: list[str] = field(default_factory=list)
    widgets: dict[str, list[InputSpec]] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)

    def connect(self, origin: Origin, target: str, slot: int) -> None:
        if target in self.nodes and 0 <= slot < len(self.nodes[target].inputs):
            self.inside[target, self.nodes[target].inputs[slot].name] = self._wire(origin)

    def open_inputs(self, node: EditorNode, ports: list[InputSpec]) -> None:
        """Hand in from outside what no inner node gives: widgets first, then sockets."""
        names = [port.name for port in ports]
        by_name = {port.name: port for port in ports}
        for name in [*names, *(socket.name for socket in node.inputs if socket.name not in by_name)]:
            settings = self._settings(node.id, "input", name)
            if (node.id, name) in self.inside or settings.get("visible") is False:
                continue
            self.inside[node.id, name] = self._wire((INPUTS, len(self.inputs)))
            self.inputs.append(self._unique(node, name, settings))
            if name in by_name:
                self.widgets.setdefault(node.id, []).append(by_name[name])

    def done(self, external: list[object]) -> Group:
        shown = {(str(entry[0]), str(entry[1])) for entry in external if isinstance(entry, list) and len(entry) >= 2}
        used = {origin for origin in self.wires.values() if origin[0] != INPUTS}
        outputs = [
            (node.id, output)
            for node in self.nodes.values()
            for output in range(len(node.outputs))
            if ((node.id, str(output)) in shown or (node.id, output) not in used)
            and self._settings(node.id, "output", str(output)).get("visible") is not False
        ]
        rooms = {number: replace(node, inputs=self._sockets(node)) for number, node in self.nodes.items()}
        return Group(Room(rooms, self.wires, tuple(self.inputs), dict(enumerate(outputs))), self.widgets)

    def _sockets(self, node: EditorNode) -> tuple[EditorSocket, ...]:
        types = {socket.name: socket.type for socket in node.inputs}
        linked = {name: wire for (owner, name), wire in self.inside.items() if owner == node.id}
        # in the order of the node, which Reroute and bypassing go by; then its widgets
        names = dict.fromkeys([*types, *linked])
        return tuple(EditorSocket(name, types.get(name, "*"), linked.get(name)) for name in names)

    def _wire(self, origin: Origin) -> str:
        number = str(len(self.wires))
        self.wires[number] = origin
        return number

    def _settings(self, node: str, kind: str, name: str) -> Mapping[str, object]:
        match self.entry.get("config"):
            case dict(config):
                match config.get(node):
                    case dict(ports) if isinstance(ports.get(kind), dict) and isinstance(ports[kind].get(name), dict):
                        return dict(ports[kind][name])
        return {}

    def _unique(self, node: EditorNode, name: str, settings: Mapping[str, object]) -> str:
        label = next((socket.label for socket in node.inputs if socket.name == name and socket.label), name)
        plain = key = str(settings.get("name") or label)
        if plain in self.seen or (node.type == PRIMITIVE and node.title):
            owner = node.title or node.type
            plain = key = f"{owner} {name}"
            if key in self.seen:
                plain = f"{owner} {self.seen[key]} {name}"
        self.seen[key] = self.seen.get(key, 1) + 1
        return plain


def _list(entry: Mapping[str, object], name: str) -> list[object]:
    value = entry.get(name)
    return value if isinstance(value, list) else []
