"""The workflow as nodes that ask for `DYNPROMPT` see it, and the builder of the ones they expand into."""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from safelight.graph.results import Blocked

ExecutionBlocker = Blocked
"""Given as an output, it stops all that would use it, and with a message says why."""


class Prompt:
    """A workflow in the API format, to be looked things up in."""

    def __init__(self, workflow: Mapping[str, Any]) -> None:
        self._workflow = workflow

    def get_original_prompt(self) -> Mapping[str, Any]:
        """All nodes by id."""
        return self._workflow

    def get_node(self, node_id: str) -> Any:
        """One node; a `KeyError` where there is none of that id."""
        return self._workflow[node_id]

    def has_node(self, node_id: str) -> bool:
        """Whether there is a node of that id."""
        return node_id in self._workflow

    def all_node_ids(self) -> set[str]:
        """The ids of all nodes."""
        return set(self._workflow)

    def get_display_node_id(self, node_id: str) -> str:
        """The node that a person sees for an id; what nodes expand into is told as their own doing already."""
        return node_id

    get_parent_node_id = get_real_node_id = get_display_node_id


def is_link(value: object) -> bool:
    """Whether an input is `[id of a node, number of its output]`."""
    match value:
        case [str(), int() | float()]:
            return isinstance(value, list)
    return False


class GraphNode:
    """A node of a graph that is being built."""

    def __init__(self, id: str, class_type: str, inputs: dict[str, Any]) -> None:
        self.id = id
        self.class_type = class_type
        self.inputs = inputs
        self.override_display_id: str | None = None

    def out(self, index: int) -> list[object]:
        """A link to an output of this node."""
        return [self.id, index]

    def set_input(self, key: str, value: Any) -> None:
        """Set an input; None takes it out."""
        if value is None:
            self.inputs.pop(key, None)
        else:
            self.inputs[key] = value

    def get_input(self, key: str) -> Any:
        """The value of an input, or None."""
        return self.inputs.get(key)

    def set_override_display_id(self, override_display_id: str) -> None:
        """Ask for another node to be shown as running; here that is always the one that expands."""
        self.override_display_id = override_display_id

    def serialize(self) -> dict[str, Any]:
        """The node in the API format."""
        return {"class_type": self.class_type, "inputs": self.inputs}


class GraphBuilder:
    """Builds the graph that a node expands into; ids of different builders are never the same."""

    _builders: Iterator[int] = count()

    def __init__(self, prefix: str | None = None) -> None:
        self.prefix = self.alloc_prefix() if prefix is None else prefix
        self.nodes: dict[str, GraphNode] = {}

    @classmethod
    def alloc_prefix(cls, root: str = "graph", call_index: int = 0, graph_index: int | None = None) -> str:
        """What ids begin with."""
        return f"{root}.{call_index}.{next(cls._builders) if graph_index is None else graph_index}."

    def node(self, class_type: str, id: str | None = None, **inputs: Any) -> GraphNode:
        """Add a node; one with an id that is there already is given back instead."""
        key = self.prefix + (str(len(self.nodes) + 1) if id is None else id)
        if key not in self.nodes:
            self.nodes[key] = GraphNode(key, class_type, inputs)
        return self.nodes[key]

    def lookup_node(self, id: str) -> GraphNode | None:
        """The node that was added with an id."""
        return self.nodes.get(self.prefix + id)

    def remove_node(self, id: str) -> None:
        """Take a node out."""
        del self.nodes[self.prefix + id]

    def finalize(self) -> dict[str, Any]:
        """The graph, to be given as `expand`."""
        return {key: node.serialize() for key, node in self.nodes.items()}

    def replace_node_output(self, node_id: str, index: int, new_value: Any) -> None:
        """Put a value in place of all links to an output; None takes the inputs out."""
        old = [self.prefix + node_id, index]
        for node in self.nodes.values():
            for key in [key for key, value in node.inputs.items() if is_link(value) and value == old]:
                node.set_input(key, new_value)
