"""Arithmetic on latents, and cutting and joining along an axis. A second latent is brought to the first's size."""

from dataclasses import replace
from typing import Annotated, Protocol

import torch
from torch import Tensor

from safelight.diffusion.batch import repeat_to
from safelight.diffusion.filters import unsharp
from safelight.diffusion.latent import Latent
from safelight.graph.node import Choice, Range, node
from safelight.nodes.noise_mask import CELL, joined_masks, pixel_mask
from safelight.nodes.resize import match

AXES = {"x": -1, "y": -2, "t": -3}
"""The axis before height holds the frames of a video latent; of a picture's, the channels."""


class LatentOperation(Protocol):
    """A change to latents [B, C, H, W], made by one node and used by another."""

    def __call__(self, samples: Tensor) -> Tensor: ...


@node("LatentAdd", category="latent/advanced")
def latent_add(*, samples1: Latent, samples2: Latent) -> Latent:
    """Add two latents."""
    return replace(samples1, samples=samples1.samples + match(samples2.samples, samples1.samples))


@node("LatentSubtract", category="latent/advanced")
def latent_subtract(*, samples1: Latent, samples2: Latent) -> Latent:
    """Take the second latent from the first."""
    return replace(samples1, samples=samples1.samples - match(samples2.samples, samples1.samples))


@node("LatentMultiply", category="latent/advanced")
def latent_multiply(*, samples: Latent, multiplier: Annotated[float, Range(-10.0, 10.0, step=0.01)] = 1.0) -> Latent:
    """Multiply a latent by a number."""
    return replace(samples, samples=samples.samples * multiplier)


@node("LatentInterpolate", category="latent/advanced")
def latent_interpolate(
    *, samples1: Latent, samples2: Latent, ratio: Annotated[float, Range(0.0, 1.0, step=0.01)] = 1.0
) -> Latent:
    """Mix two latents: the directions of their channel vectors, and apart from these their lengths.

    Args:
        ratio: Share of the first.
    """
    first = samples1.samples
    second = match(samples2.samples, first)
    length_first, length_second = (torch.linalg.vector_norm(x, dim=1, keepdim=True) for x in (first, second))
    direction = torch.lerp(torch.nan_to_num(second / length_second), torch.nan_to_num(first / length_first), ratio)
    direction = torch.nan_to_num(direction / torch.linalg.vector_norm(direction, dim=1, keepdim=True))
    return replace(samples1, samples=direction * torch.lerp(length_second, length_first, ratio))


@node("LatentConcat", category="latent/advanced")
def latent_concat(
    *, samples1: Latent, samples2: Latent, dim: Annotated[str, Choice(["x", "-x", "y", "-y", "t", "-t"])]
) -> Latent:
    """Put two latents side by side.

    Args:
        dim: `x` puts the second to the right, `-x` to the left; `y` below, `-y` above; `t` after, `-t` before.
    """
    axis = AXES[dim.removeprefix("-")]
    second = replace(samples2, samples=repeat_to(samples2.samples, samples1.samples.shape[0]))
    order = [second, samples1] if dim.startswith("-") else [samples1, second]
    mask = samples1.noise_mask if axis == AXES["t"] else joined_masks(order, dim=axis)
    return replace(samples1, samples=torch.cat([latent.samples for latent in order], dim=axis), noise_mask=mask)


@node("LatentCut", category="latent/advanced")
def latent_cut(
    *,
    samples: Latent,
    dim: Annotated[str, Choice(AXES)],
    index: Annotated[int, Range(-16384, 16384, step=1)] = 0,
    amount: Annotated[int, Range(1, 16384, step=1)] = 1,
) -> Latent:
    """Cut a slab out of a latent.

    Args:
        dim: The axis it is counted along.
        index: Where it begins, in latent cells (8 pixels); below 0 it is counted from the end.
        amount: Its thickness in latent cells.
    """
    axis = AXES[dim]
    length = samples.samples.shape[axis]
    start = min(index, length - 1) if index >= 0 else max(index + length, 0)
    amount = min(amount, length - start)
    cut = replace(samples, samples=samples.samples.narrow(axis, start, amount))
    if samples.noise_mask is None or axis == AXES["t"]:
        return cut
    return replace(cut, noise_mask=pixel_mask(samples).narrow(axis, start * CELL, amount * CELL))


@node("LatentApplyOperation", category="latent/advanced/operations")
def latent_apply_operation(*, samples: Latent, operation: LatentOperation) -> Latent:
    """Apply an operation to a latent."""
    return replace(samples, samples=operation(samples.samples))


@node("LatentOperationTonemapReinhard", category="latent/advanced/operations")
def latent_operation_tonemap_reinhard(
    *, multiplier: Annotated[float, Range(0.0, 100.0, step=0.01)] = 1.0
) -> LatentOperation:
    """Hold back the strongest contrasts, as a photograph's tone curve does its highlights.

    The lengths of the channel vectors are bent by Reinhard's curve L / (1 + L), where 1 stands for five
    standard deviations above their mean. Source: Reinhard et al. 2002, "Photographic tone reproduction".

    Args:
        multiplier: Where the curve bends, in that measure.
    """

    def tonemap(samples: Tensor) -> Tensor:
        length: Tensor = torch.linalg.vector_norm(samples, dim=1, keepdim=True) + 1e-10
        spread, mean = torch.std_mean(length, dim=(1, 2, 3), keepdim=True)
        top = (mean + 5 * spread) * multiplier
        return samples / length * (top * length / (length + top))

    return tonemap


@node("LatentOperationSharpen", category="latent/advanced/operations")
def latent_operation_sharpen(
    *,
    sharpen_radius: Annotated[int, Range(1, 31, step=1)] = 9,
    sigma: Annotated[float, Range(0.1, 10.0, step=0.1)] = 1.0,
    alpha: Annotated[float, Range(0.0, 5.0, step=0.01)] = 0.1,
) -> LatentOperation:
    """Sharpen the directions of a latent's channel vectors and keep their lengths.

    Args:
        sharpen_radius: In latent cells.
        sigma: Width of the blur that is taken off, as a share of the radius.
        alpha: How strongly.
    """

    def sharpen(samples: Tensor) -> Tensor:
        length: Tensor = torch.linalg.vector_norm(samples, dim=1, keepdim=True) + 1e-6
        return length * unsharp(samples / length, sharpen_radius, sigma, 10 * alpha)

    return sharpen
