"""Batches brought to a length."""

import torch
from torch import Tensor


def repeat_to(x: Tensor, length: int) -> Tensor:
    """A batch brought to `length` items: repeated from its start, or cut."""
    if x.shape[0] == length:
        return x
    rounds = -(-length // x.shape[0])
    return torch.cat([x] * rounds)[:length]
