"""Workflows as JSON: the API format, in which programs send them.

`{id: {"class_type": type, "inputs": {name: literal | [id, output number]}, "_meta": {"title": title}}}`. A list
that is meant as a list is wrapped: `{"__value__": [...]}`.
"""

import json

from safelight.graph.document import Link, NodeCall, Workflow
from safelight.graph.problems import Problem, shown

NESTED = 32  # levels of lists and objects in one input
_SCALARS = frozenset({str, int, float, bool, type(None)})
_NO_INPUTS: dict[str, object] = {}


def load_api(text: str | bytes) -> tuple[dict[str, NodeCall], list[Problem]]:
    """Read a workflow from JSON text in the API format; see `parse_api`."""
    try:
        document = json.loads(text)
    except RecursionError:
        return {}, [_shapeless("The JSON is nested too deep to be a workflow.")]
    except json.JSONDecodeError as error:
        return {}, [_shapeless(f"This is not JSON: {error.msg} in line {error.lineno}, column {error.colno}.")]
    except ValueError as error:
        return {}, [_shapeless(f"This is not JSON: {error}.")]
    return parse_api(document)


def parse_api(document: object) -> tuple[dict[str, NodeCall], list[Problem]]:
    """Read a workflow from decoded JSON in the API format.

    Returns:
        The nodes that could be read, and what is wrong with the shape of the rest. Whether the nodes
        make sense is for `validate` to say.
    """
    if not isinstance(document, dict):
        message = f"A workflow is an object of nodes by id, and this is {shown(document)}."
        return {}, [Problem("no_prompt", message, _MEND) if document is None else _shapeless(message)]
    if isinstance(document.get("nodes"), list):
        message = "This is a workflow as the graph editor saves it, not one in the API format."
        return {}, [Problem("invalid_prompt", message, 'Export it with "Save (API format)".')]
    workflow: dict[str, NodeCall] = {}
    problems: list[Problem] = []
    for node, entry in document.items():
        if not isinstance(entry, dict):
            problems.append(_shapeless(f"A node is an object, and this is {shown(entry)}.", node))
            continue
        class_type, inputs = entry.get("class_type"), entry.get("inputs", _NO_INPUTS)
        if not isinstance(class_type, str):
            problems.append(_shapeless("The node has no class_type, which says what it does.", node))
            continue
        if not isinstance(inputs, dict):
            message = f"The inputs of a node are an object, and this is {shown(inputs)}."
            problems.append(_shapeless(message, node, class_type))
            continue
        read: dict[str, object] = {}
        for name, value in inputs.items():
            if type(value) in _SCALARS:
                read[name] = value
            elif type(value) is list and len(value) == 2 and type(value[0]) is str and type(value[1]) is int:
                read[name] = Link(value[0], value[1])
            elif _depth_exceeds(value, NESTED):
                message = f"The value is nested deeper than {NESTED} levels."
                problems.append(_shapeless(message, node, class_type, name))
            else:
                read[name] = _read(value)
        workflow[node] = NodeCall(class_type, read, _title(entry) if "_meta" in entry else "")
    return workflow, problems


def write_api(workflow: Workflow) -> dict[str, object]:
    """The workflow as JSON data in the API format; `parse_api` reads the same workflow back.

    Raises:
        TypeError: An input is a live `Value`, which only expansions have.
    """
    document: dict[str, object] = {}
    for node, call in workflow.items():
        entry: dict[str, object] = {"class_type": call.class_type}
        entry["inputs"] = {name: _written(value) for name, value in call.inputs.items()}
        if call.title:
            entry["_meta"] = {"title": call.title}
        document[node] = entry
    return document


def _read(value: object) -> object:
    """A list or an object that is not plainly a link."""
    match value:
        case [str(node), float(output)] if output.is_integer():
            return Link(node, int(output))
        case {"__value__": wrapped, **rest} if not rest:
            return wrapped
    return value


def _written(value: object) -> object:
    if isinstance(value, Link):
        return [value.node, value.output]
    if isinstance(value, list) or (isinstance(value, dict) and value.keys() == {"__value__"}):
        return {"__value__": value}
    if type(value) in _SCALARS or isinstance(value, dict):
        return value
    raise TypeError(f"{type(value).__name__} cannot be written into a workflow")


def _title(entry: dict[str, object]) -> str:
    match entry.get("_meta"):
        case {"title": str(title)}:
            return title
    return ""


def _depth_exceeds(value: object, levels: int) -> bool:
    layer = [value]
    for _ in range(levels):
        layer = [
            inner
            for outer in layer
            if isinstance(outer, list | dict)
            for inner in (outer if isinstance(outer, list) else outer.values())
        ]
        if not layer:
            return False
    return True


_MEND = 'Give an object such as {"1": {"class_type": "EmptyLatentImage", "inputs": {"width": 512}}}.'


def _shapeless(message: str, node: str = "", class_type: str = "", name: str = "") -> Problem:
    return Problem("invalid_prompt", message, _MEND, node=node, class_type=class_type, input=name)
