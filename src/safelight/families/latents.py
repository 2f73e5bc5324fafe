"""How latents look without their VAE: a family's own latent space, or that of a VAE known by its sizes."""

from dataclasses import replace

from safelight.families.base import LatentFormat
from safelight.families.sd1 import SD1_LATENT
from safelight.families.shapes import FileContents

NARROW = replace(
    SD1_LATENT,
    # fitted to 13 pictures that the starter checkpoints made (R² 0.96): what their VAE was trained for is drawn on
    # white, so that the mean colour of a latent of zeros is light
    rgb_factors=(
        (-0.2060, 0.0630, 0.4445),
        (0.1002, -0.0692, 0.0263),
        (-0.5137, -0.5902, -0.3124),
        (0.1267, -0.0509, 0.1892),
    ),
    rgb_bias=(0.3996, 0.4143, 0.3029),
    taesd="",
)
"""Of the starter checkpoints, whose VAE was trained from scratch: it shares with that of SD 1.x only its place."""

BY_WIDTHS: dict[tuple[int, ...], LatentFormat] = {(32, 64, 128, 128): NARROW}
"""VAEs that are known by the widths of their levels."""


def latent_of(contents: FileContents) -> LatentFormat:
    """The latent space of a model by what its file holds: that of its VAE where it is known, else its family's.

    Args:
        contents: Of a file with a denoiser, which has a family.
    """
    assert contents.family is not None, "a denoiser belongs to a family"
    known = None if contents.vae is None else BY_WIDTHS.get(contents.vae.shape.block_channels)
    return known or contents.family.latent
