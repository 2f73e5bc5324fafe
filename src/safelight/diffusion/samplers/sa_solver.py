"""SA-Solver: stochastic Adams predictor and corrector steps, with fresh noise in the middle of the schedule only."""

from collections import deque

import torch
from torch import Tensor

from safelight.diffusion.rounding import sqrt
from safelight.diffusion.types import Denoiser, NoiseSource, OnStep, Step


def sa_solver(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: NoiseSource,
    on_step: OnStep,
    eta: float = 1.0,
    s_noise: float = 1.0,
    predictor_order: int = 3,
    corrector_order: int = 4,
    stochastic_span: tuple[float, float] | None = None,
    simple_order_2: bool = False,
) -> Tensor:
    """Predict by Adams-Bashforth, evaluate, and correct by Adams-Moulton, both along the reverse SDE.

    Args:
        denoiser: Guided model, (x, sigma) -> denoised; both latents [B, C, H, W]. Asked once a step.
        x: Noisy latent [B, C, H, W] at `sigmas[0]`.
        sigmas: Falling noise levels [steps + 1], on the CPU.
        noise: (sigma, sigma_next) -> unit noise shaped as `x`; asked only where the process is stochastic.
        on_step: Told of each step, of the predicted `x` and what the model made of it.
        eta: The paper's tau within `stochastic_span`; outside it is 0.
        s_noise: Standard deviation of the fresh noise.
        predictor_order: Estimates used to predict; the first steps use as many as there are.
        corrector_order: Estimates used to correct, that of the predicted `x` among them; 0 corrects nothing.
        stochastic_span: The highest and lowest noise level that fresh noise may leave in the latent; None for
            the process's own.
        simple_order_2: Whether steps that use two estimates weigh the older one by the leading term of its
            integral alone.

    Returns:
        The latent at `sigmas[-1]`, shape and dtype of `x`.

    Raises:
        Cancelled: From `on_step`, when the user has stopped the job.

    Source: Xue et al. 2023, arXiv:2309.05019, algorithm 1, on the denoised latent.
    """
    return _sa_solver(
        denoiser,
        x,
        sigmas,
        noise=noise,
        on_step=on_step,
        eta=eta,
        s_noise=s_noise,
        orders=(predictor_order, corrector_order),
        stochastic_span=stochastic_span,
        simple_order_2=simple_order_2,
        evaluates_corrected=False,
    )


def sa_solver_pece(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: NoiseSource,
    on_step: OnStep,
    eta: float = 1.0,
    s_noise: float = 1.0,
    predictor_order: int = 3,
    corrector_order: int = 4,
    stochastic_span: tuple[float, float] | None = None,
    simple_order_2: bool = False,
) -> Tensor:
    """`sa_solver`, asking the model once more after each correction (predict, evaluate, correct, evaluate).

    Arguments and result are those of `sa_solver`; the model is asked twice a step, once on the first.
    """
    return _sa_solver(
        denoiser,
        x,
        sigmas,
        noise=noise,
        on_step=on_step,
        eta=eta,
        s_noise=s_noise,
        orders=(predictor_order, corrector_order),
        stochastic_span=stochastic_span,
        simple_order_2=simple_order_2,
        evaluates_corrected=True,
    )


def _sa_solver(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: NoiseSource,
    on_step: OnStep,
    eta: float,
    s_noise: float,
    orders: tuple[int, int],
    stochastic_span: tuple[float, float] | None,
    simple_order_2: bool,
    evaluates_corrected: bool,
) -> Tensor:
    """Both modes of the method; `orders` are those of the predictor and the corrector."""
    predictor_order, corrector_order = orders
    process = denoiser.process
    stochastic_from, stochastic_to = stochastic_span or process.stochastic_span
    sigmas = process.finite_snr(sigmas)
    half_log_snr = process.half_log_snr(sigmas)
    signals = process.signal(sigmas)
    gains = half_log_snr.diff()
    estimates: deque[Tensor] = deque(maxlen=max(orders))  # oldest first
    predicted, drawn, tau = x, torch.zeros_like(x), 0.0

    def adams(x: Tensor, index: int, order: int, newest: int) -> Tensor:
        """The mean of the SDE's way from `sigmas[index]` to the next, with estimates up to that at `newest`."""
        used = list(estimates)[-order:]
        levels = half_log_snr[newest + 1 - len(used) : newest + 1]
        weigh = _simple_weights if simple_order_2 and len(used) == 2 else _weights
        weights = weigh(levels - half_log_snr[index + 1], gains[index], 1 + tau**2)
        kept = sigmas[index + 1] / sigmas[index] * torch.exp(-(tau**2) * gains[index])
        gained = torch.stack([weight * estimate for weight, estimate in zip(weights, used, strict=True)]).sum(dim=0)
        return kept * x + signals[index + 1] * gained

    for index, sigma in enumerate(sigmas[:-1]):
        sigma_next = sigmas[index + 1]
        denoised = denoiser(predicted, sigma)
        on_step(Step(index, sigma, predicted, denoised))
        estimates.append(denoised)
        # The orders fall towards sigma 0, where steps in log-SNR grow too long to extrapolate over.
        most = len(sigmas) - 1 - index if sigmas[-1] == 0 else len(sigmas)
        if index == 0 or corrector_order == 0:
            x = predicted
        elif sigma_next > 0 or evaluates_corrected:
            x = adams(x, index - 1, min(corrector_order, most), newest=index) + drawn
            if evaluates_corrected:
                denoised = denoiser(x, sigma)
                estimates[-1] = denoised
        if sigma_next == 0:
            return denoised
        tau = eta if stochastic_from >= float(sigma_next) >= stochastic_to else 0.0
        predicted = adams(x, index, min(predictor_order, most - 1), newest=index)
        if tau > 0:
            fresh = sigma_next * sqrt(-torch.expm1(-2 * tau**2 * gains[index]))
            drawn = noise(sigma, sigma_next) * (fresh * s_noise)
            predicted = predicted + drawn
        else:
            drawn = torch.zeros_like(x)
    return predicted


def _weights(levels: Tensor, gain: Tensor, rate: float) -> list[float]:
    """How much each estimate counts: the integral of its Lagrange polynomial, faded by `rate`.

    Args:
        levels: Half log-SNR of the estimates [n], less that of the step's end.
        gain: What the step gains in half log-SNR.
        rate: 1 + tau^2; the weights are those of `rate * exp(rate * u)` for u from `-gain` to 0.
    """
    levels, gain = levels.double(), gain.double()
    moments = [-torch.expm1(-rate * gain)]
    for power in range(1, len(levels)):
        moments.append(-((-gain) ** power) * torch.exp(-rate * gain) - power / rate * moments[-1])
    powers = torch.arange(len(levels))
    weights: list[float] = torch.linalg.solve(levels ** powers[:, None], torch.stack(moments)).tolist()
    return weights


def _simple_weights(levels: Tensor, gain: Tensor, rate: float) -> list[float]:
    """As `_weights` for two estimates; of what the slope between them adds, only the leading term in `gain`.

    The newer estimate lies at the step's end where it corrects, and at its start where it predicts.
    """
    levels, gain = levels.double(), gain.double()
    whole = -torch.expm1(-rate * gain)
    apart = levels[1] - levels[0]
    newer = 0.5 * rate * gain**2 / apart if levels[1] == 0 else whole + 0.5 * rate * gain**2 / apart
    return [float(whole - newer), float(newer)]
