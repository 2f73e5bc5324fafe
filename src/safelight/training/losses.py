"""How wrong a prediction is, for every kind of prediction by the same equations that samplers use."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.diffusion.noise_schedule import NoiseSchedule
from safelight.diffusion.prediction import PREDICTIONS
from safelight.runs.settings import Loss


def target_of(prediction: str, schedule: NoiseSchedule, sigma: Tensor, clean: Tensor, noise: Tensor) -> Tensor:
    """What the network should give back: the output that `Scaling.calculate_denoised` turns into the clean latent.

    With `x = signal clean + sigma noise`, solving `clean = c_skip x + c_out output` for the output.

    Args:
        prediction: A name of `PREDICTIONS`.
        schedule: The noise.
        sigma: Noise levels [B, 1, 1, 1].
        clean: Clean latents [B, C, h, w], scaled.
        noise: Unit noise of the same shape.
    """
    scaling = PREDICTIONS[prediction](sigma)
    kept = 1 - scaling.c_skip * schedule.process.signal(sigma)
    return (kept * clean - scaling.c_skip * sigma * noise) / scaling.c_out


def snr(schedule: NoiseSchedule, sigma: Tensor) -> Tensor:
    """Signal-to-noise ratio in power."""
    return (schedule.process.signal(sigma) / sigma) ** 2


def _min_snr(ratio: Tensor, settings: Loss) -> Tensor:
    """Min-SNR-gamma (Hang et al. 2023, arXiv:2303.09556, section 3.4)."""
    return ratio.clamp(max=settings.gamma)


def _debiased(ratio: Tensor, settings: Loss) -> Tensor:
    """The square root (Yu et al. 2023, arXiv:2310.08442, equation 9, which has 1/sqrt(SNR) for the noise)."""
    del settings
    return ratio.sqrt()


WEIGHTINGS: dict[str, Callable[[Tensor, Loss], Tensor]] = {"min_snr": _min_snr, "debiased": _debiased}
"""Signal-to-noise ratio -> how much an error of the clean latent counts; `none` counts those of the output."""


def weights_of(settings: Loss, prediction: str, schedule: NoiseSchedule, sigma: Tensor) -> Tensor:
    """How much the squared error of the network's output counts at each level [B, 1, 1, 1].

    An error of the output is one of the clean latent, divided by `c_out`, so that a weighting of the clean latent's
    error means the same for eps, v and flow.
    """
    if settings.weighting == "none":
        return torch.ones_like(sigma)
    counted = WEIGHTINGS[settings.weighting](snr(schedule, sigma), settings)
    return counted * PREDICTIONS[prediction](sigma).c_out ** 2


def _mse(output: Tensor, target: Tensor, settings: Loss) -> Tensor:
    del settings
    return (output - target).square()


def _huber(output: Tensor, target: Tensor, settings: Loss) -> Tensor:
    """Huber's loss, scaled so that small errors count as in `mse`."""
    return 2 * F.huber_loss(output, target, reduction="none", delta=settings.huber)


ERRORS: dict[str, Callable[[Tensor, Tensor, Loss], Tensor]] = {"mse": _mse, "huber": _huber}
"""(output, target) -> the error of each number."""


def errors_of(output: Tensor, target: Tensor, mask: Tensor | None, settings: Loss) -> Tensor:
    """The mean error of each picture [B], of what is inside its mask [B, 1, h, w] where there is one.

    A picture whose mask is empty has no error.
    """
    error = ERRORS[settings.kind](output, target, settings)
    if mask is None:
        return error.mean((1, 2, 3))
    inside = mask.sum((1, 2, 3)) * error.shape[1]
    return (error * mask).sum((1, 2, 3)) / inside.clamp_min(torch.finfo(error.dtype).tiny)
