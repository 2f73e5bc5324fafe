"""Lazy inputs: a node is asked which of them it wants, and only those are evaluated."""

from collections.abc import Mapping, Sequence

from safelight.graph.node import AnyNode
from safelight.worker.mapping import each_call


def wanted(node: AnyNode, inputs: Mapping[str, object], waiting: Sequence[str]) -> list[str]:
    """The lazy inputs that the node wants now, of those still to be evaluated.

    Args:
        node: The node.
        inputs: All that is known; lists are asked for element by element.
        waiting: Its lazy inputs that were not asked for yet.

    Returns:
        Names, in the order of `waiting`.
    """
    if node.needs is None or not waiting:
        return []
    unknown = dict.fromkeys(waiting)
    asked: set[str] = set()
    for call in each_call(node.spec, inputs):
        asked.update(node.needs(**call, **unknown))
    return [name for name in waiting if name in asked]
