"""Headers without files: names and shapes of networks as large as anyone has, with no numbers."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from safelight.files.tensors import Header, TensorInfo


def header_of(
    named: Iterable[tuple[str, tuple[int, ...]]], *, dtype: str = "F16", metadata: Mapping[str, str] | None = None
) -> Header:
    """The header of a file with these tensors; its numbers cannot be read."""
    tensors = {name: TensorInfo(dtype, shape, 0, 0) for name, shape in named}
    return Header(Path("model.safetensors"), "safetensors", tensors, metadata or {}, 0)


def under(prefix: str, named: Iterable[tuple[str, tuple[int, ...]]]) -> list[tuple[str, tuple[int, ...]]]:
    """The same tensors with something in front of their names."""
    return [(prefix + name, shape) for name, shape in named]
