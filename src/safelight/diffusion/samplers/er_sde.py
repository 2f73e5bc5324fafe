"""ER-SDE: the extended reverse-time SDE, whose amount of fresh noise is a free function of the noise level."""

from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

from safelight.diffusion.rounding import sqrt
from safelight.diffusion.types import Denoiser, NoiseSource, OnStep, Step

INTEGRATION_POINTS = 200


def noise_scale_5(ratio: Tensor) -> Tensor:
    """The paper's phi, called ER-SDE 5: the larger its slope, the more of the noise is renewed."""
    return ratio * (torch.exp(ratio**0.3) + 10)


def reverse_time_scale(eta: float) -> Callable[[Tensor], Tensor]:
    """The phi of the reverse-time SDE at a strength: 1 is that SDE, 0 the probability flow."""
    return lambda ratio: ratio ** (eta + 1)


def er_sde(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: NoiseSource,
    on_step: OnStep,
    s_noise: float = 1.0,
    max_stage: int = 3,
    noise_scale: Callable[[Tensor], Tensor] = noise_scale_5,
) -> Tensor:
    """Steps along the extended reverse-time SDE, by a Taylor expansion of the denoised latent.

    Args:
        denoiser: Guided model, (x, sigma) -> denoised; both latents [B, C, H, W].
        x: Noisy latent [B, C, H, W] at `sigmas[0]`.
        sigmas: Falling noise levels [steps + 1], on the CPU.
        noise: (sigma, sigma_next) -> unit noise shaped as `x`, seeded by the caller.
        on_step: Told of each step.
        s_noise: Factor on the fresh noise.
        max_stage: Order of the expansion, 1 to 3; the first steps use as many as they have history for.
        noise_scale: The paper's phi, of the ratio of noise to signal.

    Returns:
        The latent at `sigmas[-1]`, shape and dtype of `x`.

    Raises:
        Cancelled: From `on_step`, when the user has stopped the job.

    Source: Cui et al. 2023, arXiv:2309.06169, by default with the noise function ER-SDE 5 of its section 4; the
    integrals are taken as there, by left sums over 200 points.
    """
    process = denoiser.process
    sigmas = process.finite_snr(sigmas)
    ratios = torch.exp(-process.half_log_snr(sigmas))  # the paper's lambda: noise over signal
    signals = sigmas / ratios
    # The denoised latent at the last step and its divided differences over `ratios`, lowest order first.
    history: list[Tensor] = []
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        if sigma_next == 0:
            return denoised
        ratio, ratio_next = ratios[index], ratios[index + 1]
        differences = [denoised]
        for order, older in enumerate(history[: max_stage - 1], start=1):
            spacing = (ratio - ratios[index - order]) / order
            differences.append((differences[-1] - older) / spacing)
        history = differences

        signal_next = signals[index + 1]
        kept = noise_scale(ratio_next) / noise_scale(ratio)
        x = signal_next / signals[index] * kept * x
        for weight, difference in zip(_taylor_weights(ratio, ratio_next, noise_scale), differences, strict=False):
            x = x + signal_next * weight * difference
        fresh = sqrt((ratio_next**2 - ratio**2 * kept**2).clamp(min=0))
        x = x + signal_next * noise(sigma, sigma_next) * s_noise * fresh
    return x


def _taylor_weights(
    ratio: Tensor, ratio_next: Tensor, noise_scale: Callable[[Tensor], Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """What the denoised latent and its first two derivatives at `ratio` add on the way to `ratio_next`."""
    step = ratio_next - ratio
    spacing = -step / INTEGRATION_POINTS
    positions = ratio_next + spacing * torch.arange(INTEGRATION_POINTS)
    scales = noise_scale(positions)
    first = (1 / scales).sum() * spacing
    second = ((positions - ratio) / scales).sum() * spacing
    scale_next = noise_scale(ratio_next)
    return 1 - scale_next / noise_scale(ratio), step + first * scale_next, step**2 / 2 + second * scale_next
