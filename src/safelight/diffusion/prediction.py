"""What a network predicts, and how that becomes an estimate of the clean latent."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import torch
from torch import Tensor

from safelight.diffusion.noise_schedule import LCM_STRIDE, NoiseSchedule, discrete, scaled_linear_betas


@dataclass(frozen=True)
class Scaling:
    """Coefficients around a network: `denoised = c_skip * x + c_out * network(c_in * x)`.

    Source: Karras et al. 2022, arXiv:2206.00364, equation 7.
    """

    c_skip: Tensor
    c_out: Tensor
    c_in: Tensor

    def calculate_input(self, x: Tensor) -> Tensor:
        """What the network is shown of the noisy latent `x`."""
        return self.c_in * x

    def calculate_denoised(self, x: Tensor, output: Tensor) -> Tensor:
        """The estimate of the clean latent in `x`, from the network's `output`; all of one shape."""
        return self.c_skip * x + self.c_out * output


Prediction = Callable[[Tensor], Scaling]
"""sigma, of a shape that broadcasts against the latent -> `Scaling`."""


def eps(sigma: Tensor) -> Scaling:
    """The noise (Ho et al. 2020, arXiv:2006.11239), for latents shown at unit variance."""
    return Scaling(torch.ones_like(sigma), -sigma, (sigma**2 + 1) ** -0.5)


def v(sigma: Tensor) -> Scaling:
    """The velocity between latent and noise (Salimans & Ho 2022, arXiv:2202.00512)."""
    variance = sigma**2 + 1
    return Scaling(1 / variance, -sigma * variance**-0.5, variance**-0.5)


def x0(sigma: Tensor) -> Scaling:
    """The clean latent itself."""
    return Scaling(torch.zeros_like(sigma), torch.ones_like(sigma), (sigma**2 + 1) ** -0.5)


def image(sigma: Tensor) -> Scaling:
    """The clean latent, from a latent that is shown as it is."""
    return Scaling(torch.zeros_like(sigma), torch.ones_like(sigma), torch.ones_like(sigma))


def lcm(sigma: Tensor) -> Scaling:
    """The noise, for a consistency model: at the end of the way it must give back what it is shown.

    Source: Luo et al. 2023, arXiv:2310.04378, section 4.1, with timesteps ten times as long.
    """
    noise = eps(sigma)
    sigma_data = 0.5
    clock = 10 * _student().timestep(sigma).to(sigma)
    variance = clock**2 + sigma_data**2
    kept = clock * variance**-0.5
    return Scaling(kept + sigma_data**2 / variance, kept * noise.c_out, noise.c_in)


@cache
def _student() -> NoiseSchedule:
    return discrete(scaled_linear_betas(), stride=LCM_STRIDE)


def flow(sigma: Tensor) -> Scaling:
    """Noise minus latent, for the linear mix (Liu et al. 2022, arXiv:2209.03003)."""
    return Scaling(torch.ones_like(sigma), -sigma, torch.ones_like(sigma))


def exploding_flow(sigma: Tensor) -> Scaling:
    """As `flow`, for latents that are written as variance exploding: divided by their signal."""
    signal = 1 / (sigma + 1)
    return Scaling(signal, -sigma * signal, signal)


def edm(sigma: Tensor, sigma_data: float) -> Scaling:
    """The preconditioned residual of Karras et al. 2022 (arXiv:2206.00364, table 1).

    Args:
        sigma: Noise level.
        sigma_data: Standard deviation of the clean latents the network was trained on.
    """
    variance = sigma**2 + sigma_data**2
    return Scaling(sigma_data**2 / variance, sigma * sigma_data * variance**-0.5, variance**-0.5)


PREDICTIONS: dict[str, Prediction] = {
    "eps": eps,  # SD 1.5, SDXL
    "v": v,  # SD 2.1 at 768, zero-terminal-SNR SDXL
    "x0": x0,  # distilled students
    "lcm": lcm,  # latent consistency models
    "image": image,  # image-to-image students
    "flow": flow,  # SD3, Flux
    "exploding_flow": exploding_flow,  # Cosmos
    "edm": partial(edm, sigma_data=0.5),  # Playground 2.5
}
