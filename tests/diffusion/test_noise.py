from itertools import pairwise

import numpy as np
import pytest
import torch

from safelight.diffusion.noise import BrownianNoise, GaussianNoise, initial_noise, mixed_noise
from safelight.diffusion.samplers import SAMPLERS
from safelight.diffusion.schedulers import sigmas_for
from tests.diffusion.oracle import SCHEDULES, recorded_draws, recorded_latent, recorded_runs

SHAPE = (1, 4, 32, 32)
SIGMAS = torch.tensor([14.6, 7.0, 3.0, 1.0, 0.03, 0.0])


def test_initial_noise_equals_that_of_comfyui_0_3_64() -> None:
    assert torch.equal(initial_noise(42, SHAPE), recorded("noise_seed42"))
    assert torch.equal(initial_noise(42, (3, 4, 8, 8)), recorded("batch3_noise_seed42_8x8"))
    picked = initial_noise(42, (3, 4, 8, 8), batch_index=[2, 0, 2])
    assert torch.equal(picked, recorded("batch_index_noise_seed42_8x8_inds_2_0_2"))


def test_an_item_taken_from_a_batch_keeps_its_noise() -> None:
    batch = initial_noise(7, (4, 4, 8, 8), batch_index=[0, 1, 2, 3])
    assert torch.equal(initial_noise(7, (1, 4, 8, 8), batch_index=[2]), batch[2:3])


def test_the_gaussian_stream_equals_that_of_comfyui_0_3_64() -> None:
    noise = GaussianNoise(42, torch.zeros(SHAPE))
    for draw in recorded("default_noise_seed42"):
        assert torch.equal(noise(SIGMAS[0], SIGMAS[1]), draw)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_noise_takes_the_dtype_of_the_latent_after_it_is_drawn(dtype: torch.dtype) -> None:
    like = torch.zeros(SHAPE, dtype=dtype)
    for noise in (GaussianNoise(1, like), BrownianNoise(1, like, SIGMAS)):
        full = type(noise)(1, like.float(), *([SIGMAS] if isinstance(noise, BrownianNoise) else []))
        assert torch.equal(noise(SIGMAS[0], SIGMAS[1]), full(SIGMAS[0], SIGMAS[1]).to(dtype))


@pytest.mark.parametrize("tag", [tag for tag, run in recorded_runs().items() if recorded_draws(tag) is not None])
def test_brownian_draws_agree_with_comfyui_0_3_64_to_1e_5(tag: str) -> None:
    record, draws = recorded_runs()[tag], recorded_draws(tag)
    assert draws is not None
    sigmas = sigmas_for(record["scheduler"], SCHEDULES[record["model"]], record["steps"], record["denoise"])
    noise = BrownianNoise(record["seed"], torch.zeros(SHAPE), sigmas)
    for (kind, sigma, sigma_next), draw in zip(record["noise"], draws, strict=True):
        assert kind == SAMPLERS[record["sampler"]].noise == "brownian"
        torch.testing.assert_close(noise(torch.tensor(sigma), torch.tensor(sigma_next)), draw, rtol=0, atol=1e-5)


def test_a_brownian_path_is_the_same_however_it_is_stepped() -> None:
    like = torch.zeros(SHAPE)
    coarse = BrownianNoise(5, like, SIGMAS)(SIGMAS[0], SIGMAS[2]) * (SIGMAS[0] - SIGMAS[2]).sqrt()
    fine = BrownianNoise(5, like, SIGMAS)
    steps = [fine(a, b) * (a - b).sqrt() for a, b in ((SIGMAS[0], SIGMAS[1]), (SIGMAS[1], SIGMAS[2]))]
    torch.testing.assert_close(steps[0] + steps[1], coarse, rtol=0, atol=1e-5)


def test_brownian_steps_have_unit_variance_and_are_independent() -> None:
    noise = BrownianNoise(3, torch.zeros(1, 4, 128, 128), SIGMAS)
    draws = torch.stack([noise(a, b).flatten() for a, b in pairwise(SIGMAS[:-1])])
    bound = 5 / draws.shape[1] ** 0.5  # five standard errors of a correlation
    np.testing.assert_allclose(torch.cov(draws).numpy(), np.eye(len(draws)), atol=bound * 2**0.5)


@pytest.mark.filterwarnings("error")
def test_the_ends_of_a_brownian_path_are_reached_without_a_warning() -> None:
    sigmas = torch.tensor([14.614643096923828, 0.02916717529296875, 0.0])
    assert BrownianNoise(0, torch.zeros(SHAPE), sigmas)(sigmas[0], sigmas[1]).std() == pytest.approx(1, abs=0.05)


def recorded(key: str) -> torch.Tensor:
    latent = recorded_latent(key)
    assert latent is not None
    return latent


def test_mixed_noise_keeps_its_variance_and_lies_between_both() -> None:
    first, second = (initial_noise(seed, (2, 4, 64, 64)) for seed in (1, 2))
    assert torch.equal(mixed_noise(first, second, 0.0), first)
    torch.testing.assert_close(mixed_noise(first, second, 1.0), second, rtol=1e-4, atol=1e-4)
    half = mixed_noise(first, second, 0.5)
    assert half.std() == pytest.approx(1.0, abs=0.02)
    likeness = [float(torch.corrcoef(torch.stack([half.flatten(), end.flatten()]))[0, 1]) for end in (first, second)]
    assert likeness == pytest.approx([0.5**0.5] * 2, abs=0.02)
    assert torch.equal(mixed_noise(first, first, 0.5), first)
