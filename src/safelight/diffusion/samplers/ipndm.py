"""iPNDM: multistep extrapolation of the slope dx/dsigma, with the weights of even steps or of the steps taken."""

from collections import deque
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from safelight.diffusion.types import Denoiser, NoiseSource, OnStep, Step

# Adams-Bashforth weights of the newest slope and those before it, and what they are over, by order.
ADAMS_BASHFORTH = (
    ((1,), 1),
    ((3, -1), 2),
    ((23, -16, 5), 12),
    ((55, -59, 37, -9), 24),
)


def ipndm(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: NoiseSource,
    on_step: OnStep,
    order: int = 4,
) -> Tensor:
    """Steps along a mean of the last slopes, weighted as if the steps were even.

    Args:
        denoiser: Guided model, (x, sigma) -> denoised; both latents [B, C, H, W].
        x: Noisy latent [B, C, H, W] at `sigmas[0]`.
        sigmas: Falling noise levels [steps + 1], on the CPU.
        noise: Not drawn from.
        on_step: Told of each step.
        order: How many slopes a step uses, 1 to 4; the first steps use as many as there are.

    Returns:
        The latent at `sigmas[-1]`, shape and dtype of `x`.

    Raises:
        Cancelled: From `on_step`, when the user has stopped the job.

    Source: Zhang & Chen 2022, arXiv:2204.13902, section 3 and appendix on iPNDM; it is PNDM (Liu et al. 2022,
    arXiv:2202.09778) with lower orders in place of the Runge-Kutta start.
    """
    slopes: deque[Tensor] = deque(maxlen=order)
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        if sigma_next == 0:
            return denoised
        slopes.appendleft((x - denoised) / sigma)
        weights, total = ADAMS_BASHFORTH[len(slopes) - 1]
        x = x + (sigma_next - sigma) * _weighted(weights, slopes) / total
    return x


def ipndm_v(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: NoiseSource,
    on_step: OnStep,
    order: int = 4,
) -> Tensor:
    """Steps along a mean of the last slopes, weighted by the lengths of the steps between them.

    Args:
        denoiser: Guided model, (x, sigma) -> denoised; both latents [B, C, H, W].
        x: Noisy latent [B, C, H, W] at `sigmas[0]`.
        sigmas: Falling noise levels [steps + 1], on the CPU.
        noise: Not drawn from.
        on_step: Told of each step.
        order: How many slopes a step uses, 1 to 4; the first steps use as many as there are.

    Returns:
        The latent at `sigmas[-1]`, shape and dtype of `x`.

    Raises:
        Cancelled: From `on_step`, when the user has stopped the job.

    Source: as `ipndm`, with weights for uneven steps (`_uneven_weights`).
    """
    slopes: deque[Tensor] = deque(maxlen=order)
    lengths = sigmas.diff().unbind()
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        if sigma_next == 0:
            return denoised
        slopes.appendleft((x - denoised) / sigma)
        weights = _uneven_weights(lengths[index + 1 - len(slopes) : index + 1][::-1])
        x = x + (sigma_next - sigma) * _weighted(weights, slopes)
    return x


def _weighted(weights: Sequence[float | Tensor], slopes: Sequence[Tensor]) -> Tensor:
    """The sum of `slopes`, each as much as its weight."""
    total = weights[0] * slopes[0]
    for weight, slope in zip(weights[1:], list(slopes)[1:], strict=True):
        total = total + weight * slope
    return total


def _uneven_weights(lengths: Sequence[Tensor]) -> list[Tensor]:
    """Weights of the newest slope and those before it, for steps of uneven length.

    Args:
        lengths: Length of the step to take, then of the steps taken, newest first; as many as slopes.

    The slope is a sum of backward differences, each as much as its mean over the step (Hairer, Nørsett & Wanner,
    *Solving Ordinary Differential Equations I*, III.5). The means of the second and third difference, and the
    weights in the third, are not quite the book's: they are those of the method as it is in use, with which people's
    pictures have been made. For even steps they agree up to third order; the fourth has 11/24 for the book's 9/24.
    """
    h = lengths[0]
    if len(lengths) == 1:
        return [torch.ones_like(h)]
    h1 = lengths[1]
    first = h / h1 / 2
    if len(lengths) == 2:
        return [1 + first, -first]
    h2 = lengths[2]
    ratio = h1 / h2
    second = (1 - h / (3 * (h + h1)) * (h * (h + h1)) / (h1 * (h1 + h2))) / 2
    if len(lengths) == 3:
        return [1 + first + second, -first - (1 + ratio) * second, second * h1 / h2]
    h3 = lengths[3]
    fall = h1 * (h1 + h2) / (h2 * (h2 + h3))
    mean = (1 - h / (3 * (h + h1))) / 2 + (1 - h / (2 * (h + h1))) * h / (6 * (h + h1 + h2))
    third = mean * (h * (h + h1) * (h + h1 + h2)) / (h1 * (h1 + h2) * (h1 + h2 + h3))
    return [
        1 + first + second + third,
        -first - (1 + ratio) * second - (1 + ratio + fall) * third,
        second * h1 / h2 + (ratio + fall * (1 + h2 / h3)) * third,
        -third * fall * h1 / h2,
    ]
