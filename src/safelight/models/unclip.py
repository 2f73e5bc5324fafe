"""unCLIP: models that a label tells what CLIP sees in the picture to be made (Ramesh et al. 2022, arXiv:2204.06125).

Stable Diffusion 2.1 unCLIP was trained to be shown that vector with noise in it, and how much.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi

import torch
from torch import Tensor

from safelight.diffusion.conditioning import SeenPicture
from safelight.errors import BadInput
from safelight.models.weights import Weights
from safelight.text.sdxl import sinusoidal_embedding

LEVELS = 1000  # of noise in the vector, by the cosine schedule of Nichol & Dhariwal 2021, arXiv:2102.09672
MERGED_NOISE = 0.05  # put into the sum of several pictures
MEAN, STD = "noise_augmentor.data_mean", "noise_augmentor.data_std"


@dataclass(frozen=True, eq=False)
class PictureLabel:
    """Makes a model's label of what CLIP saw.

    Attributes:
        mean, std: Of such vectors over the training pictures, [1, P].
        width: Numbers of the label: the vector, then the embedding of its noise level.
    """

    mean: Tensor
    std: Tensor
    width: int

    def __call__(self, pictures: Sequence[SeenPicture], seed: int) -> Tensor:
        """The label for some pictures, [1, L]; zeros for none.

        Args:
            pictures: Each weighed, and with noise of its own level put in; then added up.
            seed: Of the noise.

        Raises:
            BadInput: A picture was seen by another CLIP than the model's.
        """
        shown = [
            self._noised(embeds[None], picture.noise, seed) * picture.strength
            for picture in pictures
            for embeds in picture.embeds
        ]
        if not shown:
            return torch.zeros(1, self.width)
        if len(shown) == 1:
            return shown[0]
        total = torch.stack(shown).sum(dim=0)
        return self._noised(total[:, : self.mean.shape[-1]], MERGED_NOISE, seed)

    def _noised(self, embeds: Tensor, noise: float, seed: int) -> Tensor:
        """A vector [1, P] with a share of the most noise in it, and the embedding of that level, [1, L]."""
        size = self.mean.shape[-1]
        if embeds.shape[-1] != size:
            raise BadInput(
                what=f"This unCLIP model is shown {size} numbers for a picture, and the CLIP vision model gave "
                f"{embeds.shape[-1]}.",
                mend="Use the CLIP vision model of the checkpoint, from unCLIPCheckpointLoader.",
            )
        level = round((LEVELS - 1) * noise)
        kept = kept_share(level)
        # ten below the seed of the picture's noise, so that the two are not alike; recorded workflows count on it
        drawn = torch.randn(embeds.shape, generator=torch.Generator().manual_seed(seed - 10))
        mixed = (embeds - self.mean) / self.std * kept**0.5 + drawn * (1 - kept) ** 0.5
        return torch.cat(
            [mixed * self.std + self.mean, sinusoidal_embedding(torch.tensor([level]), self.width - size)], dim=-1
        )


def kept_share(level: int) -> float:
    """The share of the variance that is not noise after `level + 1` of the steps."""

    def left(time: float) -> float:
        return cos((time + 0.008) / 1.008 * pi / 2) ** 2

    kept = 1.0
    for step in range(level + 1):
        kept *= max(left((step + 1) / LEVELS) / left(step / LEVELS), 0.001)
    return kept


def picture_label(weights: Weights, width: int) -> PictureLabel | None:
    """What makes the labels of a checkpoint's denoiser; None where it is no unCLIP model.

    Args:
        weights: The checkpoint.
        width: Numbers of the label that the denoiser takes.
    """
    if MEAN not in weights:
        return None
    mean, std = (weights[name].float().reshape(1, -1) for name in (MEAN, STD))
    return PictureLabel(mean, std, width)
