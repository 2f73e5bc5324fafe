import json
import math
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch

from safelight.diffusion.noise_schedule import (
    NoiseSchedule,
    continuous_flow,
    discrete,
    flux,
    linear_flow,
    scaled_linear_betas,
    sd3,
)
from tests.diffusion.oracle import SCHEDULES
from tests.shared import shared_file

every_schedule = pytest.mark.parametrize("name", SCHEDULES)


@cache
def recorded(name: str) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(shared_file("oracle/sigmas.json").read_text())[name]
    return record


@every_schedule
def test_the_table_agrees_with_comfyui_0_3_64_to_1e_5(name: str) -> None:
    table = torch.from_numpy(np.load(shared_file("oracle/sigma_arrays.npz"))[f"{name}/sigmas"])
    torch.testing.assert_close(SCHEDULES[name].sigmas, table, rtol=1e-5, atol=0)
    assert len(table) == recorded(name)["n_sigmas"]
    assert SCHEDULES[name].sigma_min == pytest.approx(recorded(name)["sigma_min"], rel=1e-5)
    assert SCHEDULES[name].sigma_max == pytest.approx(recorded(name)["sigma_max"], rel=1e-5)


@every_schedule
def test_progress_and_the_clock_agree_with_comfyui_0_3_64_to_1e_5(name: str) -> None:
    schedule, record = SCHEDULES[name], recorded(name)
    for percent, sigma in record["percent_to_sigma"].items():
        assert schedule.percent_to_sigma(float(percent)) == pytest.approx(sigma, rel=1e-5)
    for sigma, timestep in record["timestep_of_sigma"]:
        assert float(schedule.timestep(torch.tensor(sigma))) == pytest.approx(timestep, rel=1e-5)
    for timestep, sigma in record["sigma_of_timestep"]:
        assert float(schedule.sigma(torch.tensor(timestep))) == pytest.approx(sigma, rel=1e-5)


@every_schedule
def test_laying_noise_over_a_latent_agrees_with_comfyui_0_3_64_to_1e_5(name: str) -> None:
    schedule, transforms = SCHEDULES[name], recorded(name)["transforms"]
    noise, latent = torch.tensor(transforms["x_or_noise"]), torch.tensor(transforms["model_output_or_latent"])
    for row in transforms["rows"]:
        sigma = torch.tensor(row["sigma"])
        for ours, key in (
            (schedule.noise_scaling(sigma, noise, latent), "noise_scaling"),
            (schedule.noise_scaling(sigma, noise, latent, max_denoise=True), "noise_scaling_max_denoise"),
            (schedule.inverse_noise_scaling(sigma, noise), "inverse_noise_scaling"),
        ):
            torch.testing.assert_close(ours, torch.tensor(row[key]), rtol=1e-5, atol=1e-6)


@every_schedule
def test_the_clock_is_read_and_set_shape_by_shape(name: str) -> None:
    schedule = SCHEDULES[name]
    sigmas = schedule.sigmas[[3, 500, 990]].reshape(3, 1, 1, 1)
    assert schedule.timestep(sigmas).shape == sigmas.shape
    assert schedule.sigma(schedule.timestep(sigmas)).shape == sigmas.shape


@pytest.mark.parametrize("name", ["sd15_eps", "sdxl_vpred_zsnr", "edm_playground25", "continuous_v", "flow_shift1"])
def test_the_clock_of_a_level_leads_back_to_it(name: str) -> None:
    # the lean of a shifted flow is in the levels already, so its clock is not the inverse
    schedule = SCHEDULES[name]
    sigmas = schedule.sigmas[::37]
    torch.testing.assert_close(schedule.sigma(schedule.timestep(sigmas)), sigmas, rtol=1e-4, atol=0)


def test_levels_between_two_training_steps_are_their_geometric_mean() -> None:
    schedule = SCHEDULES["sd15_eps"]
    between = float(schedule.sigma(torch.tensor(10.5)))
    assert between == pytest.approx(math.sqrt(float(schedule.sigmas[10]) * float(schedule.sigmas[11])), rel=1e-5)


def test_a_zero_terminal_schedule_starts_where_the_plain_one_does_and_ends_in_noise() -> None:
    plain, rescaled = discrete(scaled_linear_betas()), discrete(scaled_linear_betas(), zero_terminal_snr=True)
    assert rescaled.sigma_min == pytest.approx(plain.sigma_min)
    assert rescaled.sigma_max > 300 * plain.sigma_max


def test_a_shift_multiplies_the_ratio_of_noise_to_signal() -> None:
    plain, shifted = linear_flow(1.0).sigmas[:-1], sd3(3.0).sigmas[:-1]
    torch.testing.assert_close(shifted / (1 - shifted), 3 * plain / (1 - plain), rtol=1e-3, atol=0)
    assert flux(0.0).sigma_max == 1.0


def test_a_student_knows_every_twentieth_level_counted_from_the_last() -> None:
    teacher, student = SCHEDULES["sd15_eps"], discrete(scaled_linear_betas(), stride=20)
    assert torch.equal(student.sigmas, teacher.sigmas[19::20])
    assert student.timestep(student.sigmas).tolist() == list(range(19, 1000, 20))
    torch.testing.assert_close(student.sigma(torch.arange(19, 1000, 20)), student.sigmas)
    assert student.sigma_max == teacher.sigma_max


def test_the_clock_of_a_continuous_flow_is_its_share_of_noise() -> None:
    schedule = continuous_flow(0.002, 80.0)
    assert (schedule.sigma_min, schedule.sigma_max) == pytest.approx((0.002, 80.0))
    assert float(schedule.timestep(torch.tensor(3.0))) == 0.75
    torch.testing.assert_close(schedule.sigma(schedule.timestep(schedule.sigmas)), schedule.sigmas, rtol=1e-4, atol=0)


@every_schedule
def test_pure_noise_is_known_by_the_first_sigma(name: str) -> None:
    schedule = SCHEDULES[name]
    at_max = schedule.sigma_max * (1 + 2e-6)
    assert schedule.begins_at_max(torch.tensor([at_max, 0.0]))
    assert not schedule.begins_at_max(torch.tensor([0.99 * schedule.sigma_max, 0.0]))


@every_schedule
def test_removing_all_noise_gives_the_latent_back(name: str) -> None:
    schedule: NoiseSchedule = SCHEDULES[name]
    latent, sigma = torch.tensor([0.4, -2.0]), torch.tensor(0.3)
    x = schedule.noise_scaling(sigma, torch.zeros(2), latent)
    torch.testing.assert_close(schedule.inverse_noise_scaling(sigma, x), latent)
