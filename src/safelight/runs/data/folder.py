"""A folder of pictures with what is beside them: captions, masks, controls, and how often each picture comes.

Three layouts are read, and may be mixed: NAME.txt or NAME.caption beside a picture; the image folders of Hugging Face's
datasets, where metadata.jsonl has a line for each picture; and folders called REPEATS_words, as kohya's scripts have
them.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from PIL import Image

from safelight.errors import BadInput
from safelight.files.picture_files import FORMATS
from safelight.files.picture_size import picture_size
from safelight.runs.data.caption_files import CAPTION_ENDINGS, METADATA, named, read_caption, read_metadata
from safelight.runs.data.problems import Problem, unreadable

MASK_ENDINGS = (".mask.png", "-masklabel.png")
CONTROL_ENDINGS = (".control.png",)
REPEATED = re.compile(r"([1-9]\d{0,3})_(.*)")
"""The name of a folder whose pictures come so often, and show these words."""


@dataclass(frozen=True)
class Example:
    """A picture to learn from.

    Attributes:
        picture: Its file.
        size: Width and height in pixels, upright.
        caption: What it shows; empty where a file says nothing, None where there is none.
        repeats: How often it comes in an epoch.
        mask: A picture that is white where this one counts.
        control: A picture that a ControlNet is shown with it.
        stamp: Bytes of the file and when it was changed last, by which a changed file is told.
    """

    picture: Path
    size: tuple[int, int]
    caption: str | None = None
    repeats: int = 1
    mask: Path | None = None
    stamp: tuple[int, int] = (0, 0)
    control: Path | None = None


@dataclass
class Listing:
    """What is in a folder.

    Attributes:
        examples: Pictures whose heads can be read, by path.
        problems: What cannot be read, and what belongs to no picture.
    """

    examples: tuple[Example, ...] = ()
    problems: list[Problem] = field(default_factory=list)


def read_examples(folder: Path) -> tuple[Example, ...]:
    """The pictures of `read_folder` alone."""
    return read_folder(folder).examples


def read_folder(folder: Path, *, without: Path | None = None) -> Listing:
    """The pictures of a folder and of the folders in it, by path, and what is wrong there. No pixels are decoded.

    Args:
        folder: The folder.
        without: A folder in it that is left out: prior pictures often are there.

    Raises:
        BadInput: There is no such folder.
    """
    if not folder.is_dir():
        raise BadInput(f"There is no folder {folder}.", mend="Check its path, or make it and put pictures into it.")
    listing = Listing()
    told: dict[str, str] = {}  # the captions of metadata files; those deeper in the folder count
    examples: list[Example] = []
    for place, names in _walk(folder, without, listing.problems):
        if METADATA in names:
            told |= read_metadata(place / METADATA, folder, listing.problems)
        examples += _examples(folder, place, names, told, listing.problems)
    listing.examples = tuple(sorted(examples, key=lambda example: example.picture.as_posix()))
    met = {named(example.picture, folder) for example in examples} | {problem.file for problem in listing.problems}
    for name in told.keys() - met:
        listing.problems.append(_stray(name, "There is a line of metadata for it, but no such picture."))
    listing.problems.sort(key=lambda problem: problem.file)
    return listing


@cache
def picture_endings() -> frozenset[str]:
    """Endings of pictures, in lower case."""
    return frozenset(ending for ending, kind in Image.registered_extensions().items() if kind in FORMATS)


def _walk(folder: Path, without: Path | None, problems: list[Problem]) -> Iterator[tuple[Path, list[str]]]:
    """Folders, each once though links lead there twice or in a circle, and the files in them, all by name."""
    seen = {_identity(without)} - {_identity(folder)} if without is not None and without.is_dir() else set()

    def untold(error: OSError) -> None:
        problems.append(unreadable(named(Path(error.filename), folder), error))

    for place, inner, names in os.walk(folder, followlinks=True, onerror=untold):
        if _identity(Path(place)) in seen:
            inner.clear()
            continue
        seen.add(_identity(Path(place)))
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        yield Path(place), sorted(name for name in names if not name.startswith("."))


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _examples(
    folder: Path, place: Path, names: list[str], told: dict[str, str], problems: list[Problem]
) -> Iterator[Example]:
    """The pictures of one folder; what is beside them without a picture is told."""
    masks = _beside(names, MASK_ENDINGS)
    controls = _beside(names, CONTROL_ENDINGS)
    others = {*masks.values(), *controls.values()}
    captions: dict[str, str] = {}
    for ending in reversed(CAPTION_ENDINGS):
        captions |= {Path(name).stem: name for name in names if Path(name).suffix.lower() == ending}
    pictures = [name for name in names if Path(name).suffix.lower() in picture_endings() and name not in others]
    repeats, words = _of_folder(folder, place)
    for name in pictures:
        path, stem = place / name, Path(name).stem
        try:
            status, size = path.stat(), picture_size(path)
        except (BadInput, OSError) as error:
            problems.append(unreadable(named(path, folder), error))
            continue
        caption = read_caption(place / captions[stem], folder, problems) if stem in captions else None
        if caption is None:
            caption = told.get(named(path, folder), words)
        mask = place / masks[stem] if stem in masks else None
        control = place / controls[stem] if stem in controls else None
        yield Example(path, size, caption, repeats, mask, (status.st_size, status.st_mtime_ns), control)
    stems = {Path(name).stem for name in pictures}
    for stem in sorted(captions.keys() - stems):
        problems.append(_stray(named(place / captions[stem], folder), "It is a caption, but there is no such picture."))
    for stem in sorted(masks.keys() - stems):
        problems.append(_stray(named(place / masks[stem], folder), "It is a mask, but there is no such picture."))
    for stem in sorted(controls.keys() - stems):
        problems.append(_stray(named(place / controls[stem], folder), "It is a control, but there is no such picture."))


def _beside(names: list[str], endings: tuple[str, ...]) -> dict[str, str]:
    """Stem of a picture -> the file that lies beside it with one of these endings."""
    return {name[: -len(ending)]: name for name in names for ending in endings if name.lower().endswith(ending)}


def _of_folder(folder: Path, place: Path) -> tuple[int, str | None]:
    """How often the pictures of a folder come, and what its name says of them: that of the innermost that says so."""
    for part in reversed(place.relative_to(folder).parts):
        if found := REPEATED.fullmatch(part):
            return int(found[1]), found[2].strip() or None
    return 1, None


def _stray(file: str, what: str) -> Problem:
    return Problem(file, what, "Give both the same name, or take it out.", "stray")
