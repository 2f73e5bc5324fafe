"""Every family, and every thing that networks predict, is recorded as it runs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from safelight.diffusion.noise_schedule import NoiseSchedule, flux, sd3
from safelight.diffusion.types import Step
from safelight.errors import BadInput
from safelight.families.sd1 import SD1_LATENT
from safelight.files.film import write_film
from safelight.inspect.forward import forward_diffusion
from safelight.inspect.recording import Recorder, open_recording
from safelight.models.model import Model
from safelight.nodes.registry import BUILTIN
from tests.inspect.recorded import guider_for, record
from tests.studio import cond_for, loaded
from tests.tiny import Kind

PREDICTED: dict[Kind, str] = {"sd2-v": "v", "sdxl-v-ztsnr": "v"}
DISCRETE, CONTINUOUS = "ModelSamplingDiscrete", "ModelSamplingContinuousEDM"


@pytest.mark.parametrize("kind", ["sd1-inpaint", "sd2-v", "sdxl", "sdxl-v-ztsnr", "refiner"])
def test_three_wide_pictures_of_every_kind_are_recorded(kind: Kind) -> None:
    heard = record(guider_for(kind), latent=torch.zeros(3, 4, 8, 12))
    run = heard.run
    assert run.head.prediction == PREDICTED.get(kind, "eps")
    assert (run.head.height, run.head.width) == (8, 12)
    assert run.noisy.shape == run.denoised.shape == run.guidance.shape == (2, 3, 4, 8, 12)
    steps, pictures, tokens, height, width = run.attention.shape
    assert (steps, pictures, tokens) == (2, 3, 77)
    assert width / height == 12 / 8
    for picture in range(3):
        assert run.attention_of(list(range(77)), picture) == pytest.approx(1, abs=77 * run.attention_top / 255)
    for step, (told, guess) in enumerate(zip(heard.steps, heard.guesses, strict=True)):
        np.testing.assert_array_equal(run.noisy[step], told.x.half())
        np.testing.assert_array_equal(run.denoised[step], told.denoised.half())
        np.testing.assert_array_equal(run.guidance[step], (guess.cond - guess.uncond).half())
        torch.testing.assert_close(guess.uncond + 5.0 * (guess.cond - guess.uncond), told.denoised)


def test_a_run_from_noise_without_a_signal_is_recorded_in_whole() -> None:
    run = record(guider_for("sdxl-v-ztsnr")).run
    assert run.step_sigmas[0] > 4000
    assert np.isfinite(run.noisy).all()
    assert run.noisy_rms[0, 0] == pytest.approx(run.step_sigmas[0], rel=0.1)


def test_a_latent_that_is_noisier_than_half_precision_holds_is_kept_at_its_bounds() -> None:
    far = record(guider_for("sd1"), latent=torch.full((1, 4, 8, 8), 1e6), denoise=0.5).run
    assert np.isfinite(far.noisy).all()


@pytest.mark.parametrize(
    ("node", "inputs", "prediction"),
    [
        (DISCRETE, {"sampling": "lcm"}, "lcm"),
        (DISCRETE, {"sampling": "x0"}, "x0"),
        (DISCRETE, {"sampling": "v_prediction", "zsnr": True}, "v"),
        (CONTINUOUS, {"sampling": "edm_playground_v2.5"}, "edm"),
        (CONTINUOUS, {"sampling": "cosmos_rflow"}, "exploding_flow"),
    ],
)
def test_what_a_node_says_of_a_model_is_in_its_recording(node: str, inputs: dict[str, object], prediction: str) -> None:
    model: Model = BUILTIN[node](model=loaded("sd1").model, **inputs)
    run = record(replace(guider_for("sd1"), model=model)).run
    assert (run.head.prediction, run.head.flow) == (prediction, False)
    assert np.isfinite(run.noisy).all()


@pytest.mark.parametrize("schedule", [sd3(), flux()], ids=["sd3", "flux"])
def test_a_flow_is_recorded_as_one(schedule: NoiseSchedule) -> None:
    heard = record(guider_for("sd1", prediction="flow", schedule=schedule), steps=3)
    run = heard.run
    assert run.head.flow
    assert run.step_sigmas[0] == 1
    np.testing.assert_array_equal(run.denoised[0, 0], heard.steps[0].denoised[0].half())


def test_an_inpainting_model_is_recorded_with_the_part_that_it_keeps() -> None:
    latent, mask = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0)), torch.zeros(1, 8, 8)
    mask[:, :, 4:] = 1
    run = record(guider_for("sd1-inpaint"), latent=latent, mask=mask).run
    kept = loaded("sd1-inpaint").model.scale_latent(latent)
    np.testing.assert_allclose(run.denoised[:, 0, :, :, :4], kept.expand(2, -1, -1, -1)[..., :4], atol=2e-3, rtol=2e-3)
    assert not np.allclose(run.denoised[:, 0, :, :, 4:], kept.expand(2, -1, -1, -1)[..., 4:], atol=0.1)


def test_a_picture_that_is_made_larger_is_recorded_and_noised_as_any_other() -> None:
    kind: Kind = "sd2_x4-v"
    prompts = {"positive": (cond_for(kind, 1),), "negative": (cond_for(kind, 2),)}
    shown = BUILTIN["SD_4XUpscale_Conditioning"](images=torch.rand(1, 12, 12, 3), **prompts)
    run = record(guider_for(kind, positive=shown[0], negative=shown[1]), latent=shown[2].samples).run
    assert (run.head.prediction, run.head.cell) == ("v", 4)
    assert run.attention_of(list(range(77))) == pytest.approx(1, abs=77 * run.attention_top / 255)
    found = forward_diffusion(loaded(kind).model, shown[0], torch.randn(4, 12, 12), levels=2)
    assert np.isfinite(found.noise_errors).all()
    with pytest.raises(BadInput, match="is shown none"):
        forward_diffusion(loaded(kind).model, prompts["positive"], torch.randn(4, 12, 12), levels=2)


def test_a_large_picture_of_sdxl_is_listened_to_on_a_coarse_grid() -> None:
    run = record(guider_for("sdxl"), latent=torch.zeros(1, 4, 66, 70), steps=1).run
    height, width = run.attention.shape[-2:]
    assert height * width <= 32 * 32
    assert run.attention_of(list(range(77))) == pytest.approx(1, abs=77 * run.attention_top / 255)
    assert run.denoised.shape[-2:] == (60, 64)


def test_sixteen_channels_are_kept_and_drawn(tmp_path: Path) -> None:
    space = replace(SD1_LATENT, channels=16, rgb_factors=((0.1, 0.0, -0.1),) * 16)
    recorder = Recorder(guider_for("sd1"), torch.tensor([1.0, 0.5, 0.0]), space)
    for index, sigma in enumerate((1.0, 0.5)):
        recorder.step(Step(index, torch.tensor(sigma), torch.randn(1, 16, 8, 6), torch.randn(1, 16, 8, 6)))
    path = tmp_path / "run.safetensors"
    path.write_bytes(recorder.save())
    run = open_recording(path)
    assert run.noisy.shape == (2, 1, 16, 8, 6)
    assert (len(run.head.rgb_factors), run.guidance.shape, run.attention.shape) == (16, (0,), (0,))
    assert write_film(path, "denoised")[:4] == b"RIFF"
