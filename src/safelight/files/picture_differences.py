"""Two pictures compared pixel by pixel."""

import threading
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops, ImageStat

from safelight.errors import BadInput
from safelight.files.picture_files import DAMAGE, damaged, frames, opened

WHITE = 255
_A_FEW = threading.BoundedSemaphore(2)
"""Two large pictures, and what is worked out of them, take memory."""


@dataclass(frozen=True)
class PixelDifference:
    """How far two pictures are apart, in steps of the 255 that a colour has.

    Attributes:
        size, other_size: Width and height of each. Where they differ, pixels are not compared, and the rest is None.
        mean: Over all pixels and colours.
        most: Of any colour of any pixel.
        changed: Share of the pixels in which any colour is not the same, 0 to 1.
    """

    size: tuple[int, int]
    other_size: tuple[int, int]
    mean: float | None = None
    most: int | None = None
    changed: float | None = None

    @property
    def gain(self) -> float | None:
        """How many times brighter than the difference its picture is: the largest difference is white there."""
        return None if self.most is None else WHITE / self.most if self.most else 1.0

    @property
    def is_none(self) -> bool:
        """Whether every pixel is the same."""
        return self.most == 0


def pixel_difference(one: Path, other: Path) -> PixelDifference:
    """Compare two picture files; of animations the first frame.

    Raises:
        BadInput: One of them is missing, is no picture, or is damaged.
    """
    with _A_FEW:
        return _measured(_decoded(one), _decoded(other))


def difference_picture(one: Path, other: Path) -> tuple[Image.Image, PixelDifference]:
    """Where two pictures differ: black where they are the same, brightened by `gain`; and how far they are apart.

    Raises:
        BadInput: As `pixel_difference`; or they are not of one size.
    """
    with _A_FEW:
        first, second = _decoded(one), _decoded(other)
        found = _measured(first, second)
        gain = found.gain
        if gain is None:
            sizes = " and ".join(f"{width}x{height}" for width, height in (found.size, found.other_size))
            raise BadInput(
                f"The pictures are of two sizes ({sizes}), so they have no difference picture.",
                mend="Choose two of one size.",
            )
        apart = ImageChops.difference(first.convert("RGB"), second.convert("RGB"))
        return apart.point([round(min(WHITE, value * gain)) for value in range(WHITE + 1)] * 3), found


def _decoded(path: Path) -> Image.Image:
    """The first frame; with its transparency where it has any."""
    with opened(path) as file:
        try:
            frame = next(frames(file, path))
            return frame.convert("RGBA" if frame.has_transparency_data else "RGB")
        except DAMAGE as error:
            raise damaged(path, error) from error


def _measured(one: Image.Image, other: Image.Image) -> PixelDifference:
    if one.size != other.size:
        return PixelDifference(one.size, other.size)
    if one.mode != other.mode:
        one, other = one.convert("RGBA"), other.convert("RGBA")
    apart = ImageChops.difference(one, other)
    first, *rest = apart.split()
    largest = first
    for channel in rest:
        largest = ImageChops.lighter(largest, channel)
    counts = largest.histogram()
    pixels = one.width * one.height
    mean = sum(ImageStat.Stat(apart).mean) / len(apart.getbands())
    most = max(value for value, count in enumerate(counts) if count)
    return PixelDifference(one.size, other.size, mean, most, 1 - counts[0] / pixels)
