"""How much memory networks take while they run, by rules that were measured."""

from safelight.families.shapes import UNetShape, VaeShape

DENOISING_NUMBERS = 26
"""Numbers held at once per latent pixel and channel of the finest level: measured 20 to 31 on the CPU, with the sizes
of the starter, SD 1.5 and SDXL and latents of 64 x 64 and more."""
ENCODING_NUMBERS = 6
DECODING_NUMBERS = 10
"""The same per pixel of the picture: measured 5.0 and 8.7 on the CPU at 256 to 768 pixels with SD 1.5's sizes, and a
little for what a device's convolutions need beside them. The VAE itself decides by these whether to work in tiles."""


def denoising_bytes(shape: UNetShape, latent_pixels: int, itemsize: int) -> int:
    """Memory for one call of a denoiser beside its weights.

    Args:
        shape: Its sizes.
        latent_pixels: Of all latents in the call, those for each prompt counted.
        itemsize: Bytes per number.
    """
    return latent_pixels * shape.block_channels[0] * DENOISING_NUMBERS * itemsize


def vae_bytes(shape: VaeShape, pixels: int, numbers: int, itemsize: int) -> int:
    """Memory for one picture in a VAE beside its weights.

    Args:
        shape: Its sizes.
        pixels: Of the picture.
        numbers: `ENCODING_NUMBERS` or `DECODING_NUMBERS`.
        itemsize: Bytes per number.
    """
    return pixels * shape.block_channels[0] * numbers * itemsize
