"""Noise levels between two bounds: the schedulers that ask nothing of a model, and changes to a schedule.

Each gives falling sigmas [steps + 1], float32, on the CPU, with 0 at the end, unless it says otherwise.
"""

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from safelight.diffusion.curves import Points, monotone_cubic
from safelight.errors import BadInput


def karras_between(steps: int, sigma_max: float, sigma_min: float, rho: float = 7.0) -> Tensor:
    """Even steps of the root of sigma (Karras et al. 2022, arXiv:2206.00364, equation 5).

    Args:
        steps: At least 1.
        sigma_max: The first level, above 0.
        sigma_min: The last one before 0, 0 or more.
        rho: Which root, above 0; the higher, the more steps at low noise.
    """
    high, low = sigma_max ** (1 / rho), sigma_min ** (1 / rho)
    return ending_at_zero((high + torch.linspace(0, 1, steps) * (low - high)) ** rho)


def exponential_between(steps: int, sigma_max: float, sigma_min: float) -> Tensor:
    """Even steps of the logarithm of sigma, from one level above 0 to another."""
    return ending_at_zero(torch.linspace(math.log(sigma_max), math.log(sigma_min), steps).exp())


def polyexponential(steps: int, sigma_max: float, sigma_min: float, rho: float = 1.0) -> Tensor:
    """Steps of the logarithm of sigma that grow as a power of the way that is left.

    Args:
        steps: At least 1.
        sigma_max, sigma_min: The first level and the last before 0, above 0.
        rho: The power; 1 takes even steps, more spends them at low noise.
    """
    left = torch.linspace(1, 0, steps) ** rho
    low, high = math.log(sigma_min), math.log(sigma_max)
    return ending_at_zero((left * (high - low) + low).exp())


def laplace(steps: int, sigma_max: float, sigma_min: float, mu: float = 0.0, beta: float = 0.5) -> Tensor:
    """Quantiles of a Laplace distribution of log sigma: dense in the middle, sparse at both ends.

    Args:
        steps: How many levels, at least 1.
        sigma_max, sigma_min: Bounds; what lies beyond is brought to them.
        mu: Where log sigma is densest.
        beta: How far it spreads.

    Returns:
        Falling levels [steps]. No 0 is put behind them, so that the last noise stays.

    Source: Hang et al. 2024, arXiv:2407.03297, section 3.
    """
    from_middle = 0.5 - torch.linspace(0, 1, steps)
    log_sigmas = mu - beta * from_middle.sign() * (1 - 2 * from_middle.abs() + 1e-5).log()
    return log_sigmas.exp().clamp(sigma_min, sigma_max)


def variance_preserving(steps: int, beta_d: float = 19.9, beta_min: float = 0.1, eps_s: float = 1e-3) -> Tensor:
    """Even steps in the time of the variance-preserving SDE, whose rate of noise grows evenly.

    Args:
        steps: At least 1.
        beta_d: How much the rate grows.
        beta_min: The rate at time 0.
        eps_s: The last time before 0.

    Source: Song et al. 2021, arXiv:2011.13456, as in Karras et al. 2022, arXiv:2206.00364, table 1.
    """
    time = torch.linspace(1, eps_s, steps)
    return ending_at_zero((beta_d * time**2 / 2 + beta_min * time).expm1().sqrt())


# (share of the way up, lowest, highest) -> noise level
SCALES: dict[str, Callable[[Tensor, float, float], Tensor]] = {
    "logarithmic": lambda share, low, high: low * (high / low) ** share,
    "linear": lambda share, low, high: low + (high - low) * share,
}


def along_curve(curve: Points, steps: int, sigma_max: float, sigma_min: float, scale: str) -> Tensor:
    """Levels along a drawn line, at even distances from its left to its right.

    Args:
        curve: Its height is 1 at the highest level and 0 at the lowest.
        steps: How many levels, at least 1.
        sigma_max, sigma_min: The highest and the lowest, above 0.
        scale: A name in `SCALES`: what half the height is.

    Raises:
        BadInput: The curve does not fall from each step to the next.
    """
    heights = monotone_cubic(curve, torch.linspace(0, 1, steps, dtype=torch.float64))
    sigmas = ending_at_zero(SCALES[scale](heights, sigma_min, sigma_max))
    for step, (sigma, sigma_next) in enumerate(pairwise(sigmas.tolist()), 1):
        if sigma_next >= sigma:
            what = f"The noise does not fall after step {step}: there the curve is level, or it rises."
            raise BadInput(what, mend="Draw a curve that falls all the way from left to right.")
    return sigmas


def from_levels(levels: list[float], steps: int, denoise: float = 1.0) -> Tensor:
    """A schedule that was found for some number of steps, for another number.

    Args:
        levels: Falling, above 0. The last one stands for the end of the way.
        steps: How many, at least 1. Levels between those given are found by even steps of the logarithm.
        denoise: Share of the steps to take, the last ones; 0 takes none.

    Returns:
        As many levels as there are steps left, and a 0; none where `denoise` is 0.
    """
    if denoise <= 0:
        return torch.empty(0)
    places = np.linspace(0, len(levels) - 1, steps + 1)
    between = np.exp(np.interp(places, np.arange(len(levels)), np.log(levels)))
    kept = round(steps * denoise)
    return ending_at_zero(torch.from_numpy(between[-(kept + 1) : -1]))


# How far a step is gone, 0 to 1, for each share of its parts.
SPACINGS: dict[str, Callable[[Tensor], Tensor]] = {
    "linear": lambda share: share,
    "cosine": lambda share: (share * math.pi / 2).sin(),
    "sine": lambda share: 1 - (share * math.pi / 2).cos(),
}


def extended(sigmas: Tensor, parts: int, start: float, end: float, spacing: str) -> Tensor:
    """Cut the steps that begin between two levels into several.

    Args:
        sigmas: Falling levels [n].
        parts: How many each of these steps becomes.
        start, end: The highest and lowest level at which a step may begin.
        spacing: A name in `SPACINGS`.

    Returns:
        The levels, with `parts - 1` more after each such one.
    """
    shares = SPACINGS[spacing](torch.linspace(0, 1, parts + 1)[:-1])
    pieces = []
    for sigma, sigma_next in pairwise(sigmas):
        cut = shares if end <= sigma <= start else shares[:1]
        pieces.append(torch.lerp(sigma, sigma_next, cut))
    return torch.cat([*pieces, sigmas[-1:]])


def ending_at_zero(sigmas: Tensor | list[float]) -> Tensor:
    """`sigmas` in float32, and a 0 behind them."""
    positive = torch.as_tensor(sigmas, dtype=torch.float32)
    return torch.cat([positive, positive.new_zeros(1)])
