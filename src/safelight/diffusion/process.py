"""How a clean latent and noise are mixed: the forward process that samplers run backwards."""

from dataclasses import dataclass
from math import inf

import torch
from torch import Tensor

from safelight.diffusion.rounding import log


@dataclass(frozen=True)
class ForwardProcess:
    """The mixing rule `x = signal(sigma) * x0 + sigma * noise`.

    Diffusion models (eps, v) are written here as variance exploding, `signal = 1` (Karras et al. 2022,
    arXiv:2206.00364, table 1); flow models mix linearly, `signal = 1 - sigma` (Liu et al. 2022, arXiv:2209.03003).

    Attributes:
        flow: Whether the mix is linear.
        sigma_near_max: For flow models, the noise level a hair below pure noise, where the
            signal-to-noise ratio is still finite. Solvers in log-SNR begin there.
        stochastic_span: The noise levels 20 % and 80 % of the way through the model's schedule, between
            which SA-Solver adds fresh noise. The default is everywhere.
    """

    flow: bool = False
    sigma_near_max: float = inf
    stochastic_span: tuple[float, float] = (inf, 0.0)

    def signal(self, sigma: Tensor) -> Tensor:
        """Share of the clean latent in `x`."""
        return 1 - sigma if self.flow else torch.ones_like(sigma)

    def half_log_snr(self, sigma: Tensor) -> Tensor:
        """`log(signal / sigma)`, called lambda in DPM-Solver (Lu et al. 2022, arXiv:2206.00927)."""
        return -torch.logit(sigma) if self.flow else -log(sigma)

    def sigma_of_half_log_snr(self, half_log_snr: Tensor) -> Tensor:
        """The inverse of `half_log_snr`."""
        return torch.sigmoid(-half_log_snr) if self.flow else torch.exp(-half_log_snr)

    def finite_snr(self, sigmas: Tensor) -> Tensor:
        """`sigmas`, with a first level of pure noise (flow only) lowered to `sigma_near_max`."""
        if not self.flow or len(sigmas) < 2 or sigmas[0] < 1:
            return sigmas
        sigmas = sigmas.clone()
        sigmas[0] = self.sigma_near_max
        return sigmas


DIFFUSION = ForwardProcess()
