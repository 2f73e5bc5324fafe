"""How large the pictures and latents of a workflow are, as far as it can be read off before anything is run."""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import sqrt

from safelight.graph.document import Link
from safelight.graph.kinship import BUILTIN
from safelight.graph.literals import Unfit, reader
from safelight.graph.plan import Plan, Step

CARRIERS = ("LATENT", "IMAGE")
MEGAPIXEL = 1024 * 1024
SIDES = (("width", "height"), ("target_width", "target_height"))
FACTORS = ("scale_by", "scale_ratio")
REPEATING = ("RepeatLatentBatch", "RepeatImageBatch")
UNFORESEEABLE = "UPSCALE_MODEL"  # type of an input that decides about the size in its own way

PictureSize = Callable[[str, str], tuple[int, int] | None]
"""Folder and name -> width and height of a picture file; None where it cannot be read."""


@dataclass(frozen=True)
class Extent:
    """A batch of pictures, or the latents of such; width and height in pixels."""

    width: int
    height: int
    batch: int = 1

    @property
    def pixels(self) -> int:
        """Of one picture."""
        return self.width * self.height


def numbers_of(step: Step, steps: Mapping[str, Step]) -> dict[str, float]:
    """The numbers that a step is given, also by nodes that hold nothing else; those worked out in the run are not."""
    given = dict(step.literals)
    for name, link in (*step.links, *step.lazy):
        source, port = steps[link.node].literals, step.spec.by_name.get(name)
        read = reader(port) if port and list(source) == ["value"] else None
        if read is not None:
            with contextlib.suppress(Unfit):  # left to the run, which says so
                given[name] = read(source["value"])
    return {name: value for name, value in given.items() if isinstance(value, int | float)}


def extents(plan: Plan, size_of: PictureSize) -> dict[Link, Extent]:
    """The sizes of pictures and latents, by the outputs that give them; unknown ones are left out.

    Args:
        plan: Nodes in order.
        size_of: How large a picture file is.
    """
    steps = {step.node: step for step in plan.steps}
    found: dict[Link, Extent] = {}
    for step in plan.steps:
        outputs = [n for n, output in enumerate(step.spec.outputs) if output.type in CARRIERS]
        if outputs and step.spec.module == BUILTIN and (extent := _extent(step, steps, found, size_of)) is not None:
            found |= {Link(step.node, number): extent for number in outputs}
    return found


def _extent(step: Step, steps: Mapping[str, Step], found: Mapping[Link, Extent], size_of: PictureSize) -> Extent | None:
    if any(port.type == UNFORESEEABLE for port in step.spec.inputs):
        return None
    extent = next((found[link] for _, link in step.links if link in found), None) or _of_file(step, size_of)
    numbers = numbers_of(step, steps)
    for wide, high in SIDES:
        if wide in numbers and high in numbers:
            extent = _resized(extent, int(numbers[wide]), int(numbers[high]))
    if extent is None:
        return None
    for factor in FACTORS:
        if factor in numbers:
            extent = _scaled(extent, numbers[factor])
    if "megapixels" in numbers:
        extent = _scaled(extent, sqrt(numbers["megapixels"] * MEGAPIXEL / extent.pixels))
    if "largest_size" in numbers:
        extent = _scaled(extent, numbers["largest_size"] / max(extent.width, extent.height))
    left, right, top, bottom = (int(numbers.get(side, 0)) for side in ("left", "right", "top", "bottom"))
    extent = replace(extent, width=extent.width + left + right, height=extent.height + top + bottom)
    if "batch_size" in numbers and not step.linked("LATENT") and not step.linked("IMAGE"):
        return replace(extent, batch=int(numbers["batch_size"]))
    if step.spec.class_type in REPEATING and "amount" in numbers:
        return replace(extent, batch=extent.batch * int(numbers["amount"]))
    return extent


def _of_file(step: Step, size_of: PictureSize) -> Extent | None:
    for port in step.spec.inputs:
        name = step.literals.get(port.name)
        if port.upload and port.folder and isinstance(name, str) and (size := size_of(port.folder, name)):
            return Extent(*size)
    return None


def _resized(extent: Extent | None, width: int, height: int) -> Extent | None:
    """The size asked for; a side of 0 keeps the shape."""
    if extent is None:
        return Extent(width, height) if width and height else None
    if not (width or height):
        return extent
    return replace(
        extent,
        width=width or round(extent.width * height / extent.height),
        height=height or round(extent.height * width / extent.width),
    )


def _scaled(extent: Extent, factor: float) -> Extent:
    return replace(extent, width=max(1, round(extent.width * factor)), height=max(1, round(extent.height * factor)))
