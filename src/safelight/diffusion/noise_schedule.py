"""The noise a model was trained with: its levels, its clock, and how noise is laid over a latent."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from safelight.diffusion.process import ForwardProcess
from safelight.diffusion.rounding import exp, sqrt

TRAIN_STEPS = 1000
LCM_STRIDE = 20  # latent consistency models are distilled on 50 of the steps
ABOVE_ALL_SIGMAS = 999999999.9  # stands for "before the first step" of a diffusion model
TERMINAL_SIGNAL_SQUARED = 4.8973451890853435e-08  # zero would ask for an infinite sigma
FINITE_SNR_PERCENT = 1e-4  # how far into a flow a log-SNR solver begins


@dataclass(frozen=True)
class NoiseSchedule:
    """One model's noise levels and its clock.

    Attributes:
        sigmas: A table of rising noise levels [n], float32, from `sigma_min` to `sigma_max`.
        timestep: Noise level of any shape -> the network's own clock, same shape.
        sigma: The network's clock -> noise level, same shape.
        percent_to_sigma: Progress of sampling, 0 (start) to 1 (end) -> the noise level reached there.
        process: How noise and latent are mixed.
    """

    sigmas: Tensor
    timestep: Callable[[Tensor], Tensor]
    sigma: Callable[[Tensor], Tensor]
    percent_to_sigma: Callable[[float], float]
    process: ForwardProcess

    @property
    def sigma_min(self) -> float:
        """The lowest positive noise level."""
        return float(self.sigmas[0])

    @property
    def sigma_max(self) -> float:
        """The highest noise level, at which sampling from nothing begins."""
        return float(self.sigmas[-1])

    def begins_at_max(self, sigmas: Tensor) -> bool:
        """Whether a run over `sigmas` starts from pure noise, as against a noised latent."""
        first = float(sigmas[0])
        return first > self.sigma_max or math.isclose(first, self.sigma_max, rel_tol=1e-5)

    def noise_scaling(self, sigma: Tensor, noise: Tensor, latent: Tensor, *, max_denoise: bool = False) -> Tensor:
        """Lay noise over a latent.

        Args:
            sigma: Noise level, a scalar.
            noise: Unit noise [B, C, H, W].
            latent: Clean latent [B, C, H, W].
            max_denoise: Whether sampling starts from nothing. The noise of a diffusion model then takes
                the variance that its training data had at this level, `1 + sigma^2`.

        Returns:
            The noisy latent [B, C, H, W].
        """
        if max_denoise and not self.process.flow:
            return noise * sqrt(1 + sigma**2) + latent
        return self.process.signal(sigma) * latent + sigma * noise

    def inverse_noise_scaling(self, sigma: Tensor, latent: Tensor) -> Tensor:
        """The latent in `x` at `sigma`, scaled as a clean one; what noise is left stays in it."""
        return latent / self.process.signal(sigma)


def scaled_linear_betas(start: float = 0.00085, end: float = 0.012, steps: int = TRAIN_STEPS) -> Tensor:
    """Noise variances per training step [steps], float64: linear in their square root (Stable Diffusion)."""
    return torch.linspace(start**0.5, end**0.5, steps, dtype=torch.float64) ** 2


BETAS: dict[str, Callable[[], Tensor]] = {
    "scaled_linear": scaled_linear_betas,  # SD 1.x, SD 2.x, SDXL
    "scaled_linear_x4": partial(scaled_linear_betas, 0.0001, 0.02),  # SD 2.x upscaler
}
"""Noise variances per training step, by the name of a family's schedule."""


def discrete(betas: Tensor, *, zero_terminal_snr: bool = False, stride: int = 1) -> NoiseSchedule:
    """A schedule of as many levels as the network was trained on, log-linear between them.

    Args:
        betas: Noise variances per training step [n], float64.
        zero_terminal_snr: Whether the network was trained to start from pure noise (Lin et al. 2023,
            arXiv:2305.08891).
        stride: For a student that was distilled on every so many steps, counted from the last. It divides n.
    """
    signal = torch.cumprod(1 - betas, dim=0)
    if zero_terminal_snr:
        signal = _without_terminal_signal(signal)
    sigmas = ((1 - signal) / signal) ** 0.5
    last_step = len(sigmas) - 1
    sigmas = sigmas[stride - 1 :: stride]
    log_sigmas = sigmas.log().float()  # from float64, and so not the logarithms of the float32 table

    def timestep(sigma: Tensor) -> Tensor:
        distance = sigma.log().reshape(1, -1) - log_sigmas.to(sigma.device)[:, None]
        return distance.abs().argmin(dim=0).reshape(sigma.shape) * stride + (stride - 1)

    def sigma(timestep: Tensor) -> Tensor:
        clock = ((timestep.float() - (stride - 1)) / stride).clamp(0, len(log_sigmas) - 1)
        table, part = log_sigmas.to(clock.device), clock.frac()
        return exp((1 - part) * table[clock.floor().long()] + part * table[clock.ceil().long()])

    def percent_to_sigma(percent: float) -> float:
        return float(sigma(torch.tensor((1 - percent) * last_step)))

    process = _process(percent_to_sigma, flow=False)
    return NoiseSchedule(sigmas.float(), timestep, sigma, _bounded(percent_to_sigma, start=ABOVE_ALL_SIGMAS), process)


def continuous_edm(sigma_min: float = 0.002, sigma_max: float = 80.0) -> NoiseSchedule:
    """Any level between two bounds; the clock is `log(sigma) / 4` (Karras et al. 2022, arXiv:2206.00364)."""
    return _log_uniform(
        sigma_min,
        sigma_max,
        timestep=lambda sigma: 0.25 * sigma.log(),
        sigma=lambda timestep: (timestep / 0.25).exp(),
    )


def continuous_v(sigma_min: float = 0.002, sigma_max: float = 120.0) -> NoiseSchedule:
    """Any level between two bounds; the clock is the angle between latent and noise over a right angle."""
    return _log_uniform(
        sigma_min,
        sigma_max,
        timestep=lambda sigma: sigma.atan() / math.pi * 2,
        sigma=lambda timestep: (timestep * math.pi / 2).tan(),
    )


def continuous_flow(sigma_min: float = 0.002, sigma_max: float = 80.0) -> NoiseSchedule:
    """Any level between two bounds for a flow written as variance exploding; the clock is the share of noise.

    Source: Liu et al. 2022, arXiv:2209.03003, divided by its signal, `1 - clock`.
    """
    return _log_uniform(
        sigma_min,
        sigma_max,
        timestep=lambda sigma: sigma / (sigma + 1),
        sigma=lambda timestep: (timestep / (1 - timestep)).clamp(max=sigma_max),
    )


def linear_flow(shift: float = 1.0, *, multiplier: float = 1000.0, levels: int = TRAIN_STEPS) -> NoiseSchedule:
    """A flow whose levels lean towards noise, as larger pictures need.

    Args:
        shift: How much: at each time the ratio of noise to signal grows by it. 1 is the plain flow.
        multiplier: What the network's clock reads at pure noise.
        levels: Entries of the table.

    Source: Esser et al. 2024, arXiv:2403.03206, equation 23.
    """

    def lean(time: Tensor) -> Tensor:
        return shift * time / (1 + (shift - 1) * time)

    def sigma(timestep: Tensor) -> Tensor:
        return lean(timestep / multiplier)

    def percent_to_sigma(percent: float) -> float:
        return float(lean(torch.tensor(1 - percent, dtype=torch.float64)))

    return NoiseSchedule(
        sigmas=lean(torch.arange(1, levels + 1) / levels),
        timestep=lambda sigma: sigma * multiplier,
        sigma=sigma,
        percent_to_sigma=_bounded(percent_to_sigma, start=1.0),
        process=_process(percent_to_sigma, flow=True),
    )


def schedule_of(betas: str, prediction: str, *, zero_terminal_snr: bool) -> NoiseSchedule:
    """What a Stable Diffusion network was trained on.

    Args:
        betas: A name of `BETAS`.
        prediction: What it predicts; `flow` for one that was taught the plain flow in the place of diffusion.
        zero_terminal_snr: As of `discrete`; a flow begins with pure noise anyhow.
    """
    if prediction == "flow":
        return linear_flow()
    return discrete(BETAS[betas](), zero_terminal_snr=zero_terminal_snr)


def sd3(shift: float = 3.0) -> NoiseSchedule:
    """The flow of SD3 and its kin; the clock reads 0 to 1000."""
    return linear_flow(shift)


def flux(shift: float = 1.15) -> NoiseSchedule:
    """The flow of Flux, whose shift is given as a logarithm; the clock reads 0 to 1."""
    return linear_flow(math.exp(shift), multiplier=1.0, levels=10 * TRAIN_STEPS)


def _log_uniform(
    sigma_min: float, sigma_max: float, *, timestep: Callable[[Tensor], Tensor], sigma: Callable[[Tensor], Tensor]
) -> NoiseSchedule:
    low, high = math.log(sigma_min), math.log(sigma_max)

    def percent_to_sigma(percent: float) -> float:
        return math.exp(low + (high - low) * (1 - percent))

    return NoiseSchedule(
        sigmas=torch.linspace(low, high, TRAIN_STEPS).exp(),
        timestep=timestep,
        sigma=sigma,
        percent_to_sigma=_bounded(percent_to_sigma, start=ABOVE_ALL_SIGMAS),
        process=_process(percent_to_sigma, flow=False),
    )


def _process(percent_to_sigma: Callable[[float], float], *, flow: bool) -> ForwardProcess:
    return ForwardProcess(
        flow=flow,
        sigma_near_max=percent_to_sigma(FINITE_SNR_PERCENT) if flow else math.inf,
        stochastic_span=(percent_to_sigma(0.2), percent_to_sigma(0.8)),
    )


def _bounded(percent_to_sigma: Callable[[float], float], start: float) -> Callable[[float], float]:
    """`percent_to_sigma`, with `start` for all up to 0 and no noise from 1 on."""

    def bounded(percent: float) -> float:
        if percent <= 0:
            return start
        return 0.0 if percent >= 1 else percent_to_sigma(percent)

    return bounded


def _without_terminal_signal(signal_squared: Tensor) -> Tensor:
    """Shift and stretch the signal [n] so that it starts as it did and all but vanishes at the end."""
    signal = signal_squared.sqrt()
    first, last = signal[0].clone(), signal[-1].clone()
    signal = (signal - last) * first / (first - last)
    signal_squared = signal**2
    signal_squared[-1] = TERMINAL_SIGNAL_SQUARED
    return signal_squared
