"""The sampler of denoising diffusion probabilistic models."""

from itertools import pairwise

from torch import Tensor

from safelight.diffusion.rounding import sqrt
from safelight.diffusion.types import Denoiser, NoiseSource, OnStep, Step


def ddpm(denoiser: Denoiser, x: Tensor, sigmas: Tensor, *, noise: NoiseSource, on_step: OnStep) -> Tensor:
    """Draws each latent from what it must have been, given the noisier one and the noise found in it.

    Arguments are `Sampler`'s. The steps are taken at unit variance, as in the paper: `x * signal`, where
    `signal^2 = 1 / (1 + sigma^2)` is its cumulative alpha.

    Source: Ho et al. 2020, arXiv:2006.11239, algorithm 2, with the lower of its two variances.
    """
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        eps = (x - denoised) / sigma
        cumulative, cumulative_next = 1 / (sigma**2 + 1), 1 / (sigma_next**2 + 1)
        alpha = cumulative / cumulative_next
        scaled = x / sqrt(1 + sigma**2)
        x = sqrt(1 / alpha) * (scaled - (1 - alpha) * eps / sqrt(1 - cumulative))
        if sigma_next > 0:
            deviation = sqrt((1 - alpha) * (1 - cumulative_next) / (1 - cumulative))
            x = (x + deviation * noise(sigma, sigma_next)) * sqrt(1 + sigma_next**2)
    return x
