"""How a picture is shown: scaled, cropped, mirrored; and its pixels as they are then."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from safelight.errors import BadInput
from safelight.files.picture_files import DAMAGE, damaged, frames, opened
from safelight.runs.data.folder import Example
from safelight.training.data.buckets import Size, covering, in_words

Number = TypeVar("Number", np.uint8, np.float32)
CELL = 8
"""Pixels per latent pixel, along each side."""


@dataclass(frozen=True)
class View:
    """One way to show a picture.

    Attributes:
        example: The picture.
        size: Width and height that are shown.
        scaled: Width and height of the whole picture before it is cropped.
        left, top: Where the crop begins in it.
        is_flipped: Whether the crop is mirrored.
        is_masked: Whether only part of it counts; what is transparent then keeps its colours, and is white else.
    """

    example: Example
    size: Size
    scaled: Size
    left: int = 0
    top: int = 0
    is_flipped: bool = False
    is_masked: bool = False

    @property
    def told_crop(self) -> tuple[int, int]:
        """Left and top as SDXL is told them: of a mirrored picture, in the mirrored whole."""
        return (self.scaled[0] - self.size[0] - self.left if self.is_flipped else self.left), self.top


def view_of(
    example: Example,
    size: Size,
    *,
    place: tuple[float, float] = (0.5, 0.5),
    is_flipped: bool = False,
    is_masked: bool = False,
) -> View:
    """A view of the shape `size`, which the picture is scaled to cover.

    Args:
        example: The picture.
        size: Width and height that are shown.
        place: Where it is cropped, as shares of what is too much: (0, 0) for left and top.
        is_flipped, is_masked: As in `View`.
    """
    scaled = covering(example.size, size)
    left, top = (round((whole - part) * share) for whole, part, share in zip(scaled, size, place, strict=True))
    return View(example, size, scaled, left, top, is_flipped, is_masked)


def pixels(view: View) -> Tensor:
    """What is shown [H, W, 3] in 0..1.

    Raises:
        BadInput: The picture is gone, damaged, or has another size than it had.
    """
    picture = whole_picture(view.example.picture)
    _check_size(picture, view)
    picture = picture.convert("RGB") if view.is_masked else on_white(picture)
    picture = picture.resize(view.scaled, Image.Resampling.LANCZOS)
    shown = _cut(np.asarray(picture), view).astype(np.float32) / np.float32(255)
    return torch.from_numpy(shown)


def mask(view: View) -> Tensor:
    """How much each latent pixel counts [H / 8, W / 8] in 0..1: the mean of what its pixels are in the mask.

    Where there is a mask file it is that, where a picture is transparent its alpha, with both their product; else all
    counts. A mask of another size is stretched to that of the picture.

    Raises:
        BadInput: As `pixels`.
    """
    width, height = view.size
    counts = np.ones((height, width), np.float32)
    if view.is_masked:
        picture = whole_picture(view.example.picture)
        _check_size(picture, view)
        if picture.mode == "RGBA":
            counts = counts * _weights(picture.getchannel("A"), view)
        if view.example.mask is not None:
            counts = counts * _weights(whole_picture(view.example.mask).convert("L"), view)
    return torch.from_numpy(counts.reshape(height // CELL, CELL, width // CELL, CELL).mean(axis=(1, 3)))


def control_file(view: View) -> Tensor:
    """What a ControlNet is shown of a view [H, W, 3] in 0..1, from the file beside its picture.

    It is cropped and mirrored as the picture, and stretched to its size where it has another; each pixel keeps its
    value, as in generation, since some controls mark places by values.

    Raises:
        BadInput: As `pixels`.
    """
    assert view.example.control is not None, "examples without one are left out"
    picture = on_white(whole_picture(view.example.control)).resize(view.scaled, Image.Resampling.NEAREST)
    return torch.from_numpy(_cut(np.asarray(picture), view).astype(np.float32) / np.float32(255))


def whole_picture(path: Path) -> Image.Image:
    """A picture file decoded and upright, RGB or, where it says anything of transparency, RGBA; its first frame.

    Raises:
        BadInput: It is missing, is no picture, is damaged, or is too large.
    """
    with opened(path) as file:
        picture = next(frames(file, path))
        try:
            if picture.mode.startswith("I") or picture.mode == "F":
                return _from_deep(picture)
            return picture.convert("RGBA" if picture.has_transparency_data else "RGB")
        except DAMAGE as error:
            raise damaged(path, error) from error


def on_white(picture: Image.Image) -> Image.Image:
    """A picture as RGB, white where it is transparent."""
    if picture.mode == "RGB":
        return picture
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")


def _from_deep(picture: Image.Image) -> Image.Image:
    """Grey with 16 bits or fractions, which Pillow would cut off at 255."""
    highest = 1.0 if picture.mode == "F" else 65535.0
    grey = (np.asarray(picture).astype(np.float32) / highest).clip(0, 1) * 255
    return Image.fromarray(grey.round().astype(np.uint8)).convert("RGB")


def _check_size(picture: Image.Image, view: View) -> None:
    if picture.size != view.example.size:
        raise BadInput(
            f"{view.example.picture.name} has changed: it was {in_words(view.example.size)} pixels and is now "
            f"{in_words(picture.size)}.",
            mend="Put the old picture back, or begin a new run.",
        )


def _weights(part: Image.Image, view: View) -> NDArray[np.float32]:
    scaled = np.asarray(part.convert("F").resize(view.scaled, Image.Resampling.BOX), np.float32)
    return _cut(np.divide(scaled.clip(0, 255), 255, dtype=np.float32), view)


def _cut(whole: NDArray[Number], view: View) -> NDArray[Number]:
    width, height = view.size
    shown = whole[view.top : view.top + height, view.left : view.left + width]
    return np.ascontiguousarray(shown[:, ::-1] if view.is_flipped else shown)
