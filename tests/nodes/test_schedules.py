"""Schedules are cut, turned and changed as their nodes say."""

import pytest
import torch
from scipy.stats import beta
from torch import Tensor

from safelight.diffusion.schedulers import SCHEDULERS, sigmas_for
from safelight.nodes.registry import BUILTIN
from tests.studio import loaded

MODEL = loaded("sd1").model
SIGMAS = torch.tensor([14.0, 7.0, 3.0, 1.0, 0.0])


def cut(node: str, **inputs: object) -> tuple[list[float], list[float]]:
    high, low = BUILTIN[node](sigmas=SIGMAS, **inputs)
    return high.tolist(), low.tolist()


@pytest.mark.parametrize("name", SCHEDULERS)
def test_the_basic_scheduler_falls_from_the_models_top_to_zero(name: str) -> None:
    sigmas = BUILTIN["BasicScheduler"](model=MODEL, scheduler=name, steps=6)
    assert isinstance(sigmas, Tensor)
    assert torch.equal(sigmas, sigmas_for(name, MODEL.schedule, 6))
    assert (sigmas.diff() < 0).all()
    assert sigmas[-1] == 0


def test_the_beta_scheduler_takes_quantiles_of_its_own_distribution() -> None:
    sigmas = BUILTIN["BetaSamplingScheduler"](model=MODEL, steps=4, alpha=2.0, beta=3.0)
    places = [round(float(beta.ppf(1 - index / 4, 2.0, 3.0)) * 999) for index in range(4)]
    assert isinstance(sigmas, Tensor)
    torch.testing.assert_close(sigmas, torch.cat([MODEL.schedule.sigmas[places], torch.zeros(1)]))


@pytest.mark.parametrize(
    ("step", "high", "low"),
    [
        (0, [14], [14, 7, 3, 1, 0]),
        (2, [14, 7, 3], [3, 1, 0]),
        (4, [14, 7, 3, 1, 0], [0]),
        (9, [14, 7, 3, 1, 0], []),
    ],
)
def test_a_schedule_is_cut_after_a_step_and_both_parts_have_the_level_between(
    step: int, high: list[float], low: list[float]
) -> None:
    assert cut("SplitSigmas", step=step) == (high, low)


@pytest.mark.parametrize(
    ("denoise", "high", "low"),
    [
        (1.0, [14], [14, 7, 3, 1, 0]),
        (0.5, [14, 7, 3], [3, 1, 0]),
        (0.3, [14, 7, 3, 1], [1, 0]),
    ],
)
def test_a_schedule_is_cut_so_that_the_second_part_is_a_share(
    denoise: float, high: list[float], low: list[float]
) -> None:
    assert cut("SplitSigmasDenoise", denoise=denoise) == (high, low)


def test_a_schedule_that_is_turned_around_begins_just_above_zero() -> None:
    flipped = BUILTIN["FlipSigmas"](sigmas=SIGMAS)
    assert isinstance(flipped, Tensor)
    torch.testing.assert_close(flipped, torch.tensor([0.0001, 1.0, 3.0, 7.0, 14.0]))
    assert SIGMAS[-1] == 0  # what it was given is left alone


def test_an_empty_schedule_stays_empty() -> None:
    flipped = BUILTIN["FlipSigmas"](sigmas=torch.empty(0))
    assert isinstance(flipped, Tensor)
    assert len(flipped) == 0


def test_the_first_level_can_be_set() -> None:
    changed = BUILTIN["SetFirstSigma"](sigmas=SIGMAS, sigma=20.0)
    assert isinstance(changed, Tensor)
    assert changed.tolist() == [20, 7, 3, 1, 0]
    assert SIGMAS[0] == 14
