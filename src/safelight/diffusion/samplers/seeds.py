"""SEEDS: exponential integrators of two and three stages for the reverse SDE, with exact noise statistics."""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from safelight.diffusion.process import ForwardProcess
from safelight.diffusion.rounding import sqrt
from safelight.diffusion.types import Denoiser, NoiseSource, OnStep, Step


def seeds_2(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: NoiseSource,
    on_step: OnStep,
    eta: float = 1.0,
    s_noise: float = 1.0,
    r: float = 0.5,
) -> Tensor:
    """SDE steps of two stages: the estimate at a level in between decides the whole step.

    Args:
        denoiser: Guided model, (x, sigma) -> denoised; both latents [B, C, H, W]. Asked twice a step, once
            on the last.
        x: Noisy latent [B, C, H, W] at `sigmas[0]`.
        sigmas: Falling noise levels [steps + 1], on the CPU.
        noise: (sigma, sigma_next) -> unit noise shaped as `x`; asked once for each stage.
        on_step: Told of each step.
        eta: Share of the noise renewed; 0 follows the probability flow.
        s_noise: Standard deviation of the fresh noise.
        r: Where the level in between lies, as a share of the step in log-SNR, in (0, 1).

    Returns:
        The latent at `sigmas[-1]`, shape and dtype of `x`.

    Raises:
        Cancelled: From `on_step`, when the user has stopped the job.

    Source: Gonzalez et al. 2023, arXiv:2305.14267, SEEDS-2; with eta 0 it is DPM-Solver++ (2S),
    arXiv:2211.01095.
    """
    process = denoiser.process
    sigmas = process.finite_snr(sigmas)
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        if sigma_next == 0:
            return denoised
        start, end = _level(process, sigma), _level(process, sigma_next)
        mid = _between(process, start, end, r)
        h = end.half_log_snr - start.half_log_snr
        reach = h * (eta + 1)

        drawn = _renew(torch.zeros_like(x), noise(sigma, mid.sigma), r * h * eta)
        x_mid = _fade(x, start, mid, r * h * eta) - mid.signal * torch.expm1(-r * reach) * denoised
        x_mid = x_mid + drawn * mid.sigma * s_noise
        denoised_mid = denoiser(x_mid, mid.sigma)

        drawn = _renew(drawn, noise(mid.sigma, sigma_next), (1 - r) * h * eta)
        mixed = torch.lerp(denoised, denoised_mid, 1 / (2 * r))
        x = _fade(x, start, end, h * eta) - end.signal * torch.expm1(-reach) * mixed
        x = x + drawn * sigma_next * s_noise
    return x


def seeds_3(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: NoiseSource,
    on_step: OnStep,
    eta: float = 1.0,
    s_noise: float = 1.0,
    r_1: float = 1 / 3,
    r_2: float = 2 / 3,
) -> Tensor:
    """SDE steps of three stages, each along the slope that the stage before has found.

    Args:
        denoiser: Guided model, (x, sigma) -> denoised; both latents [B, C, H, W]. Asked three times a step,
            once on the last.
        x: Noisy latent [B, C, H, W] at `sigmas[0]`.
        sigmas: Falling noise levels [steps + 1], on the CPU.
        noise: (sigma, sigma_next) -> unit noise shaped as `x`; asked once for each stage.
        on_step: Told of each step.
        eta: Share of the noise renewed; 0 follows the probability flow.
        s_noise: Standard deviation of the fresh noise.
        r_1: Where the first level in between lies, as a share of the step in log-SNR, in (0, r_2).
        r_2: Where the second one lies, in (r_1, 1).

    Returns:
        The latent at `sigmas[-1]`, shape and dtype of `x`.

    Raises:
        Cancelled: From `on_step`, when the user has stopped the job.

    Source: Gonzalez et al. 2023, arXiv:2305.14267, SEEDS-3.
    """
    process = denoiser.process
    sigmas = process.finite_snr(sigmas)
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        if sigma_next == 0:
            return denoised
        start, end = _level(process, sigma), _level(process, sigma_next)
        first, second = (_between(process, start, end, share) for share in (r_1, r_2))
        h = end.half_log_snr - start.half_log_snr
        reach = h * (eta + 1)

        drawn = _renew(torch.zeros_like(x), noise(sigma, first.sigma), r_1 * h * eta)
        x_first = _fade(x, start, first, r_1 * h * eta) - first.signal * torch.expm1(-r_1 * reach) * denoised
        x_first = x_first + drawn * first.sigma * s_noise
        change = (denoised, denoiser(x_first, first.sigma), r_1 / r_2)

        drawn = _renew(drawn, noise(first.sigma, second.sigma), (r_2 - r_1) * h * eta)
        x_second = _fade(x, start, second, r_2 * h * eta) - second.signal * _gained(*change, -r_2 * reach)
        x_second = x_second + drawn * second.sigma * s_noise
        change = (denoised, denoiser(x_second, second.sigma), r_2)

        drawn = _renew(drawn, noise(second.sigma, sigma_next), (1 - r_2) * h * eta)
        x = _fade(x, start, end, h * eta) - end.signal * _gained(*change, -reach)
        x = x + drawn * sigma_next * s_noise
    return x


@dataclass(frozen=True)
class _Level:
    """A noise level in two scales, and the share of the clean latent at it."""

    half_log_snr: Tensor
    sigma: Tensor

    @property
    def signal(self) -> Tensor:
        return self.sigma * torch.exp(self.half_log_snr)


def _level(process: ForwardProcess, sigma: Tensor) -> _Level:
    return _Level(process.half_log_snr(sigma), sigma)


def _between(process: ForwardProcess, start: _Level, end: _Level, share: float) -> _Level:
    """The level `share` of the way from `start` to `end` in log-SNR."""
    half_log_snr = torch.lerp(start.half_log_snr, end.half_log_snr, share)
    return _Level(half_log_snr, process.sigma_of_half_log_snr(half_log_snr))


def _fade(x: Tensor, start: _Level, end: _Level, length: Tensor) -> Tensor:
    """What is left of `x` from `start` at `end`, after `length` of renewal."""
    return end.sigma / start.sigma * torch.exp(-length) * x


def _renew(drawn: Tensor, fresh: Tensor, length: Tensor) -> Tensor:
    """Carry the noise drawn so far over `length`: it fades by exp(-length), and fresh noise takes the room."""
    return drawn * torch.exp(-length) + sqrt(-torch.expm1(-2 * length)) * fresh


def _gained(denoised: Tensor, later: Tensor, way: float, reach: Tensor) -> Tensor:
    """The integral over a stage of a denoised latent that changes evenly, with minus its sign.

    Args:
        denoised: The estimate where the stage begins.
        later: The estimate at a level on the way.
        way: How far that level lies along the stage, as a share of it in log-SNR.
        reach: Minus the length of the stage.
    """
    whole = torch.expm1(reach)
    changed = (whole - reach) / reach / way
    return (whole - changed) * denoised + changed * later
