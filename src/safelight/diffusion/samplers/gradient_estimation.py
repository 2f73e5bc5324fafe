"""Sampling as gradient descent on the distance to the images, with a gradient estimated from two steps."""

from itertools import pairwise

from torch import Tensor

from safelight.diffusion.types import Denoiser, NoiseSource, OnStep, Step


def gradient_estimation(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: NoiseSource,
    on_step: OnStep,
    gamma: float = 2.0,
) -> Tensor:
    """Euler steps whose slope leans away from the slope of the step before.

    Args:
        denoiser, x, sigmas, noise, on_step: As in `Sampler`.
        gamma: Weight of the new slope, the old one having 1 - gamma; 1 is plain Euler.

    Source: Permenter & Yuan 2024, arXiv:2306.04848. The last step is plain Euler.
    """
    slope_previous: Tensor | None = None
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        slope = (x - denoised) / sigma
        if sigma_next == 0:
            x = denoised
        else:
            x = x + slope * (sigma_next - sigma)
            if slope_previous is not None:
                x = x + (gamma - 1) * (slope - slope_previous) * (sigma_next - sigma)
        slope_previous = slope
    return x


def gradient_estimation_cfg_pp(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: NoiseSource,
    on_step: OnStep,
    gamma: float = 2.0,
) -> Tensor:
    """`gradient_estimation` with the slope away from the estimate for the negative prompt (CFG++).

    Args:
        denoiser, x, sigmas, noise, on_step: As in `Sampler`.
        gamma: Weight of the new slope, the old one having 1 - gamma; 1 is plain Euler.

    Source: Permenter & Yuan 2024, arXiv:2306.04848; Chung et al. 2024, arXiv:2406.08070.
    """
    slope_previous: Tensor | None = None
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised, uncond = denoiser.with_uncond(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        slope = (x - uncond) / sigma
        x = denoised + slope * sigma_next
        if slope_previous is not None and sigma_next > 0:
            x = x + (gamma - 1) * (slope - slope_previous) * (sigma_next - sigma)
        slope_previous = slope
    return x
