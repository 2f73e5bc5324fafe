import json
from typing import Any

import pytest
import torch

from safelight.diffusion.prediction import PREDICTIONS
from tests.shared import shared_file

LATENT = torch.tensor([-1.5, 0.0, 0.7])
NOISE = torch.tensor([0.3, -0.6, 1.1])
RECORDED = {
    "sd15_eps": "eps",
    "sd2_vpred": "v",
    "sdxl_eps": "eps",
    "sdxl_vpred_zsnr": "v",
    "edm_playground25": "edm",
    "continuous_v": "v",
    "flow_sd3_shift3": "flow",
    "flow_shift1": "flow",
    "flux_shift1.15": "flow",
}


@pytest.mark.parametrize("sigma", [0.01, 0.5, 1.0, 40.0])
def test_a_network_that_knows_the_noise_recovers_the_latent(sigma: float) -> None:
    level = torch.tensor(sigma, dtype=torch.float64)
    latent, noise = LATENT.double(), NOISE.double()
    x = latent + level * noise
    angle = torch.atan(level)
    velocity = torch.cos(angle) * noise - torch.sin(angle) * latent  # Salimans & Ho 2022, section 4
    for name, output in {"eps": noise, "v": velocity, "x0": latent}.items():
        torch.testing.assert_close(PREDICTIONS[name](level).calculate_denoised(x, output), latent)


@pytest.mark.parametrize("sigma", [0.01, 0.5, 1.0])
def test_a_flow_that_knows_its_direction_recovers_the_latent(sigma: float) -> None:
    level = torch.tensor(sigma, dtype=torch.float64)
    x = (1 - level) * LATENT + level * NOISE
    denoised = PREDICTIONS["flow"](level).calculate_denoised(x, (NOISE - LATENT).double())
    torch.testing.assert_close(denoised, LATENT.double())


@pytest.mark.parametrize("sigma", [0.01, 1.0, 90.0])
def test_a_flow_written_as_variance_exploding_is_the_flow_divided_by_its_signal(sigma: float) -> None:
    level = torch.tensor(sigma, dtype=torch.float64)
    share = level / (1 + level)
    x = LATENT.double() + level * NOISE.double()
    scaling = PREDICTIONS["exploding_flow"](level)
    torch.testing.assert_close(scaling.calculate_input(x), (1 - share) * LATENT.double() + share * NOISE.double())
    torch.testing.assert_close(scaling.calculate_denoised(x, (NOISE - LATENT).double()), LATENT.double())


def test_an_image_to_image_student_sees_the_latent_as_it_is_and_answers_with_the_clean_one() -> None:
    scaling = PREDICTIONS["image"](torch.tensor(3.0))
    assert torch.equal(scaling.calculate_input(NOISE), NOISE)
    assert torch.equal(scaling.calculate_denoised(NOISE, LATENT), LATENT)


@pytest.mark.parametrize("sigma", [0.05, 1.0, 14.0])
def test_a_consistency_model_all_but_answers_as_one_that_knows_the_noise(sigma: float) -> None:
    # c_skip is 0.25 / (10 t)^2 or less, with t = 19 its least: the boundary condition is met at time 0 alone
    level = torch.tensor(sigma)
    x = LATENT + level * NOISE
    denoised = PREDICTIONS["lcm"](level).calculate_denoised(x, NOISE)
    torch.testing.assert_close(denoised, LATENT, rtol=0, atol=1e-4)
    assert torch.equal(PREDICTIONS["lcm"](level).c_in, PREDICTIONS["eps"](level).c_in)


@pytest.mark.parametrize(("name", "sigma_data"), [("eps", 1.0), ("v", 1.0), ("x0", 1.0), ("edm", 0.5)])
def test_the_network_is_shown_unit_variance(name: str, sigma_data: float) -> None:
    sigma = torch.tensor([0.02, 1.0, 14.0])
    shown = PREDICTIONS[name](sigma).calculate_input((sigma_data**2 + sigma**2).sqrt())
    torch.testing.assert_close(shown, torch.ones(3))


def test_a_batch_may_have_a_sigma_per_item() -> None:
    sigma = torch.tensor([0.5, 2.0]).reshape(2, 1, 1, 1)
    x, output = torch.ones(2, 4, 3, 3), torch.full((2, 4, 3, 3), 0.25)
    together = PREDICTIONS["v"](sigma).calculate_denoised(x, output)
    alone = PREDICTIONS["v"](sigma[1]).calculate_denoised(x[1], output[1])
    torch.testing.assert_close(together[1], alone)


@pytest.mark.parametrize("schedule", RECORDED)
def test_transforms_agree_with_comfyui_0_3_64_to_1e_5(schedule: str) -> None:
    transforms: dict[str, Any] = json.loads(shared_file("oracle/sigmas.json").read_text())[schedule]["transforms"]
    x, output = torch.tensor(transforms["x_or_noise"]), torch.tensor(transforms["model_output_or_latent"])
    for row in transforms["rows"]:
        scaling = PREDICTIONS[RECORDED[schedule]](torch.tensor(row["sigma"]))
        for ours, recorded in (
            (scaling.calculate_input(x), row["calculate_input"]),
            (scaling.calculate_denoised(x, output), row["calculate_denoised"]),
        ):
            torch.testing.assert_close(ours, torch.tensor(recorded), rtol=1e-5, atol=1e-6)
