"""Making, scaling, cutting and combining latents. Widths and places in pixels are given in steps of a latent cell."""

from dataclasses import replace
from typing import Annotated

import torch
from torch import Tensor

from safelight.diffusion.latent import Latent
from safelight.graph.node import Choice, Range, node
from safelight.nodes.composite import paste
from safelight.nodes.noise_mask import CELL, map_mask, pixel_mask
from safelight.nodes.resize import CROPS, LATENT_METHODS, center_crop, match, resize
from safelight.nodes.sockets import Mask
from safelight.nodes.turn import FLIPS, TURNS, flip, turn

Place = Annotated[int, Range(0, 16384, step=8)]
Side = Annotated[int, Range(64, 16384, step=8)]
SideOrAny = Annotated[int, Range(0, 16384, step=8)]

SMALLEST_SIDE = 64
"""Pixels; a latent of fewer than 8 cells is too small for the networks' lowest level."""


@node("EmptyLatentImage", category="latent", title="Empty Latent Image")
def empty_latent_image(
    *,
    width: Annotated[int, Range(16, 16384, step=8)] = 512,
    height: Annotated[int, Range(16, 16384, step=8)] = 512,
    batch_size: Annotated[int, Range(1, 4096)] = 1,
) -> Latent:
    """Start from nothing: a blank latent, which sampling turns into a picture of this size.

    Args:
        width: In pixels.
        height: In pixels.
        batch_size: How many pictures are made at once.
    """
    return Latent(torch.zeros(batch_size, 4, height // CELL, width // CELL))


@node("LatentUpscale", category="latent", title="Upscale Latent")
def latent_upscale(
    *,
    samples: Latent,
    upscale_method: Annotated[str, Choice(LATENT_METHODS)],
    width: SideOrAny = 512,
    height: SideOrAny = 512,
    crop: Annotated[str, Choice(CROPS)],
) -> Latent:
    """Bring a latent to a size.

    Args:
        width: In pixels; 0 keeps the shape of the picture, and both 0 its size.
        height: In pixels; 0 keeps the shape of the picture, and both 0 its size.
        crop: What to do with another shape: stretch it, or cut off its edges evenly.
    """
    if width == 0 and height == 0:
        return samples
    rows, columns = samples.samples.shape[-2:]
    width, height = (
        max(SMALLEST_SIDE, width or round(columns * height / rows)),
        max(SMALLEST_SIDE, height or round(rows * width / columns)),
    )
    columns, rows = width // CELL, height // CELL
    scaled = replace(samples, samples=resize(samples.samples, columns, rows, upscale_method, crop))
    return map_mask(scaled, lambda mask: center_crop(mask, columns / rows)) if crop == "center" else scaled


@node("LatentUpscaleBy", category="latent", title="Upscale Latent By")
def latent_upscale_by(
    *,
    samples: Latent,
    upscale_method: Annotated[str, Choice(LATENT_METHODS)],
    scale_by: Annotated[float, Range(0.01, 8.0, step=0.01)] = 1.5,
) -> Latent:
    """Make a latent larger or smaller by a factor."""
    rows, columns = (max(1, round(side * scale_by)) for side in samples.samples.shape[-2:])
    return replace(samples, samples=resize(samples.samples, columns, rows, upscale_method))


@node("LatentCrop", category="latent/transform", title="Crop Latent")
def latent_crop(*, samples: Latent, width: Side = 512, height: Side = 512, x: Place = 0, y: Place = 0) -> Latent:
    """Cut a rectangle out of a latent, moved inward where its corner lies too near the far edge.

    Args:
        x: Of its left upper corner, in pixels.
        y: Of its left upper corner, in pixels.
    """
    rows, columns = samples.samples.shape[-2:]
    top = min(y // CELL, max(rows - SMALLEST_SIDE // CELL, 0))
    left = min(x // CELL, max(columns - SMALLEST_SIDE // CELL, 0))
    bottom, right = top + height // CELL, left + width // CELL
    cropped = replace(samples, samples=samples.samples[:, :, top:bottom, left:right])
    if samples.noise_mask is None:
        return cropped
    mask = pixel_mask(samples)[:, :, top * CELL : bottom * CELL, left * CELL : right * CELL]
    return replace(cropped, noise_mask=mask)


@node("LatentFlip", category="latent/transform", title="Flip Latent")
def latent_flip(*, samples: Latent, flip_method: Annotated[str, Choice(FLIPS)]) -> Latent:
    """Mirror a latent, and the mask on it."""
    flipped = replace(samples, samples=flip(samples.samples, flip_method))
    return map_mask(flipped, lambda mask: flip(mask, flip_method))


@node("LatentRotate", category="latent/transform", title="Rotate Latent")
def latent_rotate(*, samples: Latent, rotation: Annotated[str, Choice(TURNS)]) -> Latent:
    """Turn a latent clockwise, and the mask on it."""
    turned = replace(samples, samples=turn(samples.samples, rotation))
    return map_mask(turned, lambda mask: turn(mask, rotation))


@node("LatentComposite", category="latent", title="Latent Composite")
def latent_composite(
    *, samples_to: Latent, samples_from: Latent, x: Place = 0, y: Place = 0, feather: Place = 0
) -> Latent:
    """Lay one latent over another.

    Args:
        x: Where its left edge goes, in pixels.
        y: Where its upper edge goes, in pixels.
        feather: Width of the soft rim, in pixels; edges that meet the other's edge stay hard.
    """
    base, over = samples_to.samples, samples_from.samples
    top, left = y // CELL, x // CELL
    over = over[:, :, : max(base.shape[-2] - top, 0), : max(base.shape[-1] - left, 0)]
    rows = _rim(over.shape[-2], feather // CELL, before=top > 0, after=top + over.shape[-2] < base.shape[-2])
    columns = _rim(over.shape[-1], feather // CELL, before=left > 0, after=left + over.shape[-1] < base.shape[-1])
    if over.numel() == 0:
        return samples_to
    mask = (rows[:, None] * columns)[None, None]
    return replace(samples_to, samples=paste(base, over, left, top, mask))


@node("LatentCompositeMasked", category="latent")
def latent_composite_masked(
    *,
    destination: Latent,
    source: Latent,
    x: Place = 0,
    y: Place = 0,
    resize_source: bool = False,
    mask: Mask | None = None,
) -> Latent:
    """Lay one latent over another where a mask shows it.

    Args:
        x: Where the source's left edge goes, in pixels.
        y: Where the source's upper edge goes, in pixels.
        resize_source: Bring the source to the destination's size first.
        mask: 1 shows the source; stretched to the source's size.
    """
    shown = None if mask is None else mask.reshape(-1, 1, *mask.shape[-2:])
    result = paste(destination.samples, source.samples, x // CELL, y // CELL, shown, fit=resize_source)
    return replace(destination, samples=result)


@node("LatentBlend", category="_for_testing", title="Latent Blend")
def latent_blend(
    *, samples1: Latent, samples2: Latent, blend_factor: Annotated[float, Range(0, 1, step=0.01)] = 0.5
) -> Latent:
    """Mix two latents evenly all over.

    Args:
        blend_factor: Share of the first.
    """
    other = match(samples2.samples, samples1.samples, "bicubic")
    return replace(samples1, samples=samples1.samples * blend_factor + other * (1 - blend_factor))


@node("SetLatentNoiseMask", category="latent/inpaint", title="Set Latent Noise Mask")
def set_latent_noise_mask(*, samples: Latent, mask: Mask) -> Latent:
    """Say which part of a latent is painted anew; the rest is kept as it is.

    Args:
        mask: 1 paints anew, 0 keeps.
    """
    return replace(samples, noise_mask=mask.reshape(-1, 1, *mask.shape[-2:]))


def _rim(length: int, feather: int, *, before: bool, after: bool) -> Tensor:
    """Weights [length] that rise from an edge over `feather` cells, at either end."""
    weights = torch.ones(length)
    rise = (torch.arange(length) + 1).clamp(max=feather) / max(feather, 1) if feather else weights
    if before:
        weights = weights * rise
    if after:
        weights = weights * rise.flip(0)
    return weights
