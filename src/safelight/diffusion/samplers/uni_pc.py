"""UniPC: a multistep predictor and a corrector of one order more, which share their evaluations."""

from collections import deque
from collections.abc import Callable, Sequence
from math import factorial

import torch
from torch import Tensor

from safelight.diffusion.rounding import log, sqrt
from safelight.diffusion.types import Denoiser, NoiseSource, OnStep, Step

SIGMA_END = 0.001  # where the last step ends in place of 0, whose log-SNR is infinite


def uni_pc(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: NoiseSource,
    on_step: OnStep,
    order: int = 3,
) -> Tensor:
    """Predict, evaluate, correct with that evaluation, and predict on from there; B(h) = h.

    Args:
        denoiser: Guided model, (x, sigma) -> denoised; both latents [B, C, H, W]. Asked once a step.
        x: Noisy latent [B, C, H, W] at `sigmas[0]`.
        sigmas: Falling noise levels [steps + 1], on the CPU.
        noise: Not drawn from.
        on_step: Told of each step.
        order: Order of the predictor; the first and last steps use less.

    Returns:
        The latent at `sigmas[-1]`, shape and dtype of `x`. With a single step, whose end is too far for any
        order, the noise it was given, at standard deviation 1.

    Raises:
        Cancelled: From `on_step`, when the user has stopped the job.

    Source: Zhao et al. 2023, arXiv:2302.04867, algorithms 5 and 6 on the denoised latent. The process is
    taken to add noise without scaling the latent; a flow model, which does scale it, is stepped the same way.
    """
    return _uni_pc(denoiser, x, sigmas, on_step=on_step, order=order, scale=lambda h: h)


def uni_pc_bh2(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: NoiseSource,
    on_step: OnStep,
    order: int = 3,
) -> Tensor:
    """`uni_pc` with B(h) = exp(h) - 1, which suits few steps better.

    Arguments and result are those of `uni_pc`.
    """
    return _uni_pc(denoiser, x, sigmas, on_step=on_step, order=order, scale=torch.expm1)


def _uni_pc(
    denoiser: Denoiser, x: Tensor, sigmas: Tensor, *, on_step: OnStep, order: int, scale: Callable[[Tensor], Tensor]
) -> Tensor:
    """The method for any function B, here `scale`, on `x` at its variance-preserving size."""
    steps = len(sigmas) - 1
    levels = sigmas.clone()
    if levels[-1] == 0:
        levels[-1] = SIGMA_END
    sizes = sqrt(1 + levels**2)  # of the latent that the denoiser is asked about, over that of `x`
    # In float32 the noise at SIGMA_END comes out two percent low. Results elsewhere have that, so float64 is no gain.
    log_signals = 0.5 * log(1 / (levels**2 + 1))
    log_noises = 0.5 * log(1 - torch.exp(2 * log_signals))
    signals, noises = torch.exp(log_signals), torch.exp(log_noises)
    half_log_snrs = log_signals - log_noises
    # Ended above 0, the clean latent of a flow model is still scaled by its share of the mix.
    size_end = signals[-1] * (denoiser.process.signal(levels[-1]) if sigmas[-1] == 0 else 1)

    estimates = deque([denoiser(x, sigmas[0])], maxlen=order)  # newest first
    on_step(Step(0, sigmas[0], x, estimates[0]))
    x = x / sizes[0]
    if steps == 1:
        return x / size_end
    for index in range(1, steps + 1):
        used = min(order, index, steps + 1 - index)
        half_log_snr = half_log_snrs[index - used : index + 1].double().flip(0)
        h = half_log_snr[1] - half_log_snr[0]  # the paper's, negated because it predicts the denoised latent
        # Where the older estimates lie, as shares of this step, counted from where it begins.
        places = (half_log_snr[1] - half_log_snr[2:]) / h
        newest, *older = list(estimates)[:used]
        changes = [(estimate - newest) / float(place) for estimate, place in zip(older, places, strict=True)]
        first_order = noises[index] / noises[index - 1] * x - signals[index] * torch.expm1(h) * newest

        predicted = first_order - signals[index] * _correction(places, changes, h, scale(h))
        if index == steps:
            return predicted / size_end
        denoised = denoiser(predicted * sizes[index], levels[index])
        changes.append(denoised - newest)
        places = torch.cat([places, places.new_ones(1)])
        x = first_order - signals[index] * _correction(places, changes, h, scale(h))
        on_step(Step(index, levels[index], x * sizes[index], denoised))
        estimates.appendleft(denoised)
    return x


def _correction(places: Tensor, changes: Sequence[Tensor], h: Tensor, size: Tensor) -> Tensor:
    """What the changes of the denoised latent add to a step of first order.

    Args:
        places: Where the changes were measured, as shares of the step [n]; each has been divided by its own.
        changes: n latents.
        h: Minus the gain in half log-SNR.
        size: B(h).
    """
    weights = [0.5] if len(places) == 1 else _weights(places, h, size)
    return size * sum((weight * change for weight, change in zip(weights, changes, strict=True)), start=torch.zeros(()))


def _weights(places: Tensor, h: Tensor, size: Tensor) -> list[float]:
    """The weights that make the step exact for polynomials up to the number of places: R a = b in the paper."""
    if len(places) == 0:
        return []
    moments = []
    moment = torch.expm1(h) / h - 1
    for power in range(1, len(places) + 1):
        moments.append(moment * factorial(power) / size)
        moment = moment / h - 1 / factorial(power + 1)
    powers = torch.arange(len(places))
    weights: list[float] = torch.linalg.solve(places ** powers[:, None], torch.stack(moments)).tolist()
    return weights
