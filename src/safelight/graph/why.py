"""Why nodes were run again: what is not as it was in an earlier run of the same workflow."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal

from safelight.files.folders import annotated
from safelight.graph.catalog import Catalog
from safelight.graph.document import Link, NodeCall, Workflow
from safelight.graph.problems import shown

Why = Literal["new", "changed", "upstream", "file", "again"]
ChangedFile = Callable[[str, str], bool]
"""Folder and name -> whether the file has changed since the earlier run."""


@dataclass(frozen=True)
class Reason:
    """Why one node ran.

    Attributes:
        node, class_type: It.
        reason: `new` was not there before; `changed` has another value or link in an input; `upstream` gets what a node
            gives that ran; `file` reads a file that has changed; `again` is as it was: its result was not kept, or it
            saves or shows something.
        input: Name of the input that is to blame; empty for none.
        before, now: Its values; a link is `[node, output]`.
        because: Id of the node that ran before it, for `upstream`.
        text: The same in a sentence.
    """

    node: str
    class_type: str
    reason: Why
    text: str
    input: str = ""
    before: object = None
    now: object = None
    because: str = ""


def reasons(
    workflow: Workflow, ran: Collection[str], earlier: Workflow | None, catalog: Catalog, changed_file: ChangedFile
) -> list[Reason]:
    """Why each node that ran did.

    Args:
        workflow: What was run.
        ran: Ids of the nodes that ran, in that order; the others' results were known.
        earlier: What was run before it; None for nothing.
        catalog: Says which inputs name files.
        changed_file: Whether a file has changed since.
    """
    running = set(ran)
    return [
        _reason(node, workflow[node], earlier or {}, running, catalog, changed_file) for node in ran if node in workflow
    ]


def likeness(workflow: Workflow, other: Workflow) -> tuple[int, int]:
    """How many nodes two workflows share, by their ids and types; and how many inputs of these are the same."""
    shared = [(call, other[node]) for node, call in workflow.items() if node in other]
    shared = [(call, before) for call, before in shared if before.class_type == call.class_type]
    same = sum(value == before.inputs.get(name) for call, before in shared for name, value in call.inputs.items())
    return len(shared), same


def _reason(
    node: str,
    call: NodeCall,
    earlier: Workflow,
    running: Collection[str],
    catalog: Catalog,
    changed_file: ChangedFile,
) -> Reason:
    before = earlier.get(node)
    if before is None or before.class_type != call.class_type:
        return Reason(node, call.class_type, "new", "It is new in the workflow.")
    for name in (*call.inputs, *(name for name in before.inputs if name not in call.inputs)):
        was, now = before.inputs.get(name), call.inputs.get(name)
        if was != now:
            text = _told(name, was, now)
            return Reason(node, call.class_type, "changed", text, name, _written(was), _written(now))
    spec = catalog.get(call.class_type)
    for port in spec.inputs if spec else ():
        value = call.inputs.get(port.name)
        if port.folder is not None and isinstance(value, str) and changed_file(*annotated(port.folder, value)):
            text = f"The file {value} has changed."
            return Reason(node, call.class_type, "file", text, port.name, value, value)
    for name, value in call.inputs.items():
        if isinstance(value, Link) and value.node in running:
            text = f"Node {value.node} ran, which gives it its {name}."
            return Reason(node, call.class_type, "upstream", text, name, because=value.node)
    if spec is not None and spec.output_node:
        return Reason(node, call.class_type, "again", "Nothing has changed; it saves or shows something anew.")
    return Reason(node, call.class_type, "again", "Nothing has changed; its earlier result was not kept.")


def _told(name: str, was: object, now: object) -> str:
    match was, now:
        case Link(), Link():
            return f"{name} comes from node {now.node} now, and came from node {was.node}."
        case _, Link():
            return f"{name} comes from node {now.node} now, and was {shown(was)}."
        case Link(), _:
            return f"{name} is {shown(now)} now, and came from node {was.node}."
    return f"{name} is {shown(now)} now, and was {shown(was)}."


def _written(value: object) -> object:
    return [value.node, value.output] if isinstance(value, Link) else value
