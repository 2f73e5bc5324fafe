"""Masks [B, H, W]: made from pictures, drawn, grown, softened and combined."""

from collections.abc import Callable
from typing import Annotated

import torch
from torch import Tensor

from safelight.diffusion.batch import repeat_to
from safelight.diffusion.filters import grow
from safelight.errors import BadInput
from safelight.graph.node import Choice, Range, node
from safelight.nodes.sockets import Image, Mask

Side = Annotated[int, Range(1, 16384, step=1)]
Place = Annotated[int, Range(0, 16384, step=1)]

CHANNELS = ("red", "green", "blue", "alpha")


@node("MaskToImage", category="mask", title="Convert Mask to Image")
def mask_to_image(*, mask: Mask) -> Image:
    """Show a mask as a grey picture."""
    return _batch(mask).unsqueeze(-1).expand(-1, -1, -1, 3).clone()


@node("ImageToMask", category="mask", title="Convert Image to Mask")
def image_to_mask(*, image: Image, channel: Annotated[str, Choice(CHANNELS)]) -> Mask:
    """Take one channel of a picture as a mask."""
    index = CHANNELS.index(channel)
    if index >= image.shape[-1]:
        raise BadInput(
            what="The picture has no alpha channel.",
            mend="Choose red, green or blue, or take the mask that Load Image gives.",
        )
    return image[..., index]


@node("ImageColorToMask", category="mask")
def image_color_to_mask(*, image: Image, color: Annotated[int, Range(0, 0xFFFFFF, step=1)] = 0) -> Mask:
    """Mask the pixels of one colour.

    Args:
        color: As 0xRRGGBB.
    """
    wanted = torch.tensor(list(color.to_bytes(3, "big")), device=image.device)
    return ((image[..., :3].clamp(0, 1) * 255).round() == wanted).all(dim=-1).to(image)


@node("SolidMask", category="mask")
def solid_mask(
    *,
    value: Annotated[float, Range(0.0, 1.0, step=0.01)] = 1.0,
    width: Side = 512,
    height: Side = 512,
) -> Mask:
    """Make a mask of one value all over."""
    return torch.full((1, height, width), value)


@node("InvertMask", category="mask")
def invert_mask(*, mask: Mask) -> Mask:
    """Swap what a mask shows and what it hides."""
    return 1 - mask


@node("CropMask", category="mask")
def crop_mask(*, mask: Mask, x: Place = 0, y: Place = 0, width: Side = 512, height: Side = 512) -> Mask:
    """Cut a rectangle out of a mask; what reaches beyond its edges is left out.

    Args:
        x: Of its left upper corner, in pixels.
        y: Of its left upper corner, in pixels.
    """
    rows, columns = mask.shape[-2:]
    top, left = min(y, rows - 1), min(x, columns - 1)
    return _batch(mask)[:, top : top + height, left : left + width]


def _bitwise(join: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    return lambda a, b: join(a.round().bool(), b.round().bool()).to(a)


# (destination, source) -> combined
OPERATIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "multiply": torch.mul,
    "add": torch.add,
    "subtract": torch.sub,
    "and": _bitwise(torch.logical_and),
    "or": _bitwise(torch.logical_or),
    "xor": _bitwise(torch.logical_xor),
}


@node("MaskComposite", category="mask")
def mask_composite(
    *,
    destination: Mask,
    source: Mask,
    x: Place = 0,
    y: Place = 0,
    operation: Annotated[str, Choice(OPERATIONS)],
) -> Mask:
    """Combine a second mask with the first, where it lies over it.

    Args:
        x: Where the source's left edge goes, in pixels.
        y: Where the source's upper edge goes, in pixels.
        operation: `and`, `or` and `xor` take values above one half for 1 and the others for 0.
    """
    base, over = _batch(destination), _batch(source)
    count = max(len(base), len(over))
    result, over = repeat_to(base, count).clone(), repeat_to(over, count)
    target = (..., slice(y, y + over.shape[-2]), slice(x, x + over.shape[-1]))
    shown = result[target]
    combined = OPERATIONS[operation](shown, over[..., : shown.shape[-2], : shown.shape[-1]])
    result[target] = combined
    return result.clamp(0, 1)


@node("FeatherMask", category="mask")
def feather_mask(*, mask: Mask, left: Place = 0, top: Place = 0, right: Place = 0, bottom: Place = 0) -> Mask:
    """Fade a mask out toward its edges.

    Args:
        left: Width of the fade in pixels.
        top: Width of the fade in pixels.
        right: Width of the fade in pixels.
        bottom: Width of the fade in pixels.
    """
    rows, columns = mask.shape[-2:]
    across = _ramp(columns, left) * _ramp(columns, right).flip(0)
    down = _ramp(rows, top) * _ramp(rows, bottom).flip(0)
    return _batch(mask) * (down[:, None] * across).to(mask)


@node("GrowMask", category="mask")
def grow_mask(
    *,
    mask: Mask,
    expand: Annotated[int, Range(-16384, 16384, step=1)] = 0,
    tapered_corners: bool = True,
) -> Mask:
    """Let a mask grow, or shrink.

    Args:
        expand: By how many pixels; below 0 it shrinks.
        tapered_corners: Round its corners off.
    """
    return grow(_batch(mask).unsqueeze(1), expand, tapered=tapered_corners).squeeze(1)


@node("ThresholdMask", category="mask")
def threshold_mask(*, mask: Mask, value: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.5) -> Mask:
    """Make a mask hard: 1 above a value, 0 elsewhere."""
    return (mask > value).to(mask)


def _batch(mask: Tensor) -> Tensor:
    return mask.reshape(-1, *mask.shape[-2:])


def _ramp(length: int, fade: int) -> Tensor:
    """Weights [length] that rise to 1 over the first `fade` cells."""
    fade = min(fade, length)
    return ((torch.arange(length) + 1) / fade).clamp(max=1) if fade else torch.ones(length)
