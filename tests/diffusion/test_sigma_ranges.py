"""Schedules between two bounds follow their formulas, and are cut as asked."""

import math

import pytest
import torch

from safelight.diffusion.sigma_ranges import (
    exponential_between,
    extended,
    from_levels,
    karras_between,
    laplace,
    polyexponential,
    variance_preserving,
)

HIGH, LOW = 14.6, 0.03


def test_karras_steps_are_even_in_the_root_of_sigma() -> None:
    sigmas = karras_between(6, HIGH, LOW, rho=3.0)
    assert sigmas[-1] == 0
    steps = (sigmas[:-1].double() ** (1 / 3)).diff()
    torch.testing.assert_close(steps, steps[:1].expand(5), rtol=1e-4, atol=0)
    assert sigmas[[0, -2]].tolist() == pytest.approx([HIGH, LOW], rel=1e-5)


def test_exponential_steps_divide_sigma_alike() -> None:
    sigmas = exponential_between(5, HIGH, LOW)
    ratios = sigmas[1:-1] / sigmas[:-2]
    torch.testing.assert_close(ratios, torch.full((4,), (LOW / HIGH) ** 0.25))


@pytest.mark.parametrize("rho", [1.0, 2.0, 0.5])
def test_polyexponential_steps_leave_a_power_of_the_way(rho: float) -> None:
    sigmas = polyexponential(5, HIGH, LOW, rho)
    left = [math.log(sigma / LOW) / math.log(HIGH / LOW) for sigma in sigmas[:-1].tolist()]
    assert left == pytest.approx([(1 - index / 4) ** rho for index in range(5)], abs=1e-5)


def test_laplace_levels_are_quantiles_between_the_bounds() -> None:
    sigmas = laplace(9, HIGH, LOW, mu=0.5, beta=0.7)
    assert len(sigmas) == 9
    assert sigmas[[0, -1]].tolist() == pytest.approx([HIGH, LOW])
    for index in range(1, 8):  # the quantile function of Laplace(mu, beta), of the upper share first
        share = 1 - index / 8
        quantile = math.log(2 * share) if share < 0.5 else -math.log(2 - 2 * share)
        assert float(sigmas[index].log()) == pytest.approx(0.5 + 0.7 * quantile, abs=1e-3)


def test_variance_preserving_levels_follow_the_integral_of_beta() -> None:
    sigmas = variance_preserving(5, beta_d=10.0, beta_min=0.2, eps_s=0.01)
    for index, sigma in enumerate(sigmas[:-1].tolist()):
        time = 1 + (0.01 - 1) * index / 4
        assert sigma == pytest.approx(math.sqrt(math.exp(10 * time**2 / 2 + 0.2 * time) - 1), rel=1e-4)


def test_as_many_steps_as_levels_were_found_for_take_these() -> None:
    torch.testing.assert_close(from_levels([8.0, 4.0, 1.0, 0.1], 3), torch.tensor([8.0, 4.0, 1.0, 0.0]))


def test_other_numbers_of_steps_lie_on_straight_lines_in_the_logarithm() -> None:
    sigmas = from_levels([8.0, 2.0, 0.5], 4)
    torch.testing.assert_close(sigmas, torch.tensor([8.0, 4.0, 2.0, 1.0, 0.0]))


@pytest.mark.parametrize(("denoise", "expected"), [(0.5, [2.0, 1.0, 0.0]), (0.0, []), (0.1, [0.0])])
def test_denoising_in_part_takes_the_last_steps(denoise: float, expected: list[float]) -> None:
    torch.testing.assert_close(from_levels([8.0, 2.0, 0.5], 4, denoise), torch.tensor(expected))


@pytest.mark.parametrize(
    ("spacing", "shares"),
    [
        ("linear", [1 / 3, 2 / 3]),
        ("cosine", [0.5, math.sqrt(3) / 2]),
        ("sine", [1 - math.sqrt(3) / 2, 0.5]),
    ],
)
def test_steps_within_a_range_are_cut_and_others_are_not(spacing: str, shares: list[float]) -> None:
    sigmas = torch.tensor([10.0, 6.0, 3.0, 1.0, 0.0])
    cut = extended(sigmas, 3, start=6.0, end=3.0, spacing=spacing)
    inner = [6 - 3 * share for share in shares], [3 - 2 * share for share in shares]
    torch.testing.assert_close(cut, torch.tensor([10.0, 6.0, *inner[0], 3.0, *inner[1], 1.0, 0.0]))


def test_an_empty_schedule_cannot_be_cut() -> None:
    assert extended(torch.empty(0), 3, start=6.0, end=3.0, spacing="linear").tolist() == []
