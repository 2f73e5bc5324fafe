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
