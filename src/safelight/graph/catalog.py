"""What nodes exist, as data: the half of a node that a server, a browser and a validator need."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

CURVE = "CURVE"
"""The type of a line that is drawn: a list of points [x, y] from left to right, both from 0 to 1."""

WIDGET_TYPES = frozenset({"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", CURVE})
"""Types whose value may be written into the workflow; every other type can only be linked."""

ANY_TYPE = "*"

Literal = str | int | float | bool | None
"""A value as a workflow may hold it; lists and objects occur too, for nodes that take them."""


@dataclass(frozen=True)
class InputSpec:
    """One input of a node: a socket, a widget, or both.

    Attributes:
        name: Its name in workflows.
        type: Socket type (`MODEL`, `INT`, …); `*` takes anything; `A,B` takes either.
        required: Whether a workflow must give it; else `default` is used.
        default: The widget's first value.
        minimum, maximum, step, round: Limits of a number, and the grid its widget moves on.
        choices: What a `COMBO` may be; `None` for other types.
        folder: Models or input folder whose files are the choices.
        multiline, dynamic_prompts: How a text widget edits.
        control_after_generate: Whether the widget may change its value after each run (seeds).
        mentions: (prefix, folder) where its text may name files of a folder behind a prefix.
        upload: Whether a picture can be uploaded to this input.
        force_input: A number or text that is only ever linked.
        lazy: Evaluated only when the node asks for it.
        any_value: Limits and choices are the widget's alone: what else may be written, the node itself says.
        any_link: The same of the type of what is linked.
        tooltip: One sentence of help.
    """

    name: str
    type: str
    required: bool = True
    default: object = None
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    round: float | None = None
    choices: tuple[object, ...] | None = None
    folder: str | None = None
    multiline: bool = False
    dynamic_prompts: bool = False
    control_after_generate: bool = False
    mentions: tuple[str, str] | None = None
    upload: bool = False
    force_input: bool = False
    lazy: bool = False
    any_value: bool = False
    any_link: bool = False
    tooltip: str = ""

    @property
    def is_widget(self) -> bool:
        """Whether its value may be written into the workflow."""
        return self.type in WIDGET_TYPES and not self.force_input


@dataclass(frozen=True)
class OutputSpec:
    """One output of a node; `is_list` sends each element downstream on its own."""

    name: str
    type: str
    is_list: bool = False


@dataclass(frozen=True)
class NodeSpec:
    """One node type.

    Attributes:
        class_type: Its name in workflows.
        version: Changes when its results change, so that cached ones are not used.
        output_node: Whether running it is an end in itself (it saves or shows something).
        takes_lists: Whether list inputs are handed over whole rather than mapped over.
        further: What inputs of any other name are like, where the node takes such; its own name does not count.
        module: The plugin that brings it.
    """

    class_type: str
    title: str
    category: str
    description: str
    inputs: tuple[InputSpec, ...]
    outputs: tuple[OutputSpec, ...]
    output_node: bool = False
    takes_lists: bool = False
    deprecated: bool = False
    experimental: bool = False
    version: int = 1
    module: str = "safelight"
    further: InputSpec | None = None
    by_name: Mapping[str, InputSpec] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {spec.name: spec for spec in self.inputs})

    def ports(self, names: Iterable[str]) -> tuple[InputSpec, ...]:
        """Its inputs, and of `names` those that are no input's where it takes further ones."""
        if self.further is None:
            return self.inputs
        return (*self.inputs, *(replace(self.further, name=name) for name in names if name not in self.by_name))


Catalog = Mapping[str, NodeSpec]
"""Node types by class name."""


def accepts(wanted: str, given: str) -> bool:
    """Whether an output of type `given` fits an input of type `wanted`."""
    if wanted == given or ANY_TYPE in (wanted, given):
        return True
    return bool(set(wanted.split(",")) & set(given.split(",")))
