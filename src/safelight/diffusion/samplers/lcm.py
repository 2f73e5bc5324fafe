"""The sampler of consistency models, which leap to the clean latent in one call."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

from safelight.diffusion.types import Denoiser, NoiseSource, OnStep, Step


def lcm(denoiser: Denoiser, x: Tensor, sigmas: Tensor, *, noise: NoiseSource, on_step: OnStep) -> Tensor:
    """Takes each estimate for the clean latent, and lays fresh noise of the next level over it.

    Arguments are `Sampler`'s.

    Source: Song et al. 2023, arXiv:2303.01469, algorithm 1; in latents, Luo et al. 2023, arXiv:2310.04378.
    """
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        x = denoised
        if sigma_next > 0:
            x = denoiser.process.signal(sigma_next) * denoised + sigma_next * noise(sigma, sigma_next)
    return x


def lcm_upscale(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: NoiseSource,
    on_step: OnStep,
    resize: Callable[[Tensor, int, int], Tensor],
    scale_ratio: float,
    scale_steps: int | None = None,
) -> Tensor:
    """`lcm`, whose latent grows after each of the first steps, since every step draws the picture anew.

    Args:
        denoiser, x, sigmas, noise, on_step: As in `Sampler`. The denoiser must take latents of any size.
        resize: (latent, width, height) -> the latent in that size.
        scale_ratio: How many times as wide and high it becomes.
        scale_steps: Over how many steps; None for half of them.

    Returns:
        The latent at `sigmas[-1]`, [B, C, H * scale_ratio, W * scale_ratio].

    Source: as `lcm`.
    """
    height, width = x.shape[-2:]
    growing = max(len(sigmas) // 2, 1) if scale_steps is None else min(scale_steps, len(sigmas))
    drawn = _Draws(noise)
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        x = denoised
        if index < growing:
            scale = 1 + (scale_ratio - 1) * (index + 1) / growing
            x = resize(x, round(width * scale), round(height * scale))
        if sigma_next > 0:
            x = denoiser.process.signal(sigma_next) * x + sigma_next * drawn.like(x, sigma, sigma_next)
    return x


class _Draws:
    """Noise of any size, out of a source whose draws have one.

    The first draw is left out: it is the noise that the run began with.
    """

    def __init__(self, noise: NoiseSource) -> None:
        self._noise = noise
        self._left: Tensor | None = None

    def like(self, x: Tensor, sigma: Tensor, sigma_next: Tensor) -> Tensor:
        """Unit noise shaped as `x`; what a draw has too much is kept for the next."""
        left = self._noise(sigma, sigma_next).flatten()[:0] if self._left is None else self._left
        while left.numel() < x.numel():
            left = torch.cat([left, self._noise(sigma, sigma_next).flatten()])
        self._left = left[x.numel() :]
        return left[: x.numel()].reshape(x.shape)
