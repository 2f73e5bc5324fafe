"""What can be done when memory runs out."""

from typing import Literal

import torch

Measure = Literal["alone", "singly", "split", "layers", "tiles", "small tiles"]
Measures = frozenset[Measure]

ORDER: dict[Measure, str] = {
    "alone": "other models were sent from the device to the host",
    "singly": "prompts or pictures are worked on one after the other",
    "split": "attention is computed in pieces",
    "layers": "the layers of the model are brought to the device one at a time, which takes long",
    "tiles": "the picture is worked on in tiles, which can change its colours a little",
    "small tiles": "the picture is worked on in small tiles, which can change its colours a little",
}
"""Measure -> what the person is told; what costs least comes first. Each work names those that help it."""

_SIGNS = ("can't allocate memory", "out of memory", "_STATUS_ALLOC_FAILED")
"""What torch says where it has no error type for it: of the CPU's allocator, of MPS, of NVIDIA's libraries."""


def out_of_memory(error: Exception) -> bool:
    """Whether memory ran out, of the host or of a device."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in _SIGNS)
