"""What the model files in the folders are, each looked at once and again only when it has changed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from safelight.errors import BadInput
from safelight.families import FAMILIES
from safelight.families.additions import Addition, family_title, identify_addition
from safelight.families.detect import family_told, identify
from safelight.families.shapes import FileContents, FileKind
from safelight.files.folders import Folders
from safelight.files.header import read_header

REMEMBERED = 1024  # files


@dataclass(frozen=True)
class ModelFile:
    """A model file as far as its header tells.

    Attributes:
        name: As its folder lists it.
        contents: What is in it.
        parameters: How many numbers it has.
        families: Names of the families that it goes with; empty where nothing tells.
    """

    name: str
    contents: FileContents | Addition
    parameters: int
    families: frozenset[str]

    def __str__(self) -> str:
        """What it is, for people: `a LoRA for SDXL`, `SD 1.x`."""
        if isinstance(self.contents, Addition):
            return str(self.contents)
        return " or ".join(family_title(name) for name in FAMILIES if name in self.families)


Look = Callable[[str, str], ModelFile | None]
"""Folder and name -> what that file is; None where there is none, or nothing is known of it."""


def look_into(folders: Folders) -> Look:
    """What the files in `folders` are, by their headers."""

    def look(folder: str, name: str) -> ModelFile | None:
        try:
            path = folders.resolve(folder, name)
            facts = path.stat()
        except (BadInput, OSError):
            return None
        return _look(name, path, facts.st_size, facts.st_mtime_ns)

    return look


def sharing_latents(families: frozenset[str]) -> frozenset[str]:
    """Every family whose latents are those of one of `families`."""
    latents = [FAMILIES[name].latent for name in families if name in FAMILIES]
    return families | {name for name, family in FAMILIES.items() if family.latent in latents}


def sharing_towers(families: frozenset[str]) -> frozenset[str]:
    """Every family that reads prompts as one of `families` does."""
    towers = [FAMILIES[name].towers for name in families if name in FAMILIES]
    return families | {name for name, family in FAMILIES.items() if family.towers in towers}


@lru_cache(maxsize=REMEMBERED)
def _look(name: str, path: Path, size: int, written: int) -> ModelFile | None:
    del size, written  # another size or time is another file
    try:
        header = read_header(path)
    except (BadInput, OSError):
        return None
    parameters = sum(tensor.numbers for tensor in header.tensors.values())
    try:
        contents = identify(header)
    except BadInput:
        addition = identify_addition(header)
        families = {addition.family} if addition and addition.family else set()
        return ModelFile(name, addition, parameters, frozenset(families)) if addition else None
    family = contents.family or family_told(header.metadata)
    found = frozenset({family.name} if family else ())
    return ModelFile(name, contents, parameters, _SHARING.get(contents.kind, frozenset)(found))


_SHARING: dict[FileKind, Callable[[frozenset[str]], frozenset[str]]] = {"vae": sharing_latents, "text": sharing_towers}
"""Kinds of files that go with more families than the one they are of."""
