"""Rough colours of latents: the one mixture of channels that is nearest to what a VAE makes of them."""

from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.families.base import LatentFormat
from safelight.inspect.arrays import Array, array_of
from safelight.models.model import Model
from safelight.models.vae import Vae


@dataclass(frozen=True)
class Colours:
    """A mixture of channels. Called with a scaled latent [C, h, w], it gives a picture [h, w, 3] in 0..1.

    Attributes:
        factors: Channels to red, green and blue in -1..1 [C, 3].
        bias: What is added to them [3].
        error: How far the mixture was off where it was found, in 0..1 (root mean square).
    """

    factors: Array
    bias: Array
    error: float

    def __call__(self, latent: Tensor | Array) -> Array:
        channels = array_of(latent) if isinstance(latent, Tensor) else latent.astype(np.float32)
        return np.asarray(((np.einsum("chw,cr->hwr", channels, self.factors) + self.bias + 1) / 2).clip(0, 1))

    def on(self, latent: LatentFormat) -> LatentFormat:
        """A latent space that is drawn in these colours."""
        *factors, bias = ((float(r), float(g), float(b)) for r, g, b in (*self.factors, self.bias))
        return replace(latent, rgb_factors=tuple(factors), rgb_bias=bias)


def fit_colours(model: Model, vae: Vae, picture: Tensor) -> Colours:
    """Find the mixture for a VAE; that of its family suits VAEs that were trained on their own badly.

    Args:
        model: Whose latents are to be drawn.
        vae: What they are decoded with.
        picture: [H, W, 3] in 0..1, with sides of whole latent cells. Its red, green and blue are also swapped, and
            dark and light, so that one picture is enough.
    """
    turned = torch.stack([picture[..., :3].roll(by, dims=-1) for by in range(3)])
    pictures = torch.cat([turned, 1 - turned])
    latents = model.scale_latent(vae.encode(pictures)).float().cpu()
    cells = F.interpolate(pictures.movedim(-1, 1), latents.shape[-2:], mode="area")
    known = latents.movedim(1, -1).flatten(0, 2)
    known = torch.cat([known, torch.ones(len(known), 1)], dim=1)
    wanted = cells.movedim(1, -1).flatten(0, 2) * 2 - 1
    found = torch.linalg.lstsq(known, wanted).solution
    error = float((known @ found - wanted).square().mean().sqrt()) / 2
    return Colours(array_of(found[:-1]), array_of(found[-1]), error)
