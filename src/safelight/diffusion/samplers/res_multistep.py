"""Refined exponential solver (RES) in its multistep form, plain or ancestral, and with CFG++."""

from itertools import pairwise

from torch import Tensor

from safelight.diffusion.rounding import exp, log
from safelight.diffusion.samplers.steps import ancestral_split
from safelight.diffusion.types import Denoiser, NoiseSource, OnStep, Step


def res_multistep(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: NoiseSource,
    on_step: OnStep,
    eta: float = 0.0,
    s_noise: float = 1.0,
) -> Tensor:
    """Exponential integrator of second order, fed by the estimate of the step before.

    Args:
        denoiser, x, sigmas, noise, on_step: As in `Sampler`.
        eta: Share of the noise renewed; 0 renews none, 1 is `res_multistep_ancestral`.
        s_noise: Standard deviation of the fresh noise.

    Source: Zhang et al. 2023, arXiv:2308.02157, the multistep form; eta as in DDIM, arXiv:2010.02502.
    """
    previous: tuple[Tensor, Tensor] | None = None
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        sigma_down, sigma_up = ancestral_split(sigma, sigma_next, eta)
        h = log(sigma) - log(sigma_down)
        if sigma_down == 0:
            x = denoised
        elif previous is None:
            x = x + (x - denoised) / sigma * (sigma_down - sigma)
        else:
            denoised_previous, h_previous = previous
            weight, weight_previous = _weights(h, h_previous)
            x = exp(-h) * x + h * (weight * denoised + weight_previous * denoised_previous)
        if sigma_next > 0:
            x = x + noise(sigma, sigma_next) * (s_noise * sigma_up)
        previous = denoised, h
    return x


def res_multistep_cfg_pp(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: NoiseSource,
    on_step: OnStep,
    eta: float = 0.0,
    s_noise: float = 1.0,
) -> Tensor:
    """`res_multistep` that renoises along the estimate for the negative prompt (CFG++).

    Args:
        denoiser, x, sigmas, noise, on_step: As in `Sampler`.
        eta: Share of the noise renewed; 0 renews none, 1 is `res_multistep_ancestral_cfg_pp`.
        s_noise: Standard deviation of the fresh noise.

    Source: Zhang et al. 2023, arXiv:2308.02157; Chung et al. 2024, arXiv:2406.08070.
    """
    previous: tuple[Tensor, Tensor] | None = None
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised, uncond = denoiser.with_uncond(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        sigma_down, sigma_up = ancestral_split(sigma, sigma_next, eta)
        h = log(sigma) - log(sigma_down)
        if previous is None or sigma_down == 0:
            x = denoised + (x - uncond) / sigma * sigma_down
        else:
            uncond_previous, h_previous = previous
            weight, weight_previous = _weights(h, h_previous)
            guided = x + (denoised - uncond)
            x = exp(-h) * guided + h * (weight * uncond + weight_previous * uncond_previous)
        if sigma_next > 0:
            x = x + noise(sigma, sigma_next) * (s_noise * sigma_up)
        previous = uncond, h
    return x


def _weights(h: Tensor, h_previous: Tensor) -> tuple[Tensor, Tensor]:
    """What the last two estimates weigh in a step of length `h` in -log sigma, the newer first.

    `c_2` is the place of the older one as a share of the step, negative as it lies behind.
    """
    c_2 = -h_previous / h
    phi_1 = (-h).expm1() / -h
    phi_2 = (phi_1 - 1) / -h
    return phi_1 - phi_2 / c_2, phi_2 / c_2
