"""A workflow as the engine reads it: calls of nodes, by id, whose inputs are literals or links."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Link(NamedTuple):
    """Output number `output`, from 0, of the node with the id `node`."""

    node: str
    output: int = 0


@dataclass(frozen=True, slots=True)
class Value:
    """A live value (a latent, a model) given to an input as it is. Only in expansions; a document cannot hold one."""

    value: object


class NodeCall(NamedTuple):
    """One node of a workflow.

    Attributes:
        class_type: Its type, a name in the catalog.
        inputs: By name: a `Link`, a `Value`, or a literal (text, number, truth value; lists and objects for
            nodes that take them).
        title: What the person named it; empty for the type's own title.
    """

    class_type: str
    inputs: Mapping[str, object]
    title: str = ""


Workflow = Mapping[str, NodeCall]
"""Nodes by id."""
