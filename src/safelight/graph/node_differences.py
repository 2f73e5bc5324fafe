"""Two workflows compared node by node, whatever their nodes' ids are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from safelight.graph.document import Link, NodeCall, Workflow


@dataclass(frozen=True)
class NodeDifference:
    """Something that is not the same behind two nodes.

    Attributes:
        how: `value` of an input; `link`, what comes in there; `only`, a node that one of them alone has.
        class_type, title: Of the node; its title is its type where it has none.
        input: Name of the input; empty for `only`.
        one, other: The values, types of the nodes that are linked, or for `only` the title where the node is.
    """

    how: Literal["value", "link", "only"]
    class_type: str
    title: str
    input: str
    one: object
    other: object


def node_differences(one: Workflow, from_one: str, other: Workflow, from_other: str) -> Iterator[NodeDifference]:
    """In what the nodes behind two nodes differ; the values of these two themselves are left out.

    Args:
        one, other: Sound ones.
        from_one, from_other: Ids of the nodes that two pictures are from.
    """
    pairs = _pairs(one, from_one, other, from_other)
    partners = dict(pairs)
    for left, right in pairs:
        call, called = one[left], other[right]
        for name in dict.fromkeys((*call.inputs, *called.inputs)):
            was, now = call.inputs.get(name), called.inputs.get(name)
            if isinstance(was, Link) and isinstance(now, Link):
                is_new = was.node not in partners or now.node not in partners.values()  # which is told of that node
                if is_new or (partners[was.node], was.output) == now:
                    continue
                yield _difference("link", call, name, _from(one, was), _from(other, now))
            elif isinstance(was, Link) or isinstance(now, Link):
                yield _difference("link", call, name, _from(one, was), _from(other, now))
            elif was != now and left != from_one:
                yield _difference("value", call, name, was, now)
    yield from (_only(one[node], is_first=True) for node in _behind(one, from_one) if node not in partners)
    taken = set(partners.values())
    yield from (_only(other[node], is_first=False) for node in _behind(other, from_other) if node not in taken)


def _behind(workflow: Workflow, start: str) -> list[str]:
    """A node and all that feed it, nearest first."""
    found = [start]
    for node in found:  # grows while it is walked
        links = (value.node for value in workflow[node].inputs.values() if isinstance(value, Link))
        found += [node for node in dict.fromkeys(links) if node not in found]
    return found


def _pairs(one: Workflow, from_one: str, other: Workflow, from_other: str) -> list[tuple[str, str]]:
    """Which node of the one stands for which of the other.

    The nodes that come in at the same inputs of two such nodes, where they are of one type; of the rest those of one
    type, as alike as can be.
    """
    found = {from_one: from_other}
    taken = {from_other}
    waiting = [from_one]
    for node in waiting:  # grows while it is walked
        theirs = other[found[node]].inputs
        for name, value in one[node].inputs.items():
            match value, theirs.get(name):
                case Link(node=left), Link(node=right) if left not in found and right not in taken:
                    if one[left].class_type == other[right].class_type:
                        found[left] = right
                        taken.add(right)
                        waiting.append(left)
    left_over = _behind(one, from_one)
    rest = [node for node in _behind(other, from_other) if node not in taken]
    for least in (2, 1, 0):  # the surest first
        for node in left_over:
            alike = (
                each for each in rest if node not in found and _likeness(node, one[node], each, other[each]) >= least
            )
            if (match := next(alike, None)) is not None:
                found[node] = match
                rest.remove(match)
    return [(node, found[node]) for node in left_over if node in found]


def _likeness(node: str, call: NodeCall, other: str, called: NodeCall) -> int:
    """Of nodes of one type 2 for the same values, 1 for the same id or title, else 0; less for two types."""
    if call.class_type != called.class_type:
        return -1
    if _literals(call) == _literals(called):
        return 2
    return int(node == other or (bool(call.title) and call.title == called.title))


def _literals(call: NodeCall) -> Mapping[str, object]:
    return {name: value for name, value in call.inputs.items() if not isinstance(value, Link)}


def _from(workflow: Workflow, value: object) -> object:
    return _title(workflow[value.node]) if isinstance(value, Link) else value


def _title(call: NodeCall) -> str:
    return call.title or call.class_type


def _difference(how: Literal["value", "link"], call: NodeCall, name: str, one: object, other: object) -> NodeDifference:
    return NodeDifference(how, call.class_type, _title(call), name, one, other)


def _only(call: NodeCall, *, is_first: bool) -> NodeDifference:
    title = _title(call)
    return NodeDifference("only", call.class_type, title, "", title if is_first else "", "" if is_first else title)
