"""A small picture of a latent, cheap enough to show at every step."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from safelight.families.base import LatentFormat
from safelight.files.folders import Folders
from safelight.models.weights import open_weights

Previewer = Callable[[Tensor], Tensor]
"""A denoised, scaled latent [B, C, h, w] -> a picture of the first [H, W, 3] in 0..1, on the CPU."""


def previewer(latent: LatentFormat, folders: Folders) -> Previewer:
    """The best preview there is for a latent space: TAESD where its weights are in `vae_approx`, else a linear map."""
    for name in folders.list("vae_approx"):
        if Path(name).stem == f"{latent.taesd}_decoder":
            return tiny_decoder(folders.resolve("vae_approx", name))
    return linear(latent)


def linear(latent: LatentFormat) -> Previewer:
    """Each pixel a weighted sum of its latent's channels: one matrix product, an eighth of the size."""
    factors = torch.tensor(latent.rgb_factors)

    def preview(denoised: Tensor) -> Tensor:
        pixels = denoised[0].movedim(0, -1).float().cpu()
        return ((pixels @ factors + 1) / 2).clamp(0, 1)

    return preview


@lru_cache(maxsize=2)
def tiny_decoder(path: Path) -> Previewer:
    """The tiny autoencoder's decoder (Bohan 2023, MIT), from a file in its author's layout or in diffusers'.

    Raises:
        SafelightError: The file holds something else.
    """
    from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny  # noqa: PLC0415 (slow to import)

    weights = open_weights(path)
    tensors = {name: weights[name].float().clone() for name in weights}
    # its author counts a first layer that has no weights
    state = {
        name if name.startswith("layers.") else f"layers.{int(name.split('.')[0]) - 1}.{name.partition('.')[2]}": tensor
        for name, tensor in tensors.items()
    }
    decoder = AutoencoderTiny().decoder
    decoder.load_state_dict(state)
    decoder.eval().requires_grad_(False)

    def preview(denoised: Tensor) -> Tensor:
        pixels: Tensor = decoder(denoised[:1].float().cpu())[0].movedim(0, -1)
        return ((pixels + 1) / 2).clamp(0, 1)

    return preview
