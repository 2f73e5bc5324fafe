"""DPM-Solver++ without Brownian noise: second order, by a midpoint (2S) or by the step before (2M)."""

from itertools import pairwise

import torch
from torch import Tensor

from safelight.diffusion.process import ForwardProcess
from safelight.diffusion.rounding import exp, log
from safelight.diffusion.samplers.steps import ancestral_split, ddim_step, split_renewal
from safelight.diffusion.types import Denoiser, NoiseSource, OnStep, Step


def dpmpp_2s_ancestral(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: NoiseSource,
    on_step: OnStep,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Tensor:
    """Single steps of second order: the estimate at the middle decides the step, then fresh noise is added.

    Two model calls a step, one on the last.

    Args:
        denoiser, x, sigmas, noise, on_step: As in `Sampler`.
        eta: Share of the noise renewed; 0 renews none.
        s_noise: Standard deviation of the fresh noise.

    Source: Lu et al. 2022, arXiv:2211.01095, algorithm 1 with r = 1/2; eta as in DDIM, arXiv:2010.02502.
    """
    process = denoiser.process
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        sigma_down, scale, sigma_up = split_renewal(process, sigma, sigma_next, eta)
        if sigma_down == 0:
            x = denoised
        else:
            middle = _middle(process, sigma, sigma_down)
            denoised_middle = denoiser(ddim_step(x, denoised, sigma, middle), middle)
            x = ddim_step(x, denoised_middle, sigma, sigma_down)
        if sigma_next > 0:
            x = scale * x + noise(sigma, sigma_next) * (s_noise * sigma_up)
    return x


def _middle(process: ForwardProcess, sigma: Tensor, sigma_next: Tensor) -> Tensor:
    """The noise level half way in log-SNR."""
    if process.flow and sigma == 1:
        # Pure noise is infinitely far in log-SNR, so that no middle exists: look from a hair below it.
        return torch.full_like(sigma, 0.9999)
    return process.sigma_of_half_log_snr((process.half_log_snr(sigma) + process.half_log_snr(sigma_next)) / 2)


def dpmpp_2s_ancestral_cfg_pp(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: NoiseSource,
    on_step: OnStep,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Tensor:
    """`dpmpp_2s_ancestral` that renoises along the estimate for the negative prompt (CFG++).

    Two model calls a step, one on the last. Noise adds in quadrature for flow models too.

    Args:
        denoiser, x, sigmas, noise, on_step: As in `Sampler`.
        eta: Share of the noise renewed; 0 renews none.
        s_noise: Standard deviation of the fresh noise.

    Source: Lu et al. 2022, arXiv:2211.01095, algorithm 1; Chung et al. 2024, arXiv:2406.08070.
    """
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised, uncond = denoiser.with_uncond(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        sigma_down, sigma_up = ancestral_split(sigma, sigma_next, eta)
        if sigma_down == 0:
            x = denoised
        else:
            time, time_down = -log(sigma), -log(sigma_down)
            h = time_down - time
            time_middle = time + h / 2
            guided = x + (denoised - uncond)
            x_middle = _noise_kept(time, time_middle) * guided - (-h / 2).expm1() * denoised
            denoised_middle, uncond = denoiser.with_uncond(x_middle, exp(-time_middle))
            guided = x + (denoised - uncond)
            x = _noise_kept(time, time_down) * guided - (-h).expm1() * denoised_middle
        if sigma_next > 0:
            x = x + noise(sigma, sigma_next) * (s_noise * sigma_up)
    return x


def _noise_kept(time: Tensor, time_next: Tensor) -> Tensor:
    """The share of the noise at `time` that is left at `time_next`; time is -log sigma."""
    return exp(-time_next) / exp(-time)


def dpmpp_2m(denoiser: Denoiser, x: Tensor, sigmas: Tensor, *, noise: NoiseSource, on_step: OnStep) -> Tensor:
    """Multisteps of second order: the estimate is carried on along the line from the one before.

    Arguments are `Sampler`'s.

    Source: Lu et al. 2022, arXiv:2211.01095, algorithm 2, with steps measured in log sigma; the last step,
    which is infinitely long, is of first order.
    """
    previous: tuple[Tensor, Tensor] | None = None
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        time, time_next = -log(sigma), -log(sigma_next)
        h = time_next - time
        estimate = denoised
        if previous is not None and sigma_next > 0:
            denoised_previous, h_previous = previous
            r = h_previous / h
            ahead = 1 / (2 * r)
            estimate = (1 + ahead) * denoised - ahead * denoised_previous
        x = _noise_kept(time, time_next) * x - (-h).expm1() * estimate
        previous = denoised, h
    return x


def dpmpp_2m_cfg_pp(denoiser: Denoiser, x: Tensor, sigmas: Tensor, *, noise: NoiseSource, on_step: OnStep) -> Tensor:
    """`dpmpp_2m` that renoises along the estimate for the negative prompt (CFG++).

    Arguments are `Sampler`'s.

    Source: Lu et al. 2022, arXiv:2211.01095, algorithm 2; Chung et al. 2024, arXiv:2406.08070.
    """
    previous: tuple[Tensor, Tensor] | None = None
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised, uncond = denoiser.with_uncond(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        h = log(sigma) - log(sigma_next)
        kept = exp(-h)
        change = -kept * uncond
        if previous is not None and sigma_next > 0:
            uncond_previous, h_previous = previous
            r = h_previous / h
            ahead = 1 / (2 * r)
            change = change - (-h).expm1() * ahead * (denoised - uncond_previous)
        x = denoised + change + kept * x
        previous = uncond, h
    return x
