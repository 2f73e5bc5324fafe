"""Second-order steps through a midpoint in log sigma, plain and with renewed noise."""

from itertools import pairwise

import torch
from torch import Tensor

from safelight.diffusion.rounding import exp, log
from safelight.diffusion.samplers.steps import split_renewal
from safelight.diffusion.types import Denoiser, NoiseSource, OnStep, Step


def dpm_2_ancestral(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: NoiseSource,
    on_step: OnStep,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Tensor:
    """Midpoint steps that undershoot the next sigma, then add fresh noise to reach it.

    Two model calls a step, one where a step goes straight to 0.

    Args:
        denoiser, x, sigmas, noise, on_step: As in `Sampler`.
        eta: Share of the noise renewed; 0 renews none.
        s_noise: Standard deviation of the fresh noise.

    Source: Karras et al. 2022, arXiv:2206.00364, algorithm 2 and appendix B.2, with the midpoint of
    Lu et al. 2022, arXiv:2206.00927; eta as in DDIM, arXiv:2010.02502.
    """
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        sigma_down, scale, sigma_up = split_renewal(denoiser.process, sigma, sigma_next, eta)
        if sigma_down == 0:
            x = denoised
        else:
            sigma_middle = exp(torch.lerp(log(sigma), log(sigma_down), 0.5))
            middle = x + (x - denoised) / sigma * (sigma_middle - sigma)
            slope = (middle - denoiser(middle, sigma_middle)) / sigma_middle
            x = x + slope * (sigma_down - sigma)
        if sigma_next > 0 and eta > 0:
            x = scale * x + noise(sigma, sigma_next) * s_noise * sigma_up
    return x


def dpm_2(denoiser: Denoiser, x: Tensor, sigmas: Tensor, *, noise: NoiseSource, on_step: OnStep) -> Tensor:
    """`dpm_2_ancestral` without fresh noise: the slope at the midpoint decides each step. Arguments are `Sampler`'s.

    Source: Karras et al. 2022, arXiv:2206.00364, appendix B.2; Lu et al. 2022, arXiv:2206.00927, DPM-Solver-2.
    """
    return dpm_2_ancestral(denoiser, x, sigmas, noise=noise, on_step=on_step, eta=0.0)
