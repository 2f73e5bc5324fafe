"""Pieces of a step that several samplers share."""

import torch
from torch import Tensor

from safelight.diffusion.process import ForwardProcess
from safelight.diffusion.rounding import sqrt


def ancestral_split(sigma: Tensor, sigma_next: Tensor, eta: float) -> tuple[Tensor, Tensor]:
    """Split the way down to `sigma_next` into a plain step and fresh noise.

    Args:
        sigma: Noise level before the step, a scalar.
        sigma_next: Noise level after it, a scalar no larger than `sigma`.
        eta: Share of the noise renewed; 0 renews none.

    Returns:
        `(sigma_down, sigma_up)`: step to `sigma_down`, then add noise of deviation `sigma_up`. They add
        up to `sigma_next` in quadrature.

    Source: Song et al. 2021, arXiv:2010.02502, equation 16, for the variance-exploding process.
    """
    if eta == 0:
        return sigma_next, torch.zeros_like(sigma_next)
    renewed = eta * sqrt(sigma_next**2 * (sigma**2 - sigma_next**2) / sigma**2)
    sigma_up = torch.fmin(sigma_next, renewed)  # from an infinite sigma, `renewed` is no number: all noise is new
    sigma_down = sqrt(sigma_next**2 - sigma_up**2)
    return sigma_down, sigma_up


def ancestral_split_flow(sigma: Tensor, sigma_next: Tensor, eta: float) -> tuple[Tensor, Tensor, Tensor]:
    """Split the way down to `sigma_next` into a plain step and fresh noise, for a flow model.

    Fresh noise must not change the mix `x = (1 - sigma) * x0 + sigma * noise`, so the latent shrinks as the
    noise is laid over it.

    Args:
        sigma: Noise level before the step, a scalar in (0, 1].
        sigma_next: Noise level after it, a scalar no larger than `sigma`.
        eta: How much lower the plain step goes; 0 renews no noise, 1 goes to `sigma_next**2 / sigma`.

    Returns:
        `(sigma_down, scale, sigma_up)`: step to `sigma_down`, then `x = scale * x + sigma_up * noise`.

    Source: the quadrature of arXiv:2010.02502, equation 16, carried over to the linear mix of arXiv:2209.03003.
    """
    sigma_down = sigma_next * (1 + (sigma_next / sigma - 1) * eta)
    scale = (1 - sigma_next) / (1 - sigma_down)
    sigma_up = sqrt((sigma_next**2 - (scale * sigma_down) ** 2).clamp(min=0))
    return sigma_down, scale, sigma_up


def split_renewal(
    process: ForwardProcess, sigma: Tensor, sigma_next: Tensor, eta: float
) -> tuple[Tensor, Tensor, Tensor]:
    """`(sigma_down, scale, sigma_up)`, as `ancestral_split_flow` gives, for either kind of process."""
    if process.flow:
        return ancestral_split_flow(sigma, sigma_next, eta)
    sigma_down, sigma_up = ancestral_split(sigma, sigma_next, eta)
    return sigma_down, torch.ones_like(sigma), sigma_up


def ddim_step(x: Tensor, denoised: Tensor, sigma: Tensor, sigma_next: Tensor) -> Tensor:
    """Keep the noise that `denoised` finds in `x`, at the level `sigma_next`.

    This is the exact way along the probability flow while `denoised` stays the same, for variance exploding
    and for flow models alike (Song et al. 2021, arXiv:2010.02502, equation 12).
    """
    kept = sigma_next / sigma
    return kept * x + (1 - kept) * denoised
