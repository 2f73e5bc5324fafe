"""Batches of pictures and captions as latents: the data of a run as its trainer takes it."""

from dataclasses import dataclass

import torch

from safelight.training.data.batches import Batches
from safelight.training.data.cache import LatentCache
from safelight.training.data.views import View, mask
from safelight.training.forward import Shown
from safelight.training.steering import Controls
from safelight.training.trainer import Material


@dataclass(frozen=True)
class Pictures:
    """The batches of a run; a `trainer.Source`.

    Attributes:
        batches: Which pictures come when.
        latents: What the VAE makes of them.
        prior_weight: How much pictures that must not change count.
        has_masks: Whether only parts of pictures count.
        controls: What a ControlNet is shown of them, where one is trained.
    """

    batches: Batches
    latents: LatentCache
    prior_weight: float
    has_masks: bool
    controls: Controls | None = None

    def at(self, number: int) -> Material:
        """The batch of a number."""
        batch = self.batches.at(number)
        return Material(
            latents=torch.stack([self.latents.get(view) for view in batch.views]),
            captions=batch.captions,
            shown=tuple(map(_shown, batch.views)),
            weights=torch.tensor([self.prior_weight if is_prior else 1.0 for is_prior in batch.is_prior]),
            masks=torch.stack([mask(view) for view in batch.views])[:, None] if self.has_masks else None,
            control=None if self.controls is None else self.controls.of(*batch.views),
        )


def _shown(view: View) -> Shown:
    left, top = view.told_crop
    width, height = view.size
    return Shown(view.scaled[1], view.scaled[0], top, left, height, width)
