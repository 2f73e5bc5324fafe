"""A small picture of a latent, cheap enough to show at every step."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from safelight.errors import SafelightError
from safelight.families.base import LatentFormat
from safelight.files.folders import Folders
from safelight.models.weights import open_weights

Previewer = Callable[[Tensor], Tensor]
"""A denoised, scaled latent [B, C, h, w] -> a picture of the first [H, W, 3] in 0..1, on the CPU."""


def previewer(latent: LatentFormat, folders: Folders) -> Previewer:
    """The best preview there is for a latent space: TAESD where its weights are in `vae_approx`, else a linear map."""
    for name in folders.list("vae_approx"):
        if latent.taesd and Path(name).stem == f"{latent.taesd}_decoder":
            return tiny_decoder(folders.resolve("vae_approx", name))
    return linear(latent)


def linear(latent: LatentFormat) -> Previewer:
    """Each pixel a weighted sum of its latent's channels: one matrix product, an eighth of the size."""
    factors, bias = torch.tensor(latent.rgb_factors), torch.tensor(latent.rgb_bias)

    def preview(denoised: Tensor) -> Tensor:
        pixels = denoised[0].movedim(0, -1).float().cpu()
        return ((pixels @ factors + bias + 1) / 2).clamp(0, 1)

    return preview


@lru_cache(maxsize=2)
def tiny_decoder(path: Path) -> Previewer:
    """The tiny autoencoder's decoder (Bohan 2023, MIT), from a file in its author's layout or in diffusers'.

    Raises:
        SafelightError: The file holds something else.
    """
    from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny  # noqa: PLC0415 (slow to import)

    weights = open_weights(path)
    inside = {name.removeprefix("decoder."): name for name in weights if not name.startswith("encoder.")}
    decoder = AutoencoderTiny().decoder
    try:
        decoder.load_state_dict({_layer(name): weights[stored].float() for name, stored in inside.items()})
    except (RuntimeError, ValueError) as error:
        raise SafelightError(
            f"{path.name} is not the decoder of a tiny autoencoder.",
            mend="Take it out of the folder vae_approx/, or download it again.",
        ) from error
    decoder.eval().requires_grad_(False)

    def preview(denoised: Tensor) -> Tensor:
        pixels: Tensor = decoder(denoised[:1].float().cpu())[0].movedim(0, -1)
        return ((pixels + 1) / 2).clamp(0, 1)

    return preview


def _layer(name: str) -> str:
    """A parameter's name in diffusers; its author counts a first layer that has no weights."""
    if name.startswith("layers."):
        return name
    number, _, rest = name.partition(".")
    return f"layers.{int(number) - 1}.{rest}"
