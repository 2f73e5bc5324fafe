"""DEIS: exponential integrator steps along slopes extrapolated by polynomials in the diffusion time."""

import math
from collections import deque
from itertools import pairwise

import torch
from torch import Tensor

from safelight.diffusion.rounding import log, sqrt
from safelight.diffusion.types import Denoiser, NoiseSource, OnStep, Step

# The linear variance-preserving schedule, beta from BETA_MIN to BETA_MIN + BETA_RISE over t in [0, 1], that has
# sigma 0.002 at t = 0.001 and sigma 80 at t = 1: the noise levels of Karras et al. 2022, arXiv:2206.00364, table 1.
LOG_VARIANCE_START, LOG_VARIANCE_END = math.log(0.002**2 + 1), math.log(80.0**2 + 1)
BETA_RISE = 2 * (LOG_VARIANCE_END - LOG_VARIANCE_START / 0.001) / (1 - 0.001)
BETA_MIN = LOG_VARIANCE_END - BETA_RISE / 2

QUADRATURE_POINTS = 10_000


def deis(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: NoiseSource,
    on_step: OnStep,
    order: int = 3,
) -> Tensor:
    """Multistep steps whose slope is a polynomial in the time of a variance-preserving schedule.

    Args:
        denoiser: Guided model, (x, sigma) -> denoised; both latents [B, C, H, W].
        x: Noisy latent [B, C, H, W] at `sigmas[0]`.
        sigmas: Falling noise levels [steps + 1], on the CPU.
        noise: Not drawn from.
        on_step: Told of each step.
        order: How many slopes a step uses; the first steps use as many as there are.

    Returns:
        The latent at `sigmas[-1]`, shape and dtype of `x`.

    Raises:
        Cancelled: From `on_step`, when the user has stopped the job.

    Source: Zhang & Chen 2022, arXiv:2204.13902, tAB-DEIS.
    """
    slopes: deque[Tensor] = deque(maxlen=order)
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        if sigma_next == 0:
            return denoised
        slopes.appendleft((x - denoised) / sigma)
        used = sigmas[index + 1 - len(slopes) : index + 1].flip(0)
        for weight, slope in zip(_weights(used, sigma_next), slopes, strict=True):
            x = x + weight * slope
    return x


def _weights(used: Tensor, sigma_next: Tensor) -> list[float]:
    """The integral over sigma, from the newest level to `sigma_next`, of each slope's Lagrange polynomial.

    Args:
        used: Noise levels of the slopes [order], newest first.
        sigma_next: Where the step ends.
    """
    if len(used) == 1:
        return [float(sigma_next - used[0])]
    # Times in the float32 of `sigmas`: for a small sigma that rounding, too, is part of the result.
    nodes = _time(used).double()
    end = _time(sigma_next).double()
    # The sum counts both ends whole. Its error, 1e-4 of a weight, is in results elsewhere, so an exact one is no gain.
    times = torch.linspace(float(nodes[0]), float(end), QUADRATURE_POINTS, dtype=torch.float64)
    sigma_gain = _sigma_slope(times) * (end - nodes[0]) / QUADRATURE_POINTS
    weights = []
    for node in nodes:
        others = nodes[nodes != node]
        polynomial = ((times - others[:, None]) / (node - others[:, None])).prod(dim=0)
        weights.append(float((sigma_gain * polynomial).sum()))
    return weights


def _time(sigma: Tensor) -> Tensor:
    """The time t at which the schedule has noise level `sigma`."""
    return (sqrt(BETA_MIN**2 + 2 * BETA_RISE * log(sigma**2 + 1)) - BETA_MIN) / BETA_RISE


def _sigma_slope(time: Tensor) -> Tensor:
    """The derivative of the noise level by the time."""
    variance = torch.expm1(BETA_RISE / 2 * time**2 + BETA_MIN * time)
    return (BETA_RISE * time + BETA_MIN) * (variance + 1) / (2 * variance.sqrt())
