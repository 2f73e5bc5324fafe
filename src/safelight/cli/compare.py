"""`safelight compare`: why two pictures are not the same."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from safelight.cli.report import note
from safelight.cli.working import library_of, model_folders
from safelight.errors import BadInput
from safelight.files.atomic import whole
from safelight.files.folders import Folders
from safelight.files.picture_differences import PixelDifference, difference_picture, pixel_difference
from safelight.files.recipes import named
from safelight.graph.differences import EFFECTS, Difference, differences
from safelight.graph.opening import Opening, TheCatalog
from safelight.graph.told import Told, told_by
from safelight.settings import read_settings

SAME_RECIPE = "Their recipes are the same."
WHY_THEN = (
    "What recipes do not tell: pictures of one batch have each a noise of its own, devices round differently, files "
    "that were changed since, and nodes of plugins that draw at random."
)


@dataclass(frozen=True)
class Compared:
    """Two pictures beside each other.

    Attributes:
        silent: Names of those that tell nothing of how they were made.
        differences: Of their recipes.
        pixels: How far they are apart.
    """

    silent: tuple[str, ...]
    differences: list[Difference]
    pixels: PixelDifference


def compare(
    a: Annotated[Path, typer.Argument(help="A picture.")],
    b: Annotated[Path, typer.Argument(help="Another picture.")],
    difference: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Save a picture of where they differ, a .png file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say why two pictures are not the same: what differs in how they were made, the likeliest to matter first."""
    if difference is not None and difference.suffix.lower() != ".png":
        raise BadInput(f"{difference.name} is not the name of a PNG.", mend="Let it end in .png.")
    settings = read_settings()
    compared = compare_pictures(a, b, model_folders(settings), lambda: library_of(settings).catalog)
    if difference is not None:
        picture, _ = difference_picture(a, b)
        with whole(difference) as target:
            picture.save(target, "PNG")
    if as_json:
        typer.echo(json.dumps(as_document(compared), ensure_ascii=False))
        return
    for line in lines_of(compared):
        typer.echo(line)
    if difference is not None:
        note(f"{difference} shows where they differ, {compared.pixels.gain:.3g} times as bright.")


def compare_pictures(one: Path, other: Path, folders: Folders, catalog: TheCatalog) -> Compared:
    """Compare two picture files.

    Args:
        one, other: The files.
        folders: Where models are, which texts of other programs quote.
        catalog: Gives the nodes there are, where a recipe cannot be read without them.

    Raises:
        BadInput: One of them is missing, is no picture, or is damaged.
    """

    def checkpoint(name: str, _digest: str) -> tuple[str, bool] | None:
        called = named(folders.list("checkpoints"), name)
        return None if called is None else (called, True)

    opening = Opening(catalog, folders.list, checkpoint)
    told: list[Told] = []
    for path in (one, other):
        try:
            told.append(told_by(path, opening))
        except BadInput as error:
            raise error.at(str(path)) from error.__cause__
    silent = tuple(path.name for path, recipe in zip((one, other), told, strict=True) if recipe.is_silent)
    return Compared(silent, differences(*told), pixel_difference(one, other))


def as_document(compared: Compared) -> dict[str, object]:
    """The same as JSON data."""
    pixels = compared.pixels
    return {
        "silent": list(compared.silent),
        "differences": [{**asdict(each), "title": each.title} for each in compared.differences],
        "pixels": {**asdict(pixels), "identical": pixels.is_none},
    }


def lines_of(compared: Compared) -> Iterator[str]:
    """What is told of two pictures on a terminal."""
    for name in compared.silent:
        yield f"{name} tells nothing of how it was made, so only pixels are compared."
    for effect, title in EFFECTS.items():
        some = [each for each in compared.differences if each.effect == effect]
        if some:
            yield f"{title}:"
            yield from (f"  {_told(each)}" for each in some)
    is_told = not (compared.silent or compared.differences)
    if is_told:
        yield SAME_RECIPE
    yield _of_pixels(compared.pixels)
    if is_told and not compared.pixels.is_none:
        yield WHY_THEN


def _told(difference: Difference) -> str:
    title = f"{difference.title} ({difference.subject})" if difference.subject else difference.title
    if difference.removed or difference.added:
        removed, added = (", ".join(words) or "nothing" for words in (difference.removed, difference.added))
        return f"{title}: A has {removed}; B has {added}"
    one, other = (text.replace("\n", " ") or "none" for text in (difference.one, difference.other))
    return f"{title}: {one} → {other}"


def _of_pixels(pixels: PixelDifference) -> str:
    if pixels.mean is None or pixels.changed is None:
        sizes = " and ".join(f"{width}x{height}" for width, height in (pixels.size, pixels.other_size))
        return f"They are of two sizes, {sizes}, so their pixels are not compared."
    if pixels.is_none:
        return "Every pixel is the same."
    share = min(max(pixels.changed, 0.001), 0.999 if pixels.changed < 1 else 1)  # 0 and 100 % are said of those alone
    return (
        f"{share:.1%} of the pixels are not the same; "
        f"colours are apart by {pixels.mean:.2f} of 255 in the mean, and by {pixels.most} at most."
    )
