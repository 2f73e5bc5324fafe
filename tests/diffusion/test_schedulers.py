import json

import pytest
import torch

from safelight.diffusion.schedulers import SCHEDULERS, sigmas_for
from tests.diffusion.oracle import SCHEDULES
from tests.shared import shared_file

every_pair = [(schedule, scheduler) for schedule in SCHEDULES for scheduler in SCHEDULERS]
# these pick entries of the table, which may be too short for the steps asked
PICKS_FROM_TABLE = {"ddim_uniform", "beta"}


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_sigmas_agree_with_comfyui_0_3_64_to_1e_5(schedule: str) -> None:
    sets = json.loads(shared_file("oracle/sigmas.json").read_text())[schedule]["sets"]
    for key, recorded in sets.items():
        scheduler, steps, denoise, kind = key.split("/")
        ours = sigmas_for(
            scheduler, SCHEDULES[schedule], int(steps), float(denoise), drops_penultimate_sigma=kind == "drop"
        )
        expected = torch.tensor(recorded)
        # the one step of kl_optimal is 0 / 0 there; here it starts where more steps do
        expected = torch.where(expected.isnan(), sets["kl_optimal/5/1.0/plain"][0], expected)
        torch.testing.assert_close(ours, expected, rtol=1e-5, atol=0, msg=key)


@pytest.mark.parametrize("steps", [1, 2, 7, 50])
@pytest.mark.parametrize(("schedule", "scheduler"), every_pair)
def test_sigmas_fall_all_the_way_to_zero(schedule: str, scheduler: str, steps: int) -> None:
    sigmas = sigmas_for(scheduler, SCHEDULES[schedule], steps)
    assert sigmas.dtype == torch.float32
    assert (sigmas.diff() < 0).all()
    assert sigmas[-1] == 0
    assert sigmas[0] <= SCHEDULES[schedule].sigma_max * (1 + 1e-5)
    if scheduler not in PICKS_FROM_TABLE:
        assert len(sigmas) == steps + 1


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_a_shorter_way_is_the_end_of_a_longer_one(scheduler: str) -> None:
    schedule = SCHEDULES["sd15_eps"]
    torch.testing.assert_close(sigmas_for(scheduler, schedule, 5, 0.25), sigmas_for(scheduler, schedule, 20)[-6:])


def test_no_way_is_left_without_denoising() -> None:
    assert sigmas_for("karras", SCHEDULES["sd15_eps"], 5, 0.0).numel() == 0


def test_a_dropped_sigma_costs_no_step() -> None:
    plain = sigmas_for("normal", SCHEDULES["sd15_eps"], 6)
    dropped = sigmas_for("normal", SCHEDULES["sd15_eps"], 5, drops_penultimate_sigma=True)
    torch.testing.assert_close(dropped, torch.cat([plain[:5], plain[-1:]]))
