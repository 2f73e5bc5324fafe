"""What Stable Diffusion 2's x4 upscaler is shown of a small picture: its pixels, with noise of a known level in them.

The noise keeps the model from taking every pixel for the truth (conditioning augmentation, Ho et al. 2021,
arXiv:2106.15282, section 4.2).
"""

import torch
from torch import Tensor

from safelight.diffusion.conditioning import SmallPicture
from safelight.diffusion.noise_schedule import BETAS
from safelight.errors import BadInput

SCHEDULE = "scaled_linear_x4"  # of the noise in the picture, which is that in the latent
HIGHEST_LEVEL = 350  # of a thousand: more was never shown


def noise_level(picture: SmallPicture | None) -> Tensor:
    """The number of training steps by which noise was put in, int64 [1]; 0 without a picture."""
    return torch.tensor([0 if picture is None else round(HIGHEST_LEVEL * picture.noise)])


def noised(picture: SmallPicture, pixels: Tensor, seed: int) -> Tensor:
    """A small picture as the model sees it.

    Args:
        picture: How much noise is put in; none at all for 0.
        pixels: Those of the picture, in -1..1 [B, 3, h, w], of the latent's size.
        seed: Of the run; the picture's noise has one of its own.

    Returns:
        Shape, dtype and device of `pixels`.
    """
    if picture.noise == 0:
        return pixels
    kept = torch.cumprod(1 - BETAS[SCHEDULE](), dim=0)[noise_level(picture)].float().to(pixels)
    # ten below the seed of the latent's noise, so that the two are not alike; recorded workflows count on it
    drawn = torch.randn(pixels.shape, generator=torch.Generator().manual_seed(seed - 10)).to(pixels)
    return kept**0.5 * pixels + (1 - kept) ** 0.5 * drawn


def no_small_picture() -> BadInput:
    """The error of a run without any."""
    return BadInput(
        what="This model makes a picture larger, and is shown none.",
        mend="Put both prompts through SD_4XUpscale_Conditioning, with the picture.",
    )
