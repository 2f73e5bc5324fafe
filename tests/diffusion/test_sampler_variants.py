"""The other forms of some samplers, on Gaussian data with a known way for every latent."""

from functools import partial
from itertools import pairwise
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.diffusion.noise import GaussianNoise
from safelight.diffusion.process import DIFFUSION
from safelight.diffusion.samplers import SAMPLERS, Sampler
from safelight.diffusion.samplers.er_sde import er_sde, reverse_time_scale
from safelight.diffusion.samplers.euler import euler, euler_cfg_pp_alternative
from safelight.diffusion.samplers.lcm import lcm, lcm_upscale
from safelight.diffusion.samplers.sa_solver import sa_solver, sa_solver_pece
from safelight.diffusion.types import Step
from tests.diffusion.test_sampler_accuracy import GaussianData, even_in_log_snr

DATA = GaussianData(DIFFUSION)
LATENT = torch.randn(1, 4, 32, 32, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def resize(x: Tensor, width: int, height: int) -> Tensor:
    return F.interpolate(x, size=(height, width), mode="nearest-exact")


def walk(sample: Sampler, sigmas: Tensor, denoiser: GaussianData = DATA, seed: int = 0) -> tuple[Tensor, list[Step]]:
    steps: list[Step] = []
    x = LATENT * DATA.std(sigmas[0])
    return sample(denoiser, x, sigmas, noise=GaussianNoise(seed, x), on_step=steps.append), steps


def error(sample: Sampler, steps: int) -> float:
    sigmas = even_in_log_snr(DIFFUSION, steps)
    return float((walk(sample, sigmas)[0] - LATENT * DATA.std(sigmas[-1])).abs().max())


ODES: dict[str, tuple[Sampler, int]] = {
    "er_sde": (partial(er_sde, noise_scale=reverse_time_scale(0.0)), 2),
    "sa_solver, no corrector": (partial(sa_solver, eta=0.0, predictor_order=2, corrector_order=0), 2),
    "sa_solver, simple": (
        partial(sa_solver, eta=0.0, predictor_order=2, corrector_order=2, simple_order_2=True),
        2,
    ),
    "sa_solver_pece, simple": (
        partial(sa_solver_pece, eta=0.0, predictor_order=2, corrector_order=2, simple_order_2=True),
        2,
    ),
    "euler_cfg_pp_alternative": (euler_cfg_pp_alternative, 1),
}


@pytest.mark.parametrize(("sample", "order"), ODES.values(), ids=ODES)
def test_twice_the_steps_divide_the_error_by_two_to_the_order(sample: Sampler, order: int) -> None:
    assert error(sample, 24) / error(sample, 48) > 2**order * 0.8


SDES: dict[str, Sampler] = {
    "er_sde": partial(er_sde, noise_scale=reverse_time_scale(1.0)),
    "sa_solver, simple": partial(sa_solver, simple_order_2=True, predictor_order=2, corrector_order=2),
    "sa_solver, no corrector": partial(sa_solver, corrector_order=0),
}


@pytest.mark.parametrize("sample", SDES.values(), ids=SDES)
def test_renewed_noise_leaves_the_data_its_standard_deviation(sample: Sampler) -> None:
    sigmas = even_in_log_snr(DIFFUSION, 150)
    result, _ = walk(sample, sigmas)
    assert float(result.std() / DATA.std(sigmas[-1])) == pytest.approx(1.0, abs=0.05)


def test_noise_is_renewed_within_the_span_alone() -> None:
    sigmas = even_in_log_snr(DIFFUSION, 8)
    nowhere = partial(sa_solver, stochastic_span=(0.0, 0.0))
    assert torch.equal(walk(nowhere, sigmas)[0], walk(partial(sa_solver, eta=0.0), sigmas)[0])
    high = partial(sa_solver, stochastic_span=(float(sigmas[0]), float(sigmas[3])))
    (first, one), (other, two) = walk(high, sigmas, seed=1), walk(high, sigmas, seed=2)
    assert not torch.allclose(first, other)
    assert torch.equal(one[0].x, two[0].x)


class Guided(GaussianData):
    """Adds 1 to what it denoises, as guidance would."""

    def with_uncond(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        denoised = super().with_uncond(x, sigma)[0]
        return denoised + 1, denoised


def test_the_last_step_of_the_alternative_goes_past_the_guided_estimate() -> None:
    sigmas = torch.tensor([3.0, 1.0, 0.0], dtype=torch.float64)
    result, steps = walk(euler_cfg_pp_alternative, sigmas, Guided(DIFFUSION))
    torch.testing.assert_close(result, steps[-1].denoised + 1)
    torch.testing.assert_close(walk(euler_cfg_pp_alternative, sigmas)[0], walk(euler, sigmas)[0])


@pytest.mark.parametrize(
    ("options", "sides"),
    [
        ({"scale_steps": 2}, [32, 48, 64, 64]),
        ({"scale_steps": None}, [32, 48, 64, 64]),
        ({"scale_steps": 4}, [32, 40, 48, 56]),
        ({"scale_steps": 0}, [32, 32, 32, 32]),
    ],
)
def test_the_latent_grows_over_the_first_steps(options: dict[str, Any], sides: list[int]) -> None:
    sigmas = torch.tensor([5.0, 3.0, 2.0, 1.0, 0.0], dtype=torch.float64)
    result, steps = walk(partial(lcm_upscale, resize=resize, scale_ratio=2.0, **options), sigmas)
    assert [step.x.shape[-1] for step in steps] == sides
    assert result.shape[-1] == (64 if options["scale_steps"] != 0 else 32)


def test_noise_for_a_grown_latent_is_of_unit_variance_and_never_used_twice() -> None:
    sigmas = torch.tensor([5.0, 3.0, 2.0, 1.0], dtype=torch.float64)
    _, steps = walk(partial(lcm_upscale, resize=resize, scale_ratio=3.0), sigmas)
    first, second = (
        (after.x - resize(before.denoised, *after.x.shape[:1:-1])) / after.sigma for before, after in pairwise(steps)
    )
    assert float(first.std()) == pytest.approx(1.0, abs=0.03)
    assert float(second.std()) == pytest.approx(1.0, abs=0.03)
    values = torch.cat([first.flatten(), second.flatten()]).sort().values
    assert (values.diff() > 1e-9).float().mean() > 0.99  # a draw used again would repeat its values


def test_a_latent_that_keeps_its_size_is_sampled_as_by_lcm_with_the_noise_after_the_first() -> None:
    sigmas = torch.tensor([5.0, 3.0, 0.0], dtype=torch.float64)
    x = LATENT * DATA.std(sigmas[0])

    def run(sample: Sampler, noise: GaussianNoise) -> Tensor:
        return sample(DATA, x, sigmas, noise=noise, on_step=lambda step: None)

    later = GaussianNoise(0, x)
    later(sigmas[0], sigmas[1])
    same = partial(lcm_upscale, resize=resize, scale_ratio=1.0)
    torch.testing.assert_close(run(same, GaussianNoise(0, x)), run(lcm, later))
    assert SAMPLERS["lcm"].sample is lcm
