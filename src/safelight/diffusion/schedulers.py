"""Schedulers: the rules that give a sampler its sigmas.

Each is a pure function (schedule, steps) -> falling sigmas, float32, on the CPU, with 0 at the end. Most return
`steps + 1` of them; the rules that pick from the schedule's table return as many as it allows.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from safelight.diffusion.noise_schedule import NoiseSchedule
from safelight.diffusion.sigma_ranges import ending_at_zero, exponential_between, karras_between

Scheduler = Callable[[NoiseSchedule, int], Tensor]

NO_NOISE = 1e-5  # a level this low is the end of the way, and no 0 is put behind it


def simple(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Every n-th level of the table, from the highest down."""
    table = schedule.sigmas
    stride = len(table) / steps
    return ending_at_zero([float(table[-1 - int(index * stride)]) for index in range(steps)])


def sgm_uniform(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Even steps of the network's clock, leaving out the lowest level."""
    start, end = _clock_span(schedule)
    return ending_at_zero(schedule.sigma(torch.linspace(start, end, steps + 1)[:-1]))


def normal(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Even steps of the network's clock, from the highest level to the lowest."""
    start, end = _clock_span(schedule)
    if float(schedule.sigma(torch.tensor(end))) < NO_NOISE:
        return schedule.sigma(torch.linspace(start, end, steps + 1))
    return ending_at_zero(schedule.sigma(torch.linspace(start, end, steps)))


def karras(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Even steps of the seventh root of sigma (Karras et al. 2022, arXiv:2206.00364, equation 5)."""
    return karras_between(steps, schedule.sigma_max, schedule.sigma_min)


def exponential(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Even steps of the logarithm of sigma."""
    return exponential_between(steps, schedule.sigma_max, schedule.sigma_min)


def ddim_uniform(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Every n-th level of the table, from the lowest but one up (Song et al. 2021, arXiv:2010.02502)."""
    ends_at_zero = float(schedule.sigmas[1]) < NO_NOISE
    stride = max(len(schedule.sigmas) // (steps + ends_at_zero), 1)
    picked = schedule.sigmas[1::stride].flip(0)
    return picked.clone() if ends_at_zero else ending_at_zero(picked)


def beta(schedule: NoiseSchedule, steps: int, *, a: float = 0.6, b: float = 0.6) -> Tensor:
    """Levels dense at both ends, by the quantiles of a beta distribution (Lee et al. 2024, arXiv:2407.12173).

    Args:
        schedule: The model's noise levels.
        steps: How many levels to pick; neighbours that round to the same one are taken once.
        a: The smaller, the denser at high noise.
        b: The smaller, the denser at low noise.
    """
    from scipy.stats import beta as beta_distribution  # noqa: PLC0415 (a second to import)

    quantiles = 1 - np.linspace(0, 1, steps, endpoint=False)
    places = torch.from_numpy(beta_distribution.ppf(quantiles, a, b)) * (len(schedule.sigmas) - 1)
    return ending_at_zero(schedule.sigmas[torch.unique_consecutive(places.round().long())])


def linear_quadratic(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Small even steps from pure noise for the first half, then growing ones (Polyak et al. 2024, arXiv:2410.13720)."""
    if steps == 1:
        return ending_at_zero([schedule.sigma_max])
    linear_steps, linear_end = steps // 2, 0.025
    quadratic_steps = steps - linear_steps
    progress = torch.arange(steps, dtype=torch.float64)
    slope = linear_end / linear_steps
    curvature = (1 - linear_end - slope * quadratic_steps) / quadratic_steps**2
    beyond = (progress - linear_steps).clamp(min=0)
    return ending_at_zero((1 - slope * progress - curvature * beyond**2).float() * schedule.sigma_max)


def kl_optimal(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Even steps of the arctangent of sigma (Sabour et al. 2024, arXiv:2404.14507, equation 18)."""
    # near a right angle the tangent magnifies float32 rounding, so the weights are kept apart
    # as in the published rule; a single step starts at the top
    descent = torch.linspace(0, steps - 1, steps) / max(steps - 1, 1)
    angles = descent * math.atan(schedule.sigma_min) + (1 - descent) * math.atan(schedule.sigma_max)
    return ending_at_zero(angles.double().tan())


SCHEDULERS: dict[str, Scheduler] = {
    "simple": simple,
    "sgm_uniform": sgm_uniform,
    "karras": karras,
    "exponential": exponential,
    "ddim_uniform": ddim_uniform,
    "beta": beta,
    "normal": normal,
    "linear_quadratic": linear_quadratic,
    "kl_optimal": kl_optimal,
}


def sigmas_for(
    scheduler: str, schedule: NoiseSchedule, steps: int, denoise: float = 1.0, *, drops_penultimate_sigma: bool = False
) -> Tensor:
    """The sigmas of a run.

    Args:
        scheduler: A name in `SCHEDULERS`.
        schedule: The model's noise levels.
        steps: Steps to take, at least 1.
        denoise: Share of the way to go, 0 to 1: below 1 a longer way is laid out, and its end is gone.
        drops_penultimate_sigma: As the sampler's `SamplerSpec` says.

    Returns:
        Falling sigmas [steps + 1], float32, on the CPU; none where `denoise` is 0.
    """
    if denoise <= 0:
        return torch.empty(0)
    laid_out = steps if denoise > 0.9999 else int(steps / denoise)
    sigmas = SCHEDULERS[scheduler](schedule, laid_out + drops_penultimate_sigma)
    if drops_penultimate_sigma:
        sigmas = torch.cat([sigmas[:-2], sigmas[-1:]])
    return sigmas if laid_out == steps else sigmas[-(steps + 1) :]


def _clock_span(schedule: NoiseSchedule) -> tuple[float, float]:
    ends = schedule.timestep(torch.stack([schedule.sigmas[-1], schedule.sigmas[0]]))
    return float(ends[0]), float(ends[1])
