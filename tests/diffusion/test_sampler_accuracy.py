"""Samplers on Gaussian data, for which the denoiser and the way of every latent are known in closed form."""

from functools import partial

import pytest
import torch
from torch import Tensor

from safelight.diffusion.noise import GaussianNoise
from safelight.diffusion.process import DIFFUSION, ForwardProcess
from safelight.diffusion.samplers import SAMPLERS, Sampler
from safelight.diffusion.samplers.sa_solver import sa_solver, sa_solver_pece
from safelight.diffusion.samplers.seeds import seeds_2, seeds_3
from safelight.diffusion.types import Step

STD = 0.5  # of the data
FLOW = ForwardProcess(flow=True, sigma_near_max=0.9999)
every_process = pytest.mark.parametrize("process", [DIFFUSION, FLOW], ids=["diffusion", "flow"])


class GaussianData:
    """The best denoiser for pixels drawn from a Gaussian around 0."""

    def __init__(self, process: ForwardProcess) -> None:
        self.process = process

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        return self.with_uncond(x, sigma)[0]

    def with_uncond(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        signal = self.process.signal(sigma)
        denoised = signal * STD**2 / self.std(sigma) ** 2 * x
        return denoised, denoised

    def std(self, sigma: Tensor) -> Tensor:
        """Standard deviation of a noisy pixel."""
        return ((self.process.signal(sigma) * STD) ** 2 + sigma**2).sqrt()


def even_in_log_snr(process: ForwardProcess, steps: int) -> Tensor:
    most, least = (2.2, -2.2) if process.flow else (1.6, -0.6)
    return process.sigma_of_half_log_snr(-torch.linspace(most, least, steps + 1, dtype=torch.float64))


def ignore(step: Step) -> None:
    pass


# Solver of the probability flow and its order of convergence; a multistep solver has less than its steps, because
# it starts from one estimate (and UniPC ends with a step of first order).
ORDERS: dict[str, tuple[Sampler, int]] = {
    "ipndm": (SAMPLERS["ipndm"].sample, 2),
    "ipndm_v": (SAMPLERS["ipndm_v"].sample, 2),
    "deis": (SAMPLERS["deis"].sample, 2),
    "seeds_2": (partial(seeds_2, eta=0.0), 2),
    "seeds_3": (partial(seeds_3, eta=0.0), 3),
    "sa_solver": (partial(sa_solver, eta=0.0), 3),
    "sa_solver_pece": (partial(sa_solver_pece, eta=0.0), 3),
    "uni_pc": (SAMPLERS["uni_pc"].sample, 2),
    "uni_pc_bh2": (SAMPLERS["uni_pc_bh2"].sample, 2),
}


@every_process
@pytest.mark.parametrize("name", ORDERS)
def test_twice_the_steps_divide_the_error_by_two_to_the_order(name: str, process: ForwardProcess) -> None:
    sample, order = ORDERS[name]
    denoiser = GaussianData(process)

    def error(steps: int) -> float:
        sigmas = even_in_log_snr(process, steps)
        x = torch.ones(1, 1, 1, 1, dtype=torch.float64)
        result = sample(denoiser, x, sigmas, noise=GaussianNoise(0, x), on_step=ignore)
        exact = denoiser.std(sigmas[-1]) / denoiser.std(sigmas[0])  # the flow keeps each pixel's quantile
        return abs(float(result / exact) - 1)

    assert error(80) < 1e-3
    assert error(40) / error(80) > 2 ** (order - 0.1)


@every_process
@pytest.mark.parametrize("name", ["er_sde", "seeds_2", "seeds_3", "sa_solver", "sa_solver_pece"])
def test_a_stochastic_sampler_gives_the_data_its_standard_deviation(name: str, process: ForwardProcess) -> None:
    denoiser, sigmas = GaussianData(process), even_in_log_snr(process, 30).float()
    noise = GaussianNoise(1, torch.empty(16, 4, 32, 32))
    x = noise(sigmas[0], sigmas[0]) * denoiser.std(sigmas[0])
    result = SAMPLERS[name].sample(denoiser, x, sigmas, noise=noise, on_step=ignore)
    # 65,536 pixels: three deviations of the estimate are 0.8 %, and 30 steps err by less than 2 %
    assert float(result.std()) == pytest.approx(float(denoiser.std(sigmas[-1])), rel=0.03)
