"""What a pack's function gives, read as a node's outputs: plain, with something to show, or nodes to run instead."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safelight.errors import SafelightError
from safelight.files.folders import FILE_FOLDERS, Folders
from safelight.graph.catalog import ANY_TYPE, NodeSpec, OutputSpec
from safelight.graph.document import Link, NodeCall, Value
from safelight.graph.node import Registry
from safelight.graph.results import Blocked, Expansion
from safelight.nodes.run import Run
from safelight.plugins.comfy.values import from_pack

_FAULT = "This is a fault of the node pack; tell its author."
_WRITTEN = (str, int, float, bool, type(None))


def read_result(spec: NodeSpec, result: Any, registry: Registry, run: Run) -> object:
    """The outputs of a node, or its expansion; what it has to show is shown.

    Args:
        spec: The node's.
        result: What its function gave: a tuple or list of outputs, nothing, a blocker, or a dict of `ui`, `result` and
            `expand`.
        registry: The nodes there are, whose inputs an expansion fills.
        run: The node's.
    """
    if isinstance(result, Mapping):
        _show(result.get("ui") or {}, run)
        if (graph := result.get("expand")) is not None:
            return _expansion(spec, graph, result.get("result"), registry)
        result = result.get("result", [None] * len(spec.outputs))
    if isinstance(result, Blocked):
        return result
    outputs = tuple(_output(port, value) for port, value in _paired(spec, result))
    return outputs[0] if len(outputs) == 1 else outputs


def _output(port: OutputSpec, value: Any) -> object:
    if port.is_list and isinstance(value, list | tuple):
        return [from_pack(port.type, item) for item in value]
    return from_pack(port.type, value)


def _paired(spec: NodeSpec, result: Any) -> list[tuple[OutputSpec, Any]]:
    """The values of a node's outputs; those that it has not declared are left out.

    Raises:
        SafelightError: There are fewer than it declares.
    """
    values = () if result is None else result if isinstance(result, list | tuple) else (result,)
    if len(values) < len(spec.outputs):
        what = f"{spec.class_type} gave {len(values)} outputs, and declares {len(spec.outputs)}."
        raise SafelightError(what, mend=_FAULT)
    return list(zip(spec.outputs, values, strict=False))


def _expansion(spec: NodeSpec, graph: Mapping[str, Any], result: Any, registry: Registry) -> Expansion:
    workflow = {str(node): _call(entry, graph, registry) for node, entry in graph.items()}
    if isinstance(result, Blocked):
        return Expansion(workflow, (result,) * len(spec.outputs))
    outputs = [
        Link(value[0], value[1]) if _is_link(value, graph) else _output(port, value)
        for port, value in _paired(spec, result)
    ]
    return Expansion(workflow, tuple(outputs))


def _call(entry: Mapping[str, Any], graph: Mapping[str, Any], registry: Registry) -> NodeCall:
    class_type = str(entry["class_type"])
    node = registry.get(class_type)
    inputs: dict[str, object] = {}
    for name, value in entry.get("inputs", {}).items():
        port = node.spec.by_name.get(name) if node is not None else None
        if isinstance(value, _WRITTEN):
            inputs[name] = value
        elif _is_link(value, graph):
            inputs[name] = Link(value[0], value[1])
        elif _is_link(value):
            raise SafelightError(
                f"The input {name} of {class_type} is linked to node {value[0]}, which is not in the expansion.",
                mend=f"Expansions get what comes from outside as a value. {_FAULT}",
            )
        else:
            inputs[name] = Value(from_pack(port.type if port is not None else ANY_TYPE, value))
    return NodeCall(class_type, inputs)


def _is_link(value: Any, graph: Mapping[str, Any] | None = None) -> bool:
    """Whether a value is `[id, output]`, of a node in `graph` where that is given."""
    match value:
        case [str(node), int()]:
            return graph is None or node in graph
    return False


def _show(shown: Mapping[str, Any], run: Run) -> None:
    """Report files and texts; what only a pack's own page in the browser knows is passed over."""
    for kind, items in shown.items():
        for item in items if isinstance(items, list | tuple) else (items,):
            match item:
                case {"filename": str(name), "type": str(folder)} if folder in FILE_FOLDERS:
                    path = _shown_file(run.folders, folder, str(item.get("subfolder") or ""), name)
                    if path is not None:
                        run.show(kind, path, folder)
                case str() if kind == "text":
                    run.text(item)


def _shown_file(folders: Folders, folder: str, inner: str, name: str) -> Path | None:
    """A file that a node has put into a folder; None for one outside of it."""
    top = folders.directories[folder][0].resolve()
    path = (top / inner / name).resolve()
    return path if path.is_file() and path.is_relative_to(top) else None
