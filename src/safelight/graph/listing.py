"""All nodes as tables to read, of what the catalog says of them."""

from collections.abc import Mapping
from itertools import groupby

from safelight.graph.catalog import InputSpec, NodeSpec

LONG_CHOICES = 6  # more than so many are counted rather than named
LONG_TEXT = 30  # characters of a default that are shown


def as_markdown(catalog: Mapping[str, NodeSpec]) -> str:
    """Every node with its inputs and outputs, by category, as tables in Markdown."""
    parts = []
    by_category = sorted(catalog.values(), key=lambda spec: (spec.category.casefold(), spec.class_type.casefold()))
    for category, members in groupby(by_category, key=lambda spec: spec.category):
        parts += [f"## {category}", ""]
        for spec in members:
            parts += _node(spec)
    return "\n".join(parts)


def described(port: InputSpec) -> str:
    """What may be given to an input, in few words: `0 to 1, step 0.01; default 0.7`."""
    said = [
        _range(port),
        _choices(port),
        f"files of `{port.folder}`" if port.folder else "",
        f"default {_default(port.default)}" if port.default not in (None, "") else "",
        "" if port.required else "optional",
        "lazy" if port.lazy else "",
    ]
    return "; ".join(filter(None, said))


def _node(spec: NodeSpec) -> list[str]:
    marks = [
        name
        for name, there in (
            ("deprecated", spec.deprecated),
            ("experimental", spec.experimental),
            ("an end in itself", spec.output_node),
        )
        if there
    ]
    shown = f" Shown as *{_cell(spec.title)}*." if spec.title != spec.class_type else ""
    note = f" ({', '.join(marks)})" if marks else ""
    lines = [f"### {spec.class_type}", "", f"{_cell(spec.description)}{shown}{note}", ""]
    if spec.inputs:
        lines += ["| input | type | values | |", "| --- | --- | --- | --- |"]
        lines += [
            f"| `{port.name}` | {_cell(port.type)} | {_cell(described(port))} | {_cell(port.tooltip)} |"
            for port in spec.inputs
        ]
        lines.append("")
    given = ", ".join(f"`{port.name}` {port.type}{' (a list)' if port.is_list else ''}" for port in spec.outputs)
    return [*lines, f"Gives {given or 'nothing'}.", ""]


def _range(port: InputSpec) -> str:
    if port.minimum is None:
        return ""
    span = (
        f"{_number(port.minimum)} or more"
        if port.maximum is None
        else (f"{_number(port.minimum)} to {_number(port.maximum)}")
    )
    return span if port.step is None else f"{span}, step {_number(port.step)}"


def _choices(port: InputSpec) -> str:
    if not port.choices:
        return ""
    if len(port.choices) > LONG_CHOICES:
        return f"one of {len(port.choices)}: `{port.choices[0]}` …"
    return " ".join(f"`{choice}`" for choice in port.choices)


def _default(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _number(value)
    text = str(value)
    return f"`{text if len(text) <= LONG_TEXT else text[: LONG_TEXT - 1] + '…'}`"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else f"{value:g}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("*", "\\*")
