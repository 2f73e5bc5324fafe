"""DPM-Solver of orders 1 to 3 on a grid of its own: evenly spread (fast), or as errors allow (adaptive).

Time is `t = -log(sigma)`. Both run from the first sigma to the lowest positive one, and leave the noise of that
level in the latent. They draw noise at each step even where none of it is used, so that a seed means the same
stream for every eta.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from safelight.diffusion.rounding import sqrt
from safelight.diffusion.samplers.steps import ancestral_split
from safelight.diffusion.types import Denoiser, NoiseSource, OnStep, Step
from safelight.errors import SafelightError


def dpm_fast(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: NoiseSource,
    on_step: OnStep,
    eta: float = 0.0,
    s_noise: float = 1.0,
) -> Tensor:
    """Steps of order 3, evenly spread in time, that make as many model calls as `sigmas` has steps.

    Args:
        denoiser, x, sigmas, noise, on_step: As in `Sampler`; of `sigmas`, only the ends and the length count.
        eta: Share of the noise renewed.
        s_noise: Standard deviation of the fresh noise.

    Source: Lu et al. 2022, arXiv:2206.00927, section 3.4 (DPM-Solver-fast).
    """
    calls = len(sigmas) - 1
    start, end = _time_span(sigmas)
    times = torch.linspace(start, end, calls // 3 + 2)
    orders = [*[3] * (calls // 3 - 1), 2, 1] if calls % 3 == 0 else [*[3] * (calls // 3), calls % 3]
    for index, (order, (time, time_next)) in enumerate(zip(orders, pairwise(times), strict=True)):
        eps, denoised = _eps_and_denoised(denoiser, x, time)
        on_step(Step(index, _sigma(time), x, denoised))
        time_down, sigma_up = _renewal(time, time_next, times[-1], eta)
        x = _single_step(denoiser, x, eps, time, time_down, order)
        x = x + sigma_up * s_noise * noise(_sigma(time), _sigma(time_next))
    return x


def dpm_adaptive(
    denoiser: Denoiser,
    x: Tensor,
    sigmas: Tensor,
    *,
    noise: NoiseSource,
    on_step: OnStep,
    order: int = 3,
    rtol: float = 0.05,
    atol: float = 0.0078,
    h_init: float = 0.05,
    pcoeff: float = 0.0,
    icoeff: float = 1.0,
    dcoeff: float = 0.0,
    accept_safety: float = 0.81,
    eta: float = 0.0,
    s_noise: float = 1.0,
) -> Tensor:
    """Steps as long as the difference between two orders allows; each makes `order` model calls.

    A step that errs too much is tried again, shorter. How many there will be is not known before.

    Args:
        denoiser, x, sigmas, noise, on_step: As in `Sampler`; of `sigmas`, only the ends count. `on_step` is
            told of every try, and `Step.index` counts them.
        order: 2 or 3.
        rtol: Error allowed, relative to the latent.
        atol: Error allowed, absolute.
        h_init: Length of the first step, in units of log sigma.
        pcoeff, icoeff, dcoeff: Weights of the controller that chooses the length.
        accept_safety: How near to the longest allowed a step must come to be kept.
        eta: Share of the noise renewed.
        s_noise: Standard deviation of the fresh noise.

    Raises:
        SafelightError: When the model's answer is not a number, since no step is then short enough.

    Source: Lu et al. 2022, arXiv:2206.00927, algorithm 3 (DPM-Solver-12 and -23); the controller is that of
    Söderlind 2003, Digital filters in adaptive time-stepping.
    """
    start, end = _time_span(sigmas)
    time, time_end = torch.tensor(start), torch.tensor(end)
    lowest_order = 1.5 if eta else order
    control = Controller(h_init, (pcoeff / lowest_order, icoeff / lowest_order, dcoeff / lowest_order), accept_safety)
    x_low_before = x
    index = 0
    while time < end - 1e-5:
        time_next = torch.minimum(time_end, time + control.step)
        eps, denoised = _eps_and_denoised(denoiser, x, time)
        on_step(Step(index, _sigma(time), x, denoised))
        time_down, sigma_up = _renewal(time, time_next, time_end, eta)
        x_low, x_high = _embedded_pair(denoiser, x, eps, time, time_down, order)
        allowed = torch.maximum(x_low.abs(), x_low_before.abs()).mul(rtol).clamp(min=atol)
        error = float(torch.linalg.vector_norm((x_low - x_high) / allowed)) / x.numel() ** 0.5
        if math.isnan(error):
            raise SafelightError(
                what="The model's answer is not a number, so dpm_adaptive can find no step short enough.",
                mend="Try a lower cfg or a higher precision, or choose another sampler.",
            )
        control, accepted = control.after(error)
        if accepted:
            x_low_before = x_low
            x = x_high + sigma_up * s_noise * noise(_sigma(time), _sigma(time_next))
            time = time_next
        index += 1
    return x


@dataclass(frozen=True)
class Controller:
    """Chooses the length of the next step from the errors of the last three.

    Attributes:
        step: The length to try.
        weights: Of the proportional, integral and derivative terms, over the order.
        safety: A step is kept when the next may be this many times as long.
        past: One over the errors of the last two kept steps, the newest first; none before the first try.
    """

    step: float
    weights: tuple[float, float, float]
    safety: float
    past: tuple[float, float] | None = None

    def after(self, error: float) -> tuple["Controller", bool]:
        """The controller after a try that erred by `error` (1 is just allowed), and whether to keep the try."""
        ease = 1 / (error + 1e-8)
        newest, oldest = self.past or (ease, ease)
        p, i, d = self.weights
        factor = ease ** (p + i + d) * newest ** -(p + 2 * d) * oldest**d
        factor = 1 + math.atan(factor - 1)  # keeps it within about 0.2 and 2.6
        accepted = factor >= self.safety
        past = (ease, newest) if accepted else (newest, oldest)
        return Controller(self.step * factor, self.weights, self.safety, past), accepted


def _sigma(time: Tensor) -> Tensor:
    return torch.exp(-time)


def _time_span(sigmas: Tensor) -> tuple[float, float]:
    lowest = sigmas[-1] if sigmas[-1] > 0 else sigmas[-2]
    return float(-sigmas[0].log()), float(-lowest.log())


def _eps_and_denoised(denoiser: Denoiser, x: Tensor, time: Tensor) -> tuple[Tensor, Tensor]:
    sigma = _sigma(time)
    denoised = denoiser(x, sigma)
    return (x - denoised) / sigma, denoised


def _renewal(time: Tensor, time_next: Tensor, time_end: Tensor, eta: float) -> tuple[Tensor, Tensor]:
    """Where a plain step goes, never beyond the end, and the deviation of the noise that leads back."""
    if eta == 0:
        return time_next, torch.zeros_like(time_next)
    sigma_next = _sigma(time_next)
    sigma_down, _ = ancestral_split(_sigma(time), sigma_next, eta)
    time_down = torch.minimum(time_end, -sigma_down.log())
    return time_down, sqrt((sigma_next**2 - _sigma(time_down) ** 2).clamp(min=0))


def _single_step(denoiser: Denoiser, x: Tensor, eps: Tensor, time: Tensor, time_next: Tensor, order: int) -> Tensor:
    if order == 1:
        return _order_1(x, eps, time, time_next)
    if order == 2:
        return _order_2(x, eps, _eps_ahead(denoiser, x, eps, time, time_next, 1 / 2), time, time_next, 1 / 2)
    return _order_3(x, eps, _two_eps_ahead(denoiser, x, eps, time, time_next)[1], time, time_next)


def _embedded_pair(
    denoiser: Denoiser, x: Tensor, eps: Tensor, time: Tensor, time_next: Tensor, order: int
) -> tuple[Tensor, Tensor]:
    """Two results from the same model calls, the second of an order higher."""
    if order == 2:
        ahead = _eps_ahead(denoiser, x, eps, time, time_next, 1 / 2)
        return _order_1(x, eps, time, time_next), _order_2(x, eps, ahead, time, time_next, 1 / 2)
    first, second = _two_eps_ahead(denoiser, x, eps, time, time_next)
    return _order_2(x, eps, first, time, time_next, 1 / 3), _order_3(x, eps, second, time, time_next)


def _eps_ahead(denoiser: Denoiser, x: Tensor, eps: Tensor, time: Tensor, time_next: Tensor, part: float) -> Tensor:
    between = time + part * (time_next - time)
    ahead = x - _sigma(between) * torch.expm1(part * (time_next - time)) * eps
    return _eps_and_denoised(denoiser, ahead, between)[0]


def _two_eps_ahead(
    denoiser: Denoiser, x: Tensor, eps: Tensor, time: Tensor, time_next: Tensor
) -> tuple[Tensor, Tensor]:
    """The noise predicted a third and two thirds of the step ahead."""
    first = _eps_ahead(denoiser, x, eps, time, time_next, 1 / 3)
    h = 2 / 3 * (time_next - time)
    between = time + h
    ahead = x - _sigma(between) * torch.expm1(h) * eps
    ahead = ahead - _sigma(between) * 2 * (torch.expm1(h) / h - 1) * (first - eps)
    return first, _eps_and_denoised(denoiser, ahead, between)[0]


def _order_1(x: Tensor, eps: Tensor, time: Tensor, time_next: Tensor) -> Tensor:
    return x - _sigma(time_next) * torch.expm1(time_next - time) * eps


def _order_2(x: Tensor, eps: Tensor, ahead: Tensor, time: Tensor, time_next: Tensor, part: float) -> Tensor:
    bend = _sigma(time_next) / (2 * part) * torch.expm1(time_next - time)
    return _order_1(x, eps, time, time_next) - bend * (ahead - eps)


def _order_3(x: Tensor, eps: Tensor, ahead: Tensor, time: Tensor, time_next: Tensor) -> Tensor:
    h = time_next - time
    bend = _sigma(time_next) / (2 / 3) * (torch.expm1(h) / h - 1)
    return _order_1(x, eps, time, time_next) - bend * (ahead - eps)
