"""What is wrong with a workflow, in words for the person who made it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import Literal

from safelight.errors import BadInput

ProblemKind = Literal[
    "no_prompt",  # nothing was given
    "invalid_prompt",  # not shaped as a workflow
    "prompt_no_outputs",  # nothing to run for
    "missing_node_type",  # the node's type is not in the catalog
    "dependency_cycle",  # nodes feed each other in a circle
    "required_input_missing",
    "bad_linked_input",  # a link that leads nowhere, or a literal where only a link fits
    "return_type_mismatch",  # a link from an output of another type
    "invalid_input_type",  # a literal of another type
    "value_smaller_than_min",
    "value_bigger_than_max",
    "value_not_in_list",  # not one of the choices; or a file that is not in its folder
    "wrong_kind",  # a file of another kind than its folder is for
    "family_mismatch",  # things meet that were made for different families of models
]
"""Kinds of problems; existing clients know most by these names."""

SHOWN = 80  # characters of a value in a message
COMPARED = 1000  # names that a misspelt one is compared with


@dataclass(frozen=True)
class Problem:
    """One thing to mend before the workflow can run.

    Attributes:
        kind: What sort of problem.
        message: One sentence: what is wrong.
        mend: One sentence: what to do about it.
        node: Id of the node; empty when it is the workflow as a whole.
        class_type: The node's type.
        input: Name of the input; empty when it is the node as a whole.
        extra: Details for programs: `received_value`, `received_type`, `linked_node`, `limit`, `nodes`.
    """

    kind: ProblemKind
    message: str
    mend: str
    node: str = ""
    class_type: str = ""
    input: str = ""
    extra: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        place = f"{self.class_type or 'Node'} (node {self.node})" if self.node else ""
        place += f", input {self.input}" if self.input else ""
        return f"{place}: {self.message} {self.mend}" if place else f"{self.message} {self.mend}"


def refused(problems: Sequence[Problem]) -> BadInput:
    """The error for a workflow that cannot be run: all that is wrong with it."""
    if len(problems) == 1:
        return BadInput(str(problems[0]), mend="")
    listed = "".join(f"\n  - {problem}" for problem in problems)
    return BadInput(f"The workflow has {len(problems)} problems:{listed}")


def shown(value: object) -> str:
    """`value` as a message shows it: never long, whatever it is."""
    match value:
        case None | True | False:
            return {None: "null", True: "true", False: "false"}[value]
        case str():
            return f'"{value}"' if len(value) <= SHOWN else f'"{value[:SHOWN]}…"'
        case list():
            return f"a list of {len(value)}"
        case int() if value.bit_length() > SHOWN * 3:
            return "a very long number"
        case int() | float():
            return repr(value)
    return "an object"


def listed(names: Collection[object], most: int = 8) -> str:
    """Names for a message, the first few of many."""
    first = ", ".join(str(name) for name, _ in zip(names, range(most), strict=False))
    return f"{first}, … ({len(names)} in all)" if len(names) > most else first


def nearest(name: str, names: Collection[str]) -> str | None:
    """The one of `names` that was probably meant: the same file elsewhere or in other case, else like in spelling."""
    if len(name) > SHOWN * 2:
        return None
    plain = _plain(name)
    for candidate in names:
        if _plain(candidate) == plain:
            return candidate
    few = [candidate for candidate, _ in zip(names, range(COMPARED), strict=False)]
    return next(iter(get_close_matches(name, few, n=1)), None)


def _plain(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).stem.casefold()
