"""What nodes there are, as ComfyUI's clients read it: written once for a catalog, but for the files that change."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from safelight.files.folders import Folders
from safelight.graph.catalog import Catalog, InputSpec, NodeSpec

BUILT_IN = "nodes"
"""The module of built-in nodes, which clients tell from added ones by it."""
OPTIONS: Mapping[str, str] = {
    "default": "default",
    "minimum": "min",
    "maximum": "max",
    "step": "step",
    "round": "round",
}
"""What an input has -> its name in the options that clients read; left out where there is none."""
FLAGS: Mapping[str, str] = {
    "tooltip": "tooltip",
    "multiline": "multiline",
    "dynamic_prompts": "dynamicPrompts",
    "control_after_generate": "control_after_generate",
    "upload": "image_upload",
    "force_input": "forceInput",
    "lazy": "lazy",
}
"""The same of what is left out where it is false or empty."""
_MARK = re.compile(r'"\\u0000(\d+)"')
"""Stands in a text for a list of files; no name or help of a node has such a character."""

Choices = Callable[[InputSpec], object]
"""What is written as the choices of an input that files are chosen for."""


@dataclass(frozen=True)
class Written:
    """A catalog as JSON texts.

    Attributes:
        catalog: That it was written from.
        nodes: The texts, by node, with marks in place of lists of files.
        marks: By number, what a mark stands for: a folder, and the choices beside its files.
    """

    catalog: Catalog
    nodes: Mapping[str, str]
    marks: tuple[tuple[str, tuple[object, ...]], ...]

    def filled(self, text: str, folders: Folders) -> str:
        """A text with the lists of a person's files in it."""
        listed: dict[str, str] = {}

        def files(mark: re.Match[str]) -> str:
            if mark[1] not in listed:
                folder, choices = self.marks[int(mark[1])]
                listed[mark[1]] = json.dumps([*choices, *folders.list(folder)])
            return listed[mark[1]]

        return _MARK.sub(files, text)


class NodeTexts:
    """Keeps what was written for as long as the catalog is the same. Used from any thread."""

    def __init__(self) -> None:
        self._written = Written({}, {}, ())

    def of(self, catalog: Catalog) -> Written:
        """The catalog as texts."""
        if self._written.catalog is not catalog:
            self._written = written(catalog)
        return self._written


def written(catalog: Catalog) -> Written:
    """Write a catalog."""
    marks: dict[tuple[str, tuple[object, ...]], int] = {}

    def mark(port: InputSpec) -> str:
        assert port.folder is not None, "only such inputs are asked for"
        return f"\0{marks.setdefault((port.folder, port.choices or ()), len(marks))}"

    nodes = {name: json.dumps(described(spec, mark), separators=(",", ":")) for name, spec in catalog.items()}
    return Written(catalog, nodes, tuple(marks))


def described(spec: NodeSpec, files: Choices) -> dict[str, object]:
    """A node as clients read it."""
    inputs: dict[str, dict[str, object]] = {"required": {}}
    for port in spec.inputs:
        inputs.setdefault("required" if port.required else "optional", {})[port.name] = _input(port, files)
    flags = {name: True for name in ("deprecated", "experimental") if getattr(spec, name)}
    return {
        "input": inputs,
        "input_order": {kind: list(ports) for kind, ports in inputs.items()},
        "output": [output.type for output in spec.outputs],
        "output_is_list": [output.is_list for output in spec.outputs],
        "output_name": [output.name for output in spec.outputs],
        "name": spec.class_type,
        "display_name": spec.title,
        "description": spec.description,
        "python_module": BUILT_IN if spec.module == "safelight" else f"custom_nodes.{spec.module}",
        "category": spec.category,
        "output_node": spec.output_node,
        **flags,
    }


def _input(port: InputSpec, files: Choices) -> list[object]:
    options = {name: value for each, name in OPTIONS.items() if (value := getattr(port, each)) is not None}
    options |= {name: value for each, name in FLAGS.items() if (value := getattr(port, each))}
    if port.folder is not None:
        return [files(port), options]
    return [list(port.choices) if port.choices is not None else port.type, options]
