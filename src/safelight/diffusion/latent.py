"""The latent image: what the denoiser works on, and what the VAE turns into pixels."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Latent:
    """A batch of latent images, as they travel between nodes.

    Attributes:
        samples: [B, C, H/8, W/8], unscaled: as the VAE gives and takes them.
        noise_mask: Where to repaint, 1 = repaint, 0 = keep: [B or 1, 1, H, W], of any size
            (it is resized to the latent), or None for everywhere.
        batch_index: The place in a larger batch that each item came from, so that it gets the
            noise it would have had there; None for 0, 1, 2, …
    """

    samples: Tensor
    noise_mask: Tensor | None = None
    batch_index: tuple[int, ...] | None = None
