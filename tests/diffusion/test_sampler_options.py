"""What the options of Euler's, Heun's and the DPM samplers do, on Gaussian data with a known way for every latent."""

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from safelight.diffusion.noise import GaussianNoise
from safelight.diffusion.process import DIFFUSION
from safelight.diffusion.samplers import SAMPLERS, Sampler
from safelight.diffusion.samplers.dpm_solver import dpm_adaptive, dpm_fast
from safelight.diffusion.samplers.euler import euler, euler_ancestral, euler_ancestral_cfg_pp
from safelight.diffusion.samplers.lms import adams_weight, lms
from safelight.diffusion.types import NoiseSource, Step
from safelight.errors import SafelightError
from tests.diffusion.test_sampler_accuracy import GaussianData

DATA = GaussianData(DIFFUSION)
LATENT = torch.randn(1, 4, 64, 64, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def even_in_log_sigma(steps: int, high: float = 5.0, low: float = 0.2) -> Tensor:
    return torch.linspace(np.log(high), np.log(low), steps + 1, dtype=torch.float64).exp()


def walk(
    sample: Sampler, sigmas: Tensor, noise: NoiseSource | None = None, **options: Any
) -> tuple[Tensor, list[Step]]:
    """The result from a latent at `sigmas[0]`, and the steps told."""
    steps: list[Step] = []
    x = LATENT * DATA.std(sigmas[0])
    result = partial(sample, **options)(DATA, x, sigmas, noise=noise or GaussianNoise(0, x), on_step=steps.append)
    return result, steps


def error(sample: Sampler, sigmas: Tensor, **options: Any) -> float:
    exact = LATENT * DATA.std(sigmas[-1])
    return float((walk(sample, sigmas, **options)[0] - exact).abs().max())


@pytest.mark.parametrize(
    ("name", "order"), [("euler", 1), ("heun", 2), ("dpm_2", 2), ("lms", 3), ("dpm_fast", 3), ("euler_cfg_pp", 1)]
)
def test_twice_the_steps_divide_the_error_by_two_to_the_order(name: str, order: int) -> None:
    # 24 and 48 steps less one: dpm_fast then takes steps of order 3 and one of order 2, which is short of it
    few, many = (error(SAMPLERS[name].sample, even_in_log_sigma(steps)) for steps in (23, 47))
    assert few / many > 2**order * 0.8


@pytest.mark.parametrize("sample", [euler_ancestral, euler_ancestral_cfg_pp])
def test_ancestral_steps_that_renew_nothing_are_eulers(sample: Sampler) -> None:
    sigmas = even_in_log_sigma(8)
    torch.testing.assert_close(walk(sample, sigmas, eta=0.0)[0], walk(euler, sigmas)[0])


def test_multistep_without_memory_is_eulers() -> None:
    sigmas = even_in_log_sigma(8)
    torch.testing.assert_close(walk(lms, sigmas, order=1)[0], walk(euler, sigmas)[0])


def test_adams_weights_integrate_the_polynomial_exactly() -> None:
    known = np.array([2.0, 3.0, 5.0], dtype=np.float32)
    weights = np.array([adams_weight(known, which, 1.5) for which in range(3)])
    for power in range(3):
        integral = (1.5 ** (power + 1) - 2.0 ** (power + 1)) / (power + 1)
        assert weights @ known**power == pytest.approx(integral, rel=1e-5)


@pytest.mark.parametrize("order", [2, 3])
def test_adaptive_steps_keep_within_the_tolerance_and_cost_more_when_it_is_less(order: int) -> None:
    sigmas = even_in_log_sigma(1)
    errors, tries = [], []
    for rtol in (0.05, 0.005):
        result, steps = walk(dpm_adaptive, sigmas, order=order, rtol=rtol, atol=rtol / 10)
        exact = LATENT * DATA.std(sigmas[-1])
        errors.append(float((result - exact).norm() / exact.norm()))
        tries.append(len(steps))
    assert errors[0] < 0.05
    assert errors[1] < errors[0]
    assert tries[1] > tries[0]


def test_a_step_that_errs_too_much_is_tried_again_shorter() -> None:
    _, steps = walk(dpm_adaptive, even_in_log_sigma(1), h_init=3.0, rtol=0.001, atol=0.001)
    assert steps[0].sigma == steps[1].sigma
    assert torch.equal(steps[0].x, steps[1].x)
    assert [step.index for step in steps] == list(range(len(steps)))


def test_an_answer_that_is_not_a_number_ends_the_search_for_a_step() -> None:
    class Broken(GaussianData):
        def with_uncond(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
            return x * torch.nan, x

    sigmas = even_in_log_sigma(1)
    with pytest.raises(SafelightError, match="not a number"):
        dpm_adaptive(Broken(DIFFUSION), LATENT, sigmas, noise=GaussianNoise(0, LATENT), on_step=lambda step: None)


@pytest.mark.parametrize(
    ("sample", "options"),
    [
        (euler_ancestral, {}),
        (euler_ancestral_cfg_pp, {}),
        (SAMPLERS["dpm_2_ancestral"].sample, {}),
        (dpm_fast, {"eta": 1.0}),
        (dpm_adaptive, {"eta": 1.0}),
        (SAMPLERS["ddpm"].sample, {}),
    ],
)
def test_renewed_noise_leaves_the_data_its_standard_deviation(sample: Sampler, options: dict[str, Any]) -> None:
    sigmas = even_in_log_sigma(150)
    result, _ = walk(sample, sigmas, **options)
    assert float(result.std() / DATA.std(sigmas[-1])) == pytest.approx(1.0, abs=0.04)


@pytest.mark.parametrize("sample", [euler_ancestral, SAMPLERS["dpm_2_ancestral"].sample, euler_ancestral_cfg_pp])
def test_less_fresh_noise_gives_a_calmer_latent(sample: Sampler) -> None:
    sigmas = even_in_log_sigma(20)
    assert walk(sample, sigmas, s_noise=0.9)[0].std() < walk(sample, sigmas)[0].std()
