"""The files that `embedding:name` in a prompt means, as far as they are read without torch."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from safelight.errors import BadInput
from safelight.files.header import read_header
from safelight.files.named_file import named_file

ENDINGS = (".safetensors", ".pt", ".bin")
REMEMBERED = 256  # files

EmbeddingFinder = Callable[[str], Path | None]
"""From the name in a prompt to the file; None where there is none."""


def find_nothing(name: str) -> None:
    """An `EmbeddingFinder` for a prompt that may use no textual inversions."""


def find_in(folders: Sequence[Path]) -> EmbeddingFinder:
    """Find files by name, with or without their ending, in the first folder that has one.

    Names are read as `named_file` says.
    """

    def find(name: str) -> Path | None:
        found = (named_file(folder, name, ("", *ENDINGS)) for folder in folders)
        return next((path for path in found if path), None)

    return find


def count_vectors(find: EmbeddingFinder) -> Callable[[str], Iterable[object] | None]:
    """What `tokenize` asks for vectors, where only their number counts."""

    def look_up(name: str) -> Iterable[object] | None:
        path = find(name)
        if path is None:
            return None
        facts = path.stat()
        return range(_vectors_in(path, facts.st_size, facts.st_mtime_ns))

    return look_up


@lru_cache(maxsize=REMEMBERED)
def _vectors_in(path: Path, size: int, written: int) -> int:
    """How many tokens an embedding takes the place of: its rows, which are as many for each text encoder."""
    del size, written  # another size or time is another file
    try:
        shapes = [tensor.shape for tensor in read_header(path).tensors.values()]
    except BadInput:  # the run says what is wrong with it
        return 1
    return max((shape[0] if len(shape) > 1 else 1 for shape in shapes if shape), default=1)
