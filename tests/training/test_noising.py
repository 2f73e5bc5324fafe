"""Noise and noise levels of the forward process, by their statistics and by what they hang on."""

import pytest
import torch

from safelight.diffusion.noise_schedule import discrete, scaled_linear_betas
from safelight.runs.settings import Loss
from safelight.training.noising import LEVELS, draw_levels, draw_noise, generator_at

SIGMAS = discrete(scaled_linear_betas()).sigmas
LIKE = torch.zeros(64, 4, 16, 16)


def test_chance_hangs_on_seed_and_step_alone() -> None:
    drawn = {(seed, step): draw_noise(Loss(), LIKE, generator_at(seed, step)) for seed in (0, 1) for step in (-1, 0, 7)}
    for (seed, step), noise in drawn.items():
        assert torch.equal(noise, draw_noise(Loss(), LIKE, generator_at(seed, step)))
    flat = torch.stack([noise.flatten() for noise in drawn.values()])
    correlations = torch.corrcoef(flat) - torch.eye(len(flat))
    assert correlations.abs().max() < 0.02  # 65,536 numbers: 0.004 is one standard deviation


@pytest.mark.parametrize(
    ("name", "share_below"),
    [
        ("uniform", lambda x: x),
        ("high_noise", lambda x: x**2),
        ("low_noise", lambda x: 1 - (1 - x) ** 2),
        ("logit_normal", lambda x: (1 + torch.erf(torch.logit(x) / 2**0.5)) / 2),
    ],
)
def test_levels_are_drawn_by_their_laws(name: str, share_below) -> None:  # type: ignore[no-untyped-def]
    drawn = LEVELS[name](20_000, generator_at(0, 0)).sort().values
    expected = share_below(drawn.clamp(1e-6, 1 - 1e-6))
    found = (torch.arange(len(drawn)) + 0.5) / len(drawn)
    assert (found - expected).abs().max() < 0.0136  # Kolmogorov and Smirnov's bound for 1 in 1,000 at this count


def test_levels_keep_to_their_part_of_the_schedule() -> None:
    drawn = draw_levels(Loss(lowest=0.2, highest=0.5), SIGMAS, 5_000, generator_at(0, 0))
    assert drawn.min() >= SIGMAS[200]
    assert drawn.max() <= SIGMAS[499]
    everywhere = draw_levels(Loss(), SIGMAS, 50_000, generator_at(0, 0))
    assert set(everywhere.tolist()) == set(SIGMAS.tolist())


def test_offset_noise_moves_whole_channels() -> None:
    noise = draw_noise(Loss(offset_noise=0.5), LIKE, generator_at(0, 0))
    means = noise.mean((2, 3))
    assert means.var() == pytest.approx(0.25 + 1 / 256, rel=0.2)
    assert (noise - means[:, :, None, None]).var() == pytest.approx(1, rel=0.02)


def test_pyramid_noise_is_of_unit_variance_and_coarser() -> None:
    plain = draw_noise(Loss(), LIKE, generator_at(0, 0))
    noise = draw_noise(Loss(pyramid_noise=0.8), LIKE, generator_at(0, 0))
    torch.testing.assert_close(noise.var((1, 2, 3)), torch.ones(64), atol=1e-4, rtol=0)
    means = [torch.nn.functional.avg_pool2d(each, 4).var() for each in (plain, noise)]
    assert means[1] > 5 * means[0]
