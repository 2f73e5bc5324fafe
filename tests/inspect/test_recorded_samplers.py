"""A sampler's calls are told of the step that they belong to, as its plan has them."""

import numpy as np
import pytest
import torch

from safelight.diffusion.noise_schedule import sd3
from safelight.inspect.plan import plan_run
from tests.inspect.recorded import guider_for, record

CHOOSES = "dpm_adaptive"  # its steps hang on what the model answers
ONE_OF_EACH = (
    "euler_cfg_pp",
    "heunpp2",
    "dpm_2",
    "lms",
    "dpm_fast",
    "dpmpp_2s_ancestral",
    "dpmpp_2m_sde_heun",
    "ipndm",
    "res_multistep_ancestral",
    "gradient_estimation",
    "er_sde",
    "seeds_3",
    "sa_solver_pece",
    "uni_pc",
)
"""Of each kind of sampler, that which asks the most of its counting; all are planned in `test_plan.py`."""


@pytest.mark.parametrize("sampler", ONE_OF_EACH)
def test_a_run_is_recorded_as_it_was_planned(sampler: str) -> None:
    guider = guider_for("sd1")
    heard = record(guider, sampler=sampler, steps=3)
    plan, run = plan_run(guider.model.schedule, sampler, "karras", 3), heard.run
    np.testing.assert_allclose(run.calls, plan.calls, rtol=1e-4)
    assert run.call_steps.tolist() == plan.call_steps.tolist()
    np.testing.assert_array_equal(run.step_sigmas, plan.steps)
    assert len(run.attention) == len(run.guidance) == len(run.step_sigmas)
    for step, told in enumerate(heard.steps):
        joined = [guess.uncond + (guess.cond - guess.uncond) * guess.cfg for guess in heard.guesses]
        (own,) = (g for g, made in zip(heard.guesses, joined, strict=True) if torch.equal(made, told.denoised))
        np.testing.assert_array_equal(run.guidance[step], (own.cond - own.uncond).half())


@pytest.mark.parametrize("sampler", ["heun", "uni_pc"])
def test_so_is_a_run_of_a_flow(sampler: str) -> None:
    guider = guider_for("sd1", prediction="flow", schedule=sd3())
    plan, run = plan_run(guider.model.schedule, sampler, "karras", 3), record(guider, sampler=sampler, steps=3).run
    np.testing.assert_allclose(run.calls, plan.calls, rtol=1e-4)
    assert run.call_steps.tolist() == plan.call_steps.tolist()


def test_a_sampler_that_chooses_its_steps_is_recorded_with_all_of_them() -> None:
    heard = record(guider_for("sd1"), sampler=CHOOSES, steps=3)
    assert len(heard.run.step_sigmas) == len(heard.run.attention) == len(heard.steps) > 3
    assert len(heard.run.calls) == len(heard.guesses)
    assert (np.diff(heard.run.call_steps) >= 0).all()


def test_half_of_the_way_begins_at_its_noise_level() -> None:
    guider = guider_for("sd1")
    run = record(guider, steps=4, denoise=0.5, latent=torch.ones(1, 4, 8, 8)).run
    assert len(run.step_sigmas) == 4
    assert run.step_sigmas[0] < guider.model.schedule.sigma_max / 2
