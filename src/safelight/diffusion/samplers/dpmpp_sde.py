"""DPM-Solver++ for the reverse diffusion SDE: every step renews noise, drawn from one Brownian path."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from torch import Tensor

from safelight.diffusion.rounding import exp, log, sqrt
from safelight.diffusion.samplers.steps import ancestral_split
from safelight.diffusion.types import Denoiser, NoiseSource, OnStep, Step


def dpmpp_sde(
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
    """Single steps of second order: a noisy step part of the way, then the whole from both estimates.

    Two model calls a step, one on the last.

    Args:
        denoiser, x, sigmas, noise, on_step: As in `Sampler`.
        eta: Share of the noise renewed; 0 renews none.
        s_noise: Standard deviation of the fresh noise.
        r: Where the inner point lies, as a share of the step in log-SNR, in (0, 1].

    Source: Lu et al. 2022, arXiv:2211.01095, algorithm 1 in its SDE form; eta as in DDIM, arXiv:2010.02502.
    """
    process = denoiser.process
    for index, (sigma, sigma_next) in enumerate(pairwise(process.finite_snr(sigmas))):
        denoised = denoiser(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        if sigma_next == 0:
            x = denoised
            continue
        start, end = (_Level(level, process.half_log_snr(level)) for level in (sigma, sigma_next))
        half_log_snr = start.half_log_snr + r * (end.half_log_snr - start.half_log_snr)
        inner = _Level(process.sigma_of_half_log_snr(half_log_snr), half_log_snr)
        x_inner, sigma_up = _ancestral_step(x, denoised, start, inner, eta)
        x_inner = x_inner + inner.signal * noise(sigma, inner.sigma) * (s_noise * sigma_up)
        denoised_inner = denoiser(x_inner, inner.sigma)
        share = 1 / (2 * r)
        estimate = (1 - share) * denoised + share * denoised_inner
        x, sigma_up = _ancestral_step(x, estimate, start, end, eta)
        x = x + end.signal * noise(sigma, sigma_next) * (s_noise * sigma_up)
    return x


class _Level(NamedTuple):
    """A noise level and its half log-SNR."""

    sigma: Tensor
    half_log_snr: Tensor

    @property
    def signal(self) -> Tensor:
        return self.sigma * exp(self.half_log_snr)


def _ancestral_step(x: Tensor, denoised: Tensor, start: _Level, end: _Level, eta: float) -> tuple[Tensor, Tensor]:
    """Step along a constant `denoised`; also the deviation of the noise to add, as a share of the signal.

    Divided by its signal, the latent of any process is variance exploding, and `ancestral_split` holds.
    """
    sigma_down, sigma_up = ancestral_split(exp(-start.half_log_snr), exp(-end.half_log_snr), eta)
    h = -log(sigma_down) - start.half_log_snr
    x = (end.signal / start.signal) * exp(-h) * x - end.signal * (-h).expm1() * denoised
    return x, sigma_up


def dpmpp_2m_sde(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: NoiseSource,
    on_step: OnStep,
    eta: float = 1.0,
    s_noise: float = 1.0,
    solver_type: Literal["midpoint", "heun"] = "midpoint",
) -> Tensor:
    """Multisteps of second order: the estimate is carried on along the line from the one before.

    Args:
        denoiser, x, sigmas, noise, on_step: As in `Sampler`.
        eta: Strength of the SDE; 0 follows the probability flow, without noise.
        s_noise: Standard deviation of the fresh noise.
        solver_type: How the line is integrated: "midpoint" takes its value in the middle of the step, "heun"
            (`dpmpp_2m_sde_heun`) weights it exactly.

    Source: Lu et al. 2022, arXiv:2211.01095, algorithm 2 in its SDE form.
    """
    correction = _midpoint if solver_type == "midpoint" else _linear
    return _multistep_sde(denoiser, x, sigmas, noise, on_step, eta, s_noise, correction)


def dpmpp_3m_sde(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: NoiseSource,
    on_step: OnStep,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> Tensor:
    """Multisteps of third order: the estimate is carried on along the parabola through the two before.

    Args:
        denoiser, x, sigmas, noise, on_step: As in `Sampler`.
        eta: Strength of the SDE; 0 follows the probability flow, without noise.
        s_noise: Standard deviation of the fresh noise.

    Source: Lu et al. 2022, arXiv:2211.01095, the SDE form, with one more term of the Taylor series.
    """
    return _multistep_sde(denoiser, x, sigmas, noise, on_step, eta, s_noise, _quadratic)


class _Past(NamedTuple):
    """An earlier estimate, and the length in half log-SNR of the step that followed it."""

    denoised: Tensor
    h: Tensor


class _Stride(NamedTuple):
    """A step of a multistep solver.

    `h` is its length in half log-SNR, `h_eta` that length under the drift of the SDE, 1 + eta times as strong, and
    `signal` the share of signal where it ends.
    """

    h: Tensor
    h_eta: Tensor
    signal: Tensor


# (first-order step, stride, denoised, past estimates with the newest first) -> step of higher order
_Correction = Callable[[Tensor, _Stride, Tensor, Sequence[_Past]], Tensor]


def _multistep_sde(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    noise: NoiseSource,
    on_step: OnStep,
    eta: float,
    s_noise: float,
    correction: _Correction,
) -> Tensor:
    process = denoiser.process
    past: list[_Past] = []
    for index, (sigma, sigma_next) in enumerate(pairwise(process.finite_snr(sigmas))):
        denoised = denoiser(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        if sigma_next == 0:
            x = denoised
            continue
        half_log_snr_next = process.half_log_snr(sigma_next)
        h = half_log_snr_next - process.half_log_snr(sigma)
        stride = _Stride(h, h * (eta + 1), sigma_next * exp(half_log_snr_next))
        x = sigma_next / sigma * exp(-h * eta) * x - stride.signal * (-stride.h_eta).expm1() * denoised
        if past:
            x = correction(x, stride, denoised, past)
        renewed = sqrt(-(-2 * h * eta).expm1())
        x = x + noise(sigma, sigma_next) * sigma_next * renewed * s_noise
        past = [_Past(denoised, h), *past[:1]]
    return x


def _midpoint(x: Tensor, stride: _Stride, denoised: Tensor, past: Sequence[_Past]) -> Tensor:
    """The line through the last two estimates, taken at the middle of the step."""
    denoised_1, h_1 = past[0]
    r = h_1 / stride.h
    return x - 0.5 * stride.signal * (-stride.h_eta).expm1() * (1 / r) * (denoised - denoised_1)


def _linear(x: Tensor, stride: _Stride, denoised: Tensor, past: Sequence[_Past]) -> Tensor:
    """The line through the last two estimates, integrated exactly."""
    denoised_1, h_1 = past[0]
    r = h_1 / stride.h
    return x + stride.signal * _phi_2(stride.h_eta) * (1 / r) * (denoised - denoised_1)


def _quadratic(x: Tensor, stride: _Stride, denoised: Tensor, past: Sequence[_Past]) -> Tensor:
    """The parabola through the last three estimates, integrated exactly; the line while there are two."""
    phi_2 = _phi_2(stride.h_eta)
    denoised_1, h_1 = past[0]
    r_1 = h_1 / stride.h
    newer = (denoised - denoised_1) / r_1
    if len(past) == 1:
        return x + (stride.signal * phi_2) * newer
    denoised_2, h_2 = past[1]
    r_2 = h_2 / stride.h
    older = (denoised_1 - denoised_2) / r_2
    slope = newer + (newer - older) * r_1 / (r_1 + r_2)
    curvature = (newer - older) / (r_1 + r_2)
    phi_3 = phi_2 / stride.h_eta - 0.5
    return x + (stride.signal * phi_2) * slope - (stride.signal * phi_3) * curvature


def _phi_2(h: Tensor) -> Tensor:
    """Weight of a slope of 1 per step, under the exponential decay of the integrator."""
    return (-h).expm1() / h + 1
