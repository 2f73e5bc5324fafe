"""Parts of a transformer worked on in pieces: the same to rounding, in less memory."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

SCORES = 2**24  # numbers that attention compares at once: 64 MB in float32, where a device keeps them at all
TOKENS = 1024  # that a feed-forward map, which is eight times as wide as what enters it, sees at once


def attention_in_pieces(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """`scaled_dot_product_attention` for some queries at a time, [N, H, T, D] and twice [N, H, S, D]."""
    queries = max(1, SCORES // (q.shape[0] * q.shape[1] * k.shape[2]))
    return torch.cat([F.scaled_dot_product_attention(part, k, v) for part in torch.split(q, queries, dim=2)], dim=2)


def in_pieces(feed: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """A map of each token by itself, [N, T, C], for some tokens at a time."""
    return torch.cat([feed(part) for part in torch.split(x, TOKENS, dim=1)], dim=1)
