"""The mask a latent carries, followed through what is done to the latent."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from safelight.diffusion.batch import repeat_to
from safelight.diffusion.latent import Latent
from safelight.nodes.resize import resize

CELL = 8
"""Pixels along the side of a latent cell."""


def pixel_mask(latent: Latent) -> Tensor:
    """The mask in the size of the picture, one for each item: [B, 1, 8H, 8W]; ones where the latent has none."""
    batch, _, rows, columns = latent.samples.shape
    if latent.noise_mask is None:
        return torch.ones(batch, 1, rows * CELL, columns * CELL)
    mask = latent.noise_mask
    if mask.shape[-2:] != (rows * CELL, columns * CELL):
        mask = resize(mask, columns * CELL, rows * CELL, "bilinear")
    return repeat_to(mask, batch)


def map_mask(latent: Latent, change: Callable[[Tensor], Tensor]) -> Latent:
    """`latent` with `change` done to its mask, if it has one."""
    return latent if latent.noise_mask is None else replace(latent, noise_mask=change(latent.noise_mask))


def item_mask(latent: Latent) -> Tensor | None:
    """The mask with one entry for each item, [B, 1, H', W'], in its own size; None where there is none."""
    return None if latent.noise_mask is None else repeat_to(latent.noise_mask, latent.samples.shape[0])


def joined_masks(latents: Sequence[Latent], dim: int) -> Tensor | None:
    """The masks of `latents` side by side along `dim`; None where none of them has one."""
    if all(latent.noise_mask is None for latent in latents):
        return None
    return torch.cat([pixel_mask(latent) for latent in latents], dim=dim)
