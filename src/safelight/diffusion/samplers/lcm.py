"""The sampler of consistency models, which leap to the clean latent in one call."""

from itertools import pairwise

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
