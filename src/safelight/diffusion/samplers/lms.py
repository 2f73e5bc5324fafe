"""Linear multistep: each step follows a polynomial through the last few slopes."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from torch import Tensor

from safelight.diffusion.types import Denoiser, NoiseSource, OnStep, Step


def lms(
    denoiser: Denoiser, x: Tensor, sigmas: Tensor, *, noise: NoiseSource, on_step: OnStep, order: int = 4
) -> Tensor:
    """Adams-Bashforth steps over the uneven grid of `sigmas`: one model call each, high order from the past.

    Args:
        denoiser, x, sigmas, noise, on_step: As in `Sampler`.
        order: How many slopes are remembered, at least 1; 1 is Euler.

    Source: Hairer, Nørsett & Wanner, Solving Ordinary Differential Equations I, section III.5; the slope
    of Karras et al. 2022, arXiv:2206.00364, equation 3.
    """
    slopes: list[Tensor] = []
    for index, (sigma, sigma_next) in enumerate(pairwise(sigmas)):
        denoised = denoiser(x, sigma)
        on_step(Step(index, sigma, x, denoised))
        if sigma_next == 0:
            return denoised
        slopes = [(x - denoised) / sigma, *slopes[: order - 1]]
        known = sigmas[index + 1 - len(slopes) : index + 1].flip(0).numpy()
        change = slopes[0] * adams_weight(known, 0, float(sigma_next))
        for past in range(1, len(slopes)):
            change = change + slopes[past] * adams_weight(known, past, float(sigma_next))
        x = x + change
    return x


def adams_weight(known: npt.NDArray[np.float32], which: int, to: float) -> float:
    """How much the slope at `known[which]` adds on the way from `known[0]` to `to`.

    That is the integral of the polynomial that is 1 there and 0 at the other `known` sigmas, newest first.
    They are float32, so that the weights round as those of the recorded runs do: guidance magnifies the last digit.
    """
    from scipy.integrate import quad  # noqa: PLC0415 (a third of a second to import)

    here, others = known[which], np.delete(known, which)

    def basis(sigma: float) -> float:
        return float(np.prod((sigma - others) / (here - others)))

    weight: float = quad(basis, known[0], to, epsrel=1e-4)[0]
    return weight
