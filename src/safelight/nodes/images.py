"""Making, scaling, cutting, turning and joining pictures."""

import math
from typing import Annotated, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.graph.node import Choice, Output, Range, node
from safelight.nodes.composite import paste
from safelight.nodes.resize import CROPS, IMAGE_METHODS, resize
from safelight.nodes.run import Run
from safelight.nodes.sockets import Image, Mask
from safelight.nodes.turn import FLIPS, TURNS, flip, turn

Side = Annotated[int, Range(1, 16384, step=1)]
SideOrAny = Annotated[int, Range(0, 16384, step=1)]
Place = Annotated[int, Range(0, 16384, step=1)]
Margin = Annotated[int, Range(0, 16384, step=8)]
Method = Annotated[str, Choice(IMAGE_METHODS)]

COLORS = {
    "white": (1.0, 1.0, 1.0),
    "black": (0.0, 0.0, 0.0),
    "red": (1.0, 0.0, 0.0),
    "green": (0.0, 1.0, 0.0),
    "blue": (0.0, 0.0, 1.0),
}


class Padded(NamedTuple):
    """A picture on a larger canvas, and the mask of what is to be painted there."""

    image: Image
    mask: Mask


class Size(NamedTuple):
    """Width and height in pixels, and the number of pictures."""

    width: Annotated[int, Output("width")]
    height: Annotated[int, Output("height")]
    batch_size: Annotated[int, Output("batch_size")]


@node("EmptyImage", category="image")
def empty_image(
    *,
    width: Side = 512,
    height: Side = 512,
    batch_size: Annotated[int, Range(1, 4096)] = 1,
    color: Annotated[int, Range(0, 0xFFFFFF, step=1)] = 0,
) -> Image:
    """Make a picture of one colour.

    Args:
        color: As 0xRRGGBB.
    """
    return (torch.tensor(list(color.to_bytes(3, "big"))) / 255).expand(batch_size, height, width, 3).clone()


@node("ImageScale", category="image/upscaling", title="Upscale Image")
def image_scale(
    *,
    image: Image,
    upscale_method: Method,
    width: SideOrAny = 512,
    height: SideOrAny = 512,
    crop: Annotated[str, Choice(CROPS)],
) -> Image:
    """Bring a picture to a size.

    Args:
        width: 0 keeps the shape of the picture, and both 0 its size.
        height: 0 keeps the shape of the picture, and both 0 its size.
        crop: What to do with another shape: stretch it, or cut off its edges evenly.
    """
    if width == 0 and height == 0:
        return image
    rows, columns = image.shape[1:3]
    width, height = width or max(1, round(columns * height / rows)), height or max(1, round(rows * width / columns))
    return scaled(image, width, height, upscale_method, crop)


@node("ImageScaleBy", category="image/upscaling", title="Upscale Image By")
def image_scale_by(
    *,
    image: Image,
    upscale_method: Method,
    scale_by: Annotated[float, Range(0.01, 8.0, step=0.01)] = 1.0,
) -> Image:
    """Make a picture larger or smaller by a factor."""
    rows, columns = (max(1, round(side * scale_by)) for side in image.shape[1:3])
    return scaled(image, columns, rows, upscale_method)


@node("ImageScaleToTotalPixels", category="image/upscaling")
def image_scale_to_total_pixels(
    *,
    image: Image,
    upscale_method: Method,
    megapixels: Annotated[float, Range(0.01, 16.0, step=0.01)] = 1.0,
) -> Image:
    """Scale a picture to about so many pixels, and keep its shape.

    Args:
        megapixels: Of 1024 x 1024 pixels.
    """
    rows, columns = image.shape[1:3]
    factor = math.sqrt(int(megapixels * 1024 * 1024) / (rows * columns))
    return scaled(image, max(1, round(columns * factor)), max(1, round(rows * factor)), upscale_method)


@node("ImageScaleToMaxDimension", category="image/upscaling")
def image_scale_to_max_dimension(
    *,
    image: Image,
    upscale_method: Annotated[str, Choice(["area", "lanczos", "bilinear", "nearest-exact", "bilinear", "bicubic"])],
    largest_size: SideOrAny = 512,
) -> Image:
    """Scale a picture so that its longer side has a length.

    Args:
        largest_size: In pixels.
    """
    rows, columns = (max(1, round(side / max(image.shape[1:3]) * largest_size)) for side in image.shape[1:3])
    return scaled(image, columns, rows, upscale_method)


@node("ImageCrop", category="image/transform", title="Image Crop")
def image_crop(*, image: Image, width: Side = 512, height: Side = 512, x: Place = 0, y: Place = 0) -> Image:
    """Cut a rectangle out of a picture; what reaches beyond its edges is left out.

    Args:
        x: Of its left upper corner, in pixels.
        y: Of its left upper corner, in pixels.
    """
    rows, columns = image.shape[1:3]
    top, left = min(y, rows - 1), min(x, columns - 1)
    return image[:, top : top + height, left : left + width]


@node("ImageFlip", category="image/transform")
def image_flip(*, image: Image, flip_method: Annotated[str, Choice(FLIPS)]) -> Image:
    """Mirror a picture."""
    return flip(image.movedim(-1, 1), flip_method).movedim(1, -1)


@node("ImageRotate", category="image/transform")
def image_rotate(*, image: Image, rotation: Annotated[str, Choice(TURNS)]) -> Image:
    """Turn a picture clockwise."""
    return turn(image.movedim(-1, 1), rotation).movedim(1, -1)


@node("ResizeAndPadImage", category="image/transform")
def resize_and_pad_image(
    *,
    image: Image,
    target_width: Side = 512,
    target_height: Side = 512,
    padding_color: Annotated[str, Choice(["white", "black"])],
    interpolation: Annotated[str, Choice(["area", "bicubic", "nearest-exact", "bilinear", "lanczos"])],
) -> Image:
    """Fit a picture into a size, keep its shape, and fill the rest with a colour."""
    rows, columns = image.shape[1:3]
    factor = min(target_width / columns, target_height / rows)
    fitted = scaled(image, max(1, int(columns * factor)), max(1, int(rows * factor)), interpolation)
    return _centered(fitted, target_height, target_width, padding_color)


@node("ImagePadForOutpaint", category="image", title="Pad Image for Outpainting")
def image_pad_for_outpaint(
    *,
    image: Image,
    left: Margin = 0,
    top: Margin = 0,
    right: Margin = 0,
    bottom: Margin = 0,
    feathering: Annotated[int, Range(0, 16384, step=1)] = 40,
) -> Padded:
    """Give a picture a grey margin, with a mask that has the margin painted.

    Args:
        feathering: How far the mask reaches into the picture, in pixels; it fades out as a square.
    """
    rows, columns = image.shape[1:3]
    padded = F.pad(image, (0, 0, left, right, top, bottom), value=0.5)
    inside = torch.zeros(rows, columns)
    if 0 < feathering < min(rows, columns) / 2:
        far = float(max(rows, columns))
        down, across = torch.arange(rows).float(), torch.arange(columns).float()
        distances = (
            (down if top else torch.full_like(down, far))[:, None],
            (rows - down if bottom else torch.full_like(down, far))[:, None],
            across if left else torch.full_like(across, far),
            columns - across if right else torch.full_like(across, far),
        )
        nearest = torch.minimum(torch.minimum(distances[0], distances[1]), torch.minimum(distances[2], distances[3]))
        inside = ((feathering - nearest) / feathering).clamp(min=0) ** 2
    return Padded(padded, F.pad(inside, (left, right, top, bottom), value=1.0)[None])


@node("ImageStitch", category="image/transform", title="Image Stitch")
def image_stitch(
    *,
    image1: Image,
    direction: Annotated[str, Choice(["right", "down", "left", "up"])] = "right",
    match_image_size: bool = True,
    spacing_width: Annotated[int, Range(0, 1024, step=2)] = 0,
    spacing_color: Annotated[str, Choice(COLORS)] = "white",
    image2: Image | None = None,
) -> Image:
    """Put two pictures side by side.

    Args:
        direction: Where the second goes.
        match_image_size: Scale the second so that the sides that meet are of one length; else the
            smaller one is padded.
        spacing_width: Width of the bar between them, in pixels; odd widths are made even.
    """
    if image2 is None:
        return image1
    image1, image2 = with_same_channels(image1, image2)
    count = max(len(image1), len(image2))
    first, second = (torch.cat([x, x[-1:].expand(count - len(x), -1, -1, -1)]) for x in (image1, image2))
    sideways = direction in ("left", "right")
    axis = 2 if sideways else 1
    meeting = 1 if sideways else 2
    if match_image_size and first.shape[meeting] != second.shape[meeting]:
        free = max(1, int(first.shape[meeting] * second.shape[axis] / second.shape[meeting]))
        width, height = (free, first.shape[1]) if sideways else (first.shape[2], free)
        second = scaled(second, width, height, "lanczos")
    longest = max(first.shape[meeting], second.shape[meeting])
    parts = [
        _centered(x, longest, x.shape[2], spacing_color)
        if sideways
        else _centered(x, x.shape[1], longest, spacing_color)
        for x in ((second, first) if direction in ("left", "up") else (first, second))
    ]
    if spacing_width:
        bar = [count, longest, longest, parts[0].shape[-1]]
        bar[axis] = spacing_width + spacing_width % 2
        parts.insert(1, _filled(bar, spacing_color))
    return torch.cat(parts, dim=axis)


@node("ImageCompositeMasked", category="image")
def image_composite_masked(
    *,
    destination: Image,
    source: Image,
    x: Place = 0,
    y: Place = 0,
    resize_source: bool = False,
    mask: Mask | None = None,
) -> Image:
    """Lay one picture over another where a mask shows it.

    Args:
        x: Where the source's left edge goes, in pixels.
        y: Where the source's upper edge goes, in pixels.
        resize_source: Bring the source to the destination's size first.
        mask: 1 shows the source; stretched to the source's size.
    """
    shown = None if mask is None else mask.reshape(-1, 1, *mask.shape[-2:])
    base, over = destination.movedim(-1, 1), with_channels(source, destination.shape[-1]).movedim(-1, 1)
    return paste(base, over, x, y, shown, fit=resize_source).movedim(1, -1)


@node("GetImageSize", category="image", title="Get Image Size")
def get_image_size(*, image: Image, run: Run) -> Size:
    """Tell the width and height of a picture, and how many there are."""
    count, height, width = image.shape[:3]
    run.text(f"width: {width}, height: {height}\nbatch size: {count}")
    return Size(width, height, count)


def scaled(image: Tensor, width: int, height: int, method: str, crop: str = "disabled") -> Tensor:
    """`resize` for pictures [B, H, W, C]."""
    return resize(image.movedim(-1, 1), width, height, method, crop).movedim(1, -1)


def with_channels(image: Tensor, channels: int) -> Tensor:
    """A picture [B, H, W, C] with 3 or 4 channels: alpha cut off, or an opaque one added."""
    return F.pad(image[..., :channels], (0, channels - min(channels, image.shape[-1])), value=1.0)


def with_same_channels(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Two pictures, both with an alpha channel if either has one."""
    channels = max(first.shape[-1], second.shape[-1])
    return with_channels(first, channels), with_channels(second, channels)


def _filled(shape: list[int], color: str) -> Tensor:
    """A picture of one colour, opaque where it has alpha."""
    return torch.tensor([*COLORS[color], 1.0])[: shape[-1]].expand(shape).clone()


def _centered(image: Tensor, rows: int, columns: int, color: str) -> Tensor:
    """A picture [B, H, W, C] in the middle of a larger canvas."""
    height, width = image.shape[1:3]
    if (height, width) == (rows, columns):
        return image
    top, left = (rows - height) // 2, (columns - width) // 2
    canvas = _filled([image.shape[0], rows, columns, image.shape[-1]], color)
    canvas[:, top : top + height, left : left + width] = image
    return canvas
