"""Which value of an editor's node belongs to which widget: they are saved in the order they are drawn."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest

from safelight.graph.catalog import InputSpec, NodeSpec
from safelight.graph.editor import INPUTS, PRIMITIVE, EditorNode, EditorSocket, Room

AFTER_GENERATE = ("fixed", "increment", "decrement", "randomize")
"""Values of the small widget beside a seed, which says what becomes of it after a run."""
UPLOAD = "image"
"""Value of the button by which a picture is uploaded."""
SEEDS = frozenset({"seed", "noise_seed"})  # have such a widget whether or not their node says so


def widgets_of(node: EditorNode, spec: NodeSpec | None) -> list[InputSpec]:
    """The widgets of a node in the order they are drawn: required ones first.

    Of a type that is not in the catalog, those that the document itself names.
    """
    if spec is not None:
        return sorted((port for port in spec.inputs if port.is_widget), key=lambda port: not port.required)
    if node.type == PRIMITIVE:
        return [InputSpec("value", "*")]
    return [InputSpec(socket.name, socket.type) for socket in node.inputs if socket.is_widget]


def own_widgets(node: EditorNode, room: Room) -> list[InputSpec]:
    """The widgets of a node that stands for a room, in the order of their values.

    Newer editors leave an input out of the node while no wire goes to it; whether it is a widget is seen inside then.
    """
    listed = {socket.name: socket for socket in node.inputs}
    inner: dict[int, EditorSocket] = {}
    for inside in room.nodes.values():
        for socket in inside.inputs:
            start, number = room.wires.get(socket.link or "", ("", 0))
            if start == INPUTS and socket.is_widget:
                inner.setdefault(number, socket)
    sockets = [(name, listed.get(name, inner.get(number))) for number, name in enumerate(room.inputs)]
    sockets += [(name, socket) for name, socket in listed.items() if name not in room.inputs]
    return [InputSpec(name, socket.type) for name, socket in sockets if socket is not None and socket.is_widget]


def values_of(node: EditorNode, spec: NodeSpec | None) -> dict[str, object]:
    """What the widgets of a node hold, by name; what the document says nothing of is left out."""
    ports = widgets_of(node, spec)
    if isinstance(node.values, Mapping):
        known = {port.name for port in ports} if spec is not None else set(node.values)
        return {name: value for name, value in node.values.items() if name in known and value is not None}
    values, _ = in_order(ports, node.values)
    return {port.name: value for port, value in zip(ports, values, strict=False) if value is not None}


def places_of(node: EditorNode, spec: NodeSpec | None) -> dict[str, int]:
    """Where the values of a node's widgets stand in its list, by name."""
    if isinstance(node.values, Mapping):
        return {}
    ports = widgets_of(node, spec)
    places, _ = _places(ports, node.values, 0)
    return {port.name: place for port, place in zip(ports, places, strict=False)}


def in_order(ports: Sequence[InputSpec], values: Sequence[object], start: int = 0) -> tuple[list[object], int]:
    """The values of a node's ports, those of the small widgets beside them passed over.

    Args:
        ports: The node's, as `widgets_of` gives them.
        values: Begin with the node's at `start`, and may end early.

    Returns:
        A value for each port, until there are no more; and where the values after the node's begin.
    """
    places, end = _places(ports, values, start)
    return [values[place] for place in places], end


def _places(ports: Sequence[InputSpec], values: Sequence[object], start: int) -> tuple[list[int], int]:
    """Where the value of each port stands, and where the node's values end; see `in_order`."""
    found: list[int] = []
    at = start
    button = max((place for place, port in enumerate(ports) if port.required), default=-1)
    has_button = any(port.upload for port in ports)
    for place, (port, following) in enumerate(zip_longest(ports, ports[1:])):
        if at >= len(values):
            break
        found.append(at)
        at += 1
        if at < len(values) and _is_control(values[at], port, following):
            at += 1
        if place == button and has_button and at < len(values) and values[at] == UPLOAD:
            at += 1
    return found, at


def usual(ports: Iterable[InputSpec]) -> dict[str, object]:
    """What an editor puts into widgets that a saved document does not know: their defaults, or first choices."""
    values = {port.name: port.choices[0] if port.default is None and port.choices else port.default for port in ports}
    return {name: value for name, value in values.items() if value is not None}


def _is_control(value: object, port: InputSpec, following: InputSpec | None) -> bool:
    """Whether a value is that of the small widget behind `port`, rather than that of the port after it."""
    if not isinstance(value, str) or value not in AFTER_GENERATE:
        return False
    if port.control_after_generate or port.name in SEEDS or following is None:
        return True
    if following.type == "COMBO":
        return following.choices is not None and value not in following.choices and following.folder is None
    return following.type in ("INT", "FLOAT", "BOOLEAN")
