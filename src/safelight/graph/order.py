"""The order of nodes: each after all that feed it."""

from collections.abc import Callable, Iterable, Sequence


def arrange(roots: Iterable[str], sources: Callable[[str], Sequence[str]]) -> tuple[list[str], list[tuple[str, ...]]]:
    """Walk from `roots` to all that feeds them, depth first, without recursion.

    Args:
        roots: Nodes that are wanted.
        sources: Node -> the nodes that feed it. Asked once for each node reached.

    Returns:
        The nodes reached, each after its sources; the same input gives the same order, and a branch is
        finished before the next is begun. And the circles among them, each in the direction of the data
        and beginning with a node of it: one for each group of nodes that feed each other.
    """
    order: list[str] = []
    circles: list[tuple[str, ...]] = []
    circling: set[str] = set()
    finished: dict[str, bool] = {}  # False while the node is on the path
    for root in roots:
        if root in finished:
            continue
        finished[root] = False
        path = [root]
        waiting = [iter(sources(root))]
        while path:
            for source in waiting[-1]:
                known = finished.get(source)
                if known is None:
                    finished[source] = False
                    path.append(source)
                    waiting.append(iter(sources(source)))
                    break
                if not known and (circle := _circle(path, source, circling)):
                    circles.append(circle)
            else:
                waiting.pop()
                node = path.pop()
                finished[node] = True
                order.append(node)
    return order, circles


def _circle(path: Sequence[str], source: str, circling: set[str]) -> tuple[str, ...]:
    """The end of `path` back to `source`; empty where it meets a circle found before.

    Every node passed is put into `circling`, so that all calls together take no more steps than the
    graph has nodes and links.
    """
    found: list[str] = []
    for node in reversed(path):
        if node in circling:
            return ()
        circling.add(node)
        found.append(node)
        if node == source:
            break
    return tuple(found)
