"""Batches of pictures and captions as they are, for networks that come before latents."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from safelight.training.data.batches import Batches
from safelight.training.data.views import View, pixels

MEMORY_BYTES = 10**9
"""Most that decoded pictures take in memory; what comes after is decoded each time."""


@dataclass(frozen=True, eq=False)
class Pictures:
    """A batch.

    Attributes:
        pixels: [B, H, W, 3] in 0..1, float32.
        captions: What each shows.
    """

    pixels: Tensor
    captions: tuple[str, ...]


class Pixels:
    """The batches of a run by their numbers.

    Args:
        batches: Which pictures come when.
    """

    def __init__(self, batches: Batches) -> None:
        self.batches = batches
        self._kept: dict[View, Tensor] = {}
        self._bytes = 0

    def at(self, number: int) -> Pictures:
        """The batch of a number.

        Raises:
            BadInput: A picture cannot be read any more.
        """
        batch = self.batches.at(number)
        return Pictures(self.of(batch.views), batch.captions)

    def of(self, views: Iterable[View]) -> Tensor:
        """Views of one size as pixels [B, H, W, 3] in 0..1. Errors as of `at`."""
        return torch.stack([self._one(view) for view in views]).float() / 255

    def _one(self, view: View) -> Tensor:
        found = self._kept.get(view)
        if found is None:
            found = (pixels(view) * 255).round().to(torch.uint8)
            if self._bytes + found.nbytes <= MEMORY_BYTES:
                self._kept[view] = found
                self._bytes += found.nbytes
        return found
