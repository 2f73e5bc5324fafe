"""A node is a typed function: this reads its sockets, widgets, limits and help from the signature.

Inputs stand in the order of the parameters, which is the order workflows and clients expect; so
parameters are keyword-only, and an input is a widget or a socket by its type alone.
"""

import inspect
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import ModuleType, NoneType, UnionType
from typing import Annotated, Any, Generic, ParamSpec, TypeVar, Union, get_args, get_origin, get_type_hints

from safelight.graph.catalog import InputSpec, NodeSpec, OutputSpec
from safelight.graph.results import Blocked, Expansion

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Socket:
    """The socket type of a Python type whose class name does not say it."""

    type: str


@dataclass(frozen=True)
class Output:
    """The name and kind of an output, where its type does not say them."""

    name: str = ""
    is_list: bool = False


@dataclass(frozen=True)
class Range:
    """Limits of a number, both ends allowed; `step` is the widget's grid, `round` its precision."""

    minimum: float
    maximum: float | None
    step: float | None = None
    round: float | None = None


@dataclass(frozen=True, eq=False)
class Choice:
    """One of a few values; of a table that plugins add to, those that are in it when it is asked."""

    source: Collection[object]

    @property
    def choices(self) -> tuple[object, ...]:
        return tuple(self.source)


@dataclass(frozen=True)
class File:
    """The name of a file in one of the folders (`checkpoints`, `vae`, `input`, …)."""

    folder: str
    upload: bool = False


@dataclass(frozen=True)
class Text:
    """How a text widget edits, and what files its text may name: (prefix, folder)."""

    multiline: bool = False
    dynamic_prompts: bool = False
    mentions: tuple[str, str] | None = None


@dataclass(frozen=True)
class Flag:
    """A property of an input that is there or not."""

    name: str


OPTIONAL = Flag("optional")
"""A widget that a workflow may leave out; sockets say it by `| None = None`."""
LAZY = Flag("lazy")
"""Evaluated only when the node's `needs` asks for it."""
LINKED = Flag("linked")
"""A number or text that can only be linked."""
CONTROLLED = Flag("controlled")
"""The widget may change its value after each run."""

Seed = Annotated[int, Range(0, 2**64 - 1), CONTROLLED]
Anything = Annotated[Any, Socket("*")]

_BESIDES = (NoneType, Expansion, Blocked)  # what may stand beside the type of an input or output
_SCALARS = {int: "INT", float: "FLOAT", str: "STRING", bool: "BOOLEAN"}


@dataclass(frozen=True)
class Node(Generic[P, R]):
    """A node type: its description, and the function that runs it.

    Attributes:
        spec: What the catalog says of it.
        function: Called with every input by name, and with `run` where it asks for that.
        wants_run: Whether the function takes the worker's `run`.
        needs: For nodes with lazy inputs: (inputs by name, lazy ones not yet evaluated as None) -> names of
            the lazy inputs wanted now. Asked again until it wants no more; the rest reach the function as None.
        fingerprint: For nodes that read what no input holds (a file's content, the clock):
            (inputs by name, linked ones as None) -> a text or number that changes when the result would;
            NaN to run every time.
        check: For nodes that look at their inputs themselves: (inputs written down, types of linked ones, both by
            name) -> what is wrong with them, or None. Asked before anything of a workflow is run.
        by_place: Whether its results hang on its id in the workflow.
        records: Whether it can record how its result comes about.
    """

    spec: NodeSpec
    function: Callable[P, R]
    wants_run: bool
    needs: Callable[..., Sequence[str]] | None = None
    fingerprint: Callable[..., object] | None = None
    check: Callable[[Mapping[str, object], Mapping[str, str]], str | None] | None = None
    by_place: bool = False
    records: bool = False

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **kwargs)


AnyNode = Node[..., Any]
Registry = Mapping[str, AnyNode]
"""Nodes by class name: what a worker can run."""


def node(
    class_type: str,
    *,
    category: str,
    title: str = "",
    output: bool = False,
    takes_lists: bool = False,
    deprecated: bool = False,
    experimental: bool = False,
    version: int = 1,
    needs: Callable[..., Sequence[str]] | None = None,
    fingerprint: Callable[..., object] | None = None,
    records: bool = False,
) -> Callable[[Callable[P, R]], Node[P, R]]:
    """Make a node of a function.

    Args:
        class_type: Its name in workflows.
        category: Its place in menus, as `a/b`.
        title: Its name on the screen, if it has another there.
        output: Whether running it is an end in itself.
        takes_lists: Whether list inputs are handed over whole rather than mapped over.
        version: To be raised when the results change.
        needs: See `Node`.
        fingerprint: See `Node`.
        records: See `Node`.
    """

    def make(function: Callable[P, R]) -> Node[P, R]:
        hints = get_type_hints(function, include_extras=True)
        returns = hints.pop("return", NoneType)
        description, tooltips = _read_docstring(inspect.getdoc(function) or "")
        parameters = {name: p for name, p in inspect.signature(function).parameters.items() if name != "run"}
        spec = NodeSpec(
            class_type=class_type,
            title=title or class_type,
            category=category,
            description=description,
            inputs=tuple(_input_spec(p, hints[name], tooltips.get(name, "")) for name, p in parameters.items()),
            outputs=_output_specs(returns),
            output_node=output,
            takes_lists=takes_lists,
            deprecated=deprecated,
            experimental=experimental,
            version=version,
        )
        if any(port.lazy for port in spec.inputs) != (needs is not None):
            raise TypeError(f"{class_type}: lazy inputs and `needs` go together")
        return Node(spec, function, "run" in hints, needs, fingerprint, records=records)

    return make


def with_present_choices(node: AnyNode) -> AnyNode:
    """The node, whose choices from tables are the ones that are in them now."""
    hints = get_type_hints(node.function, include_extras=True)
    now = {
        name: marker.choices for name, hint in hints.items() for marker in _split(hint)[1] if isinstance(marker, Choice)
    }
    inputs = tuple(replace(port, choices=now.get(port.name, port.choices)) for port in node.spec.inputs)
    return node if inputs == node.spec.inputs else replace(node, spec=replace(node.spec, inputs=inputs))


def collect(modules: Iterable[ModuleType]) -> dict[str, AnyNode]:
    """The nodes defined in `modules`, by class name."""
    found = {}
    for module in modules:
        for value in vars(module).values():
            if isinstance(value, Node) and value.function.__module__ == module.__name__:
                found[value.spec.class_type] = value
    return found


def socket_type(hint: object) -> str:
    """The socket type of an annotation: its `Socket` marker, else by its class (`ClipVision` -> `CLIP_VISION`)."""
    base, markers = _split(hint)
    for marker in markers:
        if isinstance(marker, Socket):
            return marker.type
    if any(isinstance(marker, Choice | File) for marker in markers):
        return "COMBO"
    if isinstance(base, type) and base in _SCALARS:
        return _SCALARS[base]
    if isinstance(base, type):
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", base.__name__).upper()
    raise TypeError(f"{hint!r} names no socket type; annotate it with Socket(...)")


def _split(hint: object) -> tuple[object, tuple[object, ...]]:
    """An annotation without `Annotated`, `| None`, `| Expansion` and `| Blocked`, and its markers."""
    if get_origin(hint) is Annotated:
        base, *markers = get_args(hint)
        inner, more = _split(base)
        return inner, (*more, *markers)
    if get_origin(hint) in (Union, UnionType):
        arguments = [argument for argument in get_args(hint) if argument not in _BESIDES]
        if len(arguments) == 1:
            return _split(arguments[0])
    return hint, ()


def _input_spec(parameter: inspect.Parameter, hint: object, tooltip: str) -> InputSpec:
    _, markers = _split(hint)
    has_default = parameter.default is not inspect.Parameter.empty
    fields: dict[str, Any] = {
        "name": parameter.name,
        "type": socket_type(hint),
        "tooltip": tooltip,
        "default": _listed(parameter.default) if has_default else None,
        "required": OPTIONAL not in markers and not (has_default and parameter.default is None),
        "lazy": LAZY in markers,
        "force_input": LINKED in markers,
        "control_after_generate": CONTROLLED in markers,
    }
    for marker in markers:
        match marker:
            case Range():
                fields |= vars(marker)
            case Choice():
                fields |= {"choices": marker.choices}
            case File():
                fields |= {"choices": (), "folder": marker.folder, "upload": marker.upload}
            case Text():
                fields |= vars(marker)
    return InputSpec(**fields)


def _listed(default: object) -> object:
    """A default as a workflow would hold it, where sequences are lists."""
    return [_listed(part) for part in default] if isinstance(default, tuple) else default


def _output_specs(returns: object) -> tuple[OutputSpec, ...]:
    base, _ = _split(returns)
    if base is NoneType:
        return ()
    if isinstance(base, type) and issubclass(base, tuple) and hasattr(base, "_fields"):
        hints = get_type_hints(base, include_extras=True)
        return tuple(_output_spec(hint, name) for name, hint in hints.items())
    return (_output_spec(returns, ""),)


def _output_spec(hint: object, field: str) -> OutputSpec:
    kind = socket_type(hint)
    marker = next((m for m in _split(hint)[1] if isinstance(m, Output)), Output())
    return OutputSpec(marker.name or (field.upper() if field else kind), kind, marker.is_list)


def _read_docstring(text: str) -> tuple[str, dict[str, str]]:
    """The first paragraphs, and the `Args:` by name."""
    body, _, arguments = text.partition("\nArgs:\n")
    description = re.split(r"\n(?:Returns|Raises|Source|Yields):", body)[0]
    tooltips: dict[str, str] = {}
    name = ""
    for line in re.split(r"\n(?=\S)", arguments)[0].splitlines():
        if match := re.match(r"    (\w+): (.*)", line):
            name = match[1]
            tooltips[name] = match[2].strip()
        elif name and line.strip():
            tooltips[name] += " " + line.strip()
    return " ".join(description.split()), tooltips
