"""The plan of a run says where the model is asked, as the papers of the samplers do."""

import math

import numpy as np
import pytest
import torch

from safelight.diffusion.noise_schedule import (
    NoiseSchedule,
    continuous_edm,
    discrete,
    flux,
    scaled_linear_betas,
    sd3,
)
from safelight.diffusion.samplers import SAMPLERS
from safelight.diffusion.schedulers import SCHEDULERS, sigmas_for
from safelight.inspect.plan import log_snr, plan_run
from safelight.inspect.sketches import plan_picture

SCHEDULE = discrete(scaled_linear_betas())
STEPS = 5
SECOND_ORDER = ("heun", "dpm_2", "dpmpp_2s_ancestral", "dpmpp_sde", "seeds_2")
"""Two calls for each step, and one for the last, which ends without noise."""


@pytest.mark.parametrize("sampler", ["euler", "euler_ancestral", "dpmpp_2m", "ddim", "lcm"])
def test_a_sampler_of_one_call_asks_at_each_level_of_the_plan(sampler: str) -> None:
    plan = plan_run(SCHEDULE, sampler, "karras", STEPS)
    np.testing.assert_array_equal(plan.calls, plan.sigmas[:-1])
    assert plan.call_steps.tolist() == list(range(STEPS))


@pytest.mark.parametrize("sampler", SECOND_ORDER)
def test_a_sampler_of_two_calls_asks_once_in_the_last_step(sampler: str) -> None:
    plan = plan_run(SCHEDULE, sampler, "karras", STEPS)
    assert np.bincount(plan.call_steps).tolist() == [2] * (STEPS - 1) + [1]


def test_heun_looks_at_where_each_step_ends() -> None:
    plan = plan_run(SCHEDULE, "heun", "normal", 3)
    first, second, third = plan.sigmas[:-1]
    assert plan.calls.tolist() == [first, second, second, third, third]


@pytest.mark.parametrize("sampler", [name for name in SAMPLERS if name not in ("dpm_fast", "dpm_adaptive")])
def test_every_sampler_takes_the_steps_of_the_plan(sampler: str) -> None:
    plan = plan_run(SCHEDULE, sampler, "exponential", 3)
    np.testing.assert_array_equal(plan.steps, plan.sigmas[:-1])
    assert sorted(set(plan.call_steps.tolist())) == [0, 1, 2]


def test_the_plan_is_that_of_the_run() -> None:
    plan = plan_run(SCHEDULE, "dpm_2", "simple", 6, 0.5, beside=("simple", "karras", "none"))
    expected = sigmas_for("simple", SCHEDULE, 6, 0.5, drops_penultimate_sigma=True)
    np.testing.assert_array_equal(plan.sigmas, expected.numpy())
    assert list(plan.others) == ["karras"]


def test_the_ratio_of_signal_to_noise_is_that_of_the_mixture() -> None:
    found = log_snr(SCHEDULE.process, torch.tensor([2.0, 1.0, 0.0]))
    np.testing.assert_allclose(found, [math.log(1 / 4), 0, math.inf], atol=1e-6)
    flow = log_snr(sd3().process, torch.tensor([1.0, 0.5, 0.0]))
    np.testing.assert_allclose(flow, [-math.inf, 0, math.inf], atol=1e-6)


@pytest.mark.parametrize(
    "schedule",
    [discrete(scaled_linear_betas(), zero_terminal_snr=True), sd3(), flux(), continuous_edm(0.002, 120.0)],
    ids=["zero terminal", "sd3", "flux", "edm"],
)
@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_every_scheduler_plans_for_every_kind_of_model(scheduler: str, schedule: NoiseSchedule) -> None:
    plan = plan_run(schedule, "dpmpp_2m", scheduler, 4, beside=tuple(SCHEDULERS))
    assert set(plan.others) == set(SCHEDULERS) - {scheduler}
    assert not np.isnan(plan.log_snr).any()
    assert (np.diff(plan.log_snr) > 0).all()
    assert plan_picture(plan).isfinite().all()


def test_a_run_of_no_way_has_no_calls() -> None:
    plan = plan_run(SCHEDULE, "euler", "karras", 4, 0.0)
    assert (len(plan.sigmas), len(plan.calls), len(plan.steps)) == (0, 0, 0)
