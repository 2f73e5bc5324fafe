"""Plain values as nodes, so that one widget can feed several inputs; and a look at any value."""

import json
from typing import Annotated

from safelight.graph.node import CONTROLLED, Anything, Range, Text, node
from safelight.nodes.run import Run

WORD = 2**63 - 1
"""The largest number that clients can send."""


@node("PrimitiveString", category="utils/primitive", title="String")
def primitive_string(*, value: str) -> str:
    """A text of one line."""
    return value


@node("PrimitiveStringMultiline", category="utils/primitive", title="String (Multiline)")
def primitive_string_multiline(*, value: Annotated[str, Text(multiline=True)]) -> str:
    """A text."""
    return value


@node("PrimitiveInt", category="utils/primitive", title="Int")
def primitive_int(*, value: Annotated[int, Range(-WORD, WORD), CONTROLLED]) -> int:
    """A whole number."""
    return value


@node("PrimitiveFloat", category="utils/primitive", title="Float")
def primitive_float(*, value: Annotated[float, Range(-WORD, WORD)]) -> float:
    """A number."""
    return value


@node("PrimitiveBoolean", category="utils/primitive", title="Boolean")
def primitive_boolean(*, value: bool) -> bool:
    """Yes or no."""
    return value


@node("PreviewAny", category="utils", title="Preview Any", output=True)
def preview_any(*, source: Anything, run: Run) -> None:
    """Show a value of any type as text."""
    # Lists and objects as JSON, because that can be copied into other tools.
    run.text(json.dumps(source, ensure_ascii=False, default=str) if isinstance(source, list | dict) else str(source))
