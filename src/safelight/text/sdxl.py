"""SDXL's second conditioning vector: the pooled text, and what the training pictures' sizes and scores were.

Source: Podell et al. 2023, arXiv:2307.01952, section 2.2 and appendix; the embedding is that of Vaswani et al. 2017,
arXiv:1706.03762, with cosines first.
"""

from collections.abc import Sequence
from math import log

import torch
from torch import Tensor

EMBEDDING_WIDTH = 256
MAX_PERIOD = 10_000

AESTHETIC_SCORE = 6.0
NEGATIVE_AESTHETIC_SCORE = 2.5


def base_vector(
    pooled: Tensor,
    *,
    height: int,
    width: int,
    crop_top: int = 0,
    crop_left: int = 0,
    target_height: int,
    target_width: int,
) -> Tensor:
    """The vector of the base model, [B, P + 6 * 256]; all sizes in pixels.

    Args:
        pooled: Pooled text [B, P], P = 1280.
        height: Of the training picture before it was scaled; large values ask for detail.
        width: As `height`.
        crop_top: Pixels cut off above; 0 asks for a centred subject.
        crop_left: Pixels cut off at the left.
        target_height: Of the picture to make.
        target_width: As `target_height`.
    """
    return size_conditioning(pooled, (height, width, crop_top, crop_left, target_height, target_width))


def refiner_vector(
    pooled: Tensor,
    *,
    height: int,
    width: int,
    crop_top: int = 0,
    crop_left: int = 0,
    aesthetic_score: float = AESTHETIC_SCORE,
) -> Tensor:
    """The vector of the refiner, [B, P + 5 * 256]; sizes as in `base_vector`, the score from 0 to 10."""
    return size_conditioning(pooled, (height, width, crop_top, crop_left, aesthetic_score))


def size_conditioning(pooled: Tensor, numbers: Sequence[float]) -> Tensor:
    """Append the embedding of each number to `pooled`: [B, P] -> [B, P + len(numbers) * 256]."""
    embedded = sinusoidal_embedding(torch.tensor(numbers, dtype=torch.float32), EMBEDDING_WIDTH).flatten()
    return torch.cat([pooled, embedded.to(pooled).expand(len(pooled), -1)], dim=-1)


def sinusoidal_embedding(values: Tensor, width: int) -> Tensor:
    """Cosines, then sines, of each value at frequencies that fall from 1 towards 1 / 10,000: [N] -> [N, width]."""
    half = width // 2
    frequencies = torch.exp(torch.arange(half, dtype=torch.float32, device=values.device) * (-log(MAX_PERIOD) / half))
    angles = values.float()[:, None] * frequencies
    return torch.cat([angles.cos(), angles.sin()], dim=-1)
