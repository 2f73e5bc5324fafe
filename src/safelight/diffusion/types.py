"""The few types that the maths is written in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from safelight.diffusion.process import ForwardProcess


class Denoiser(Protocol):
    """The guided model: hides network, guidance, batching, masks and device from a sampler."""

    @property
    def process(self) -> ForwardProcess:
        """How noise and clean latent are mixed for this model."""
        ...

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        """The model's estimate of the clean latent.

        Args:
            x: Noisy latent [B, C, H, W].
            sigma: Its noise level, a scalar tensor.

        Returns:
            `denoised`, shaped as `x`.
        """
        ...

    def with_uncond(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        """`denoised`, and the estimate for the negative prompt alone, which CFG++ samplers step along."""
        ...


@dataclass(frozen=True)
class Step:
    """What a sampler tells at each step.

    Attributes:
        index: The step's place in `sigmas`, from 0.
        sigma: Noise level of `x`.
        x: The noisy latent before the step, [B, C, H, W].
        denoised: The estimate of the clean latent made from `x`.
    """

    index: int
    sigma: Tensor
    x: Tensor
    denoised: Tensor


OnStep = Callable[[Step], None]
"""Told of each step; raises `Cancelled` to stop the run."""


class NoiseSource(Protocol):
    """Fresh unit noise for stochastic samplers, seeded by the caller."""

    def __call__(self, sigma: Tensor, sigma_next: Tensor) -> Tensor:
        """Noise of standard deviation 1, shaped as the latent, for the way from `sigma` to `sigma_next`."""
        ...
