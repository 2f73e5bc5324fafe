"""The sampling nodes agree with each other and with the maths; tiny random models, on the CPU in fp32."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import torch
from torch import Tensor

from safelight.diffusion.latent import Latent
from safelight.diffusion.noise import initial_noise
from safelight.diffusion.samplers import SAMPLERS
from safelight.diffusion.schedulers import sigmas_for
from safelight.errors import BadInput, Cancelled
from safelight.models.guider import Guider
from safelight.nodes.registry import BUILTIN
from safelight.nodes.sampling import Noise, Sampled
from tests.nodes.running import RecordedRun
from tests.studio import cond_for, loaded
from tests.tiny import Kind

MODEL = loaded("sd1").model
POSITIVE, NEGATIVE = (cond_for("sd1", 1),), (cond_for("sd1", 2),)
EMPTY = Latent(torch.zeros(1, 4, 8, 8))
PAINTED = Latent(torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(5)) * 5)
HOW = {"steps": 4, "cfg": 3.0, "sampler_name": "euler", "scheduler": "normal"}
WHAT = {"model": MODEL, "positive": POSITIVE, "negative": NEGATIVE}


@dataclass
class Progress(RecordedRun):
    """A run that keeps the steps it was told, and stops after some."""

    stop_after: int | None = None
    steps: list[tuple[int, int]] = field(default_factory=list)
    previews: list[Tensor] = field(default_factory=list)

    def step(self, value: int, total: int, preview: Callable[[], Tensor] | None = None) -> None:
        if self.stop_after is not None and value > self.stop_after:
            raise Cancelled
        self.steps.append((value, total))
        if preview is not None:
            self.previews.append(preview())


@pytest.fixture
def progress(run: RecordedRun) -> Progress:
    return Progress(run.folders)


def ksampler(run: RecordedRun, **changes: Any) -> Tensor:
    inputs = {**WHAT, **HOW, "seed": 3, "latent_image": EMPTY, **changes}
    result = BUILTIN["KSampler"](**inputs, run=run)
    assert isinstance(result, Latent)
    return result.samples


def advanced(run: RecordedRun, **changes: Any) -> Tensor:
    usual = {"noise_seed": 3, "latent_image": EMPTY, "add_noise": "enable", "return_with_leftover_noise": "disable"}
    result = BUILTIN["KSamplerAdvanced"](**{**WHAT, **HOW, **usual, **changes}, run=run)
    assert isinstance(result, Latent)
    return result.samples


def levels(steps: int = 4) -> Tensor:
    sigmas = BUILTIN["BasicScheduler"](model=MODEL, scheduler="normal", steps=steps)
    assert isinstance(sigmas, Tensor)
    return sigmas


def custom(run: RecordedRun, **changes: Any) -> Sampled:
    usual = {"cfg": 3.0, "noise_seed": 3, "latent_image": EMPTY, "sampler": SAMPLERS["euler"], "sigmas": levels()}
    result = BUILTIN["SamplerCustom"](**{**WHAT, **usual, **changes}, run=run)
    assert isinstance(result, Sampled)
    return result


def in_parts(run: RecordedRun, guider: Guider, **changes: Any) -> Sampled:
    usual = {"noise": Noise(3), "sampler": SAMPLERS["euler"], "sigmas": levels(), "latent_image": EMPTY}
    result = BUILTIN["SamplerCustomAdvanced"](guider=guider, **{**usual, **changes}, run=run)
    assert isinstance(result, Sampled)
    return result


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_sampler_ends_at_a_finite_latent_and_reports_its_steps(name: str, progress: Progress) -> None:
    result = ksampler(progress, sampler_name=name, steps=3)
    assert result.isfinite().all()
    assert result.std() > 0.1
    values = [value for value, _ in progress.steps]
    assert values[0] == 0
    assert values == sorted(values)
    assert {total for _, total in progress.steps} == {3}


@pytest.mark.parametrize("kind", ["sd2-v", "sdxl-v-ztsnr"])
@pytest.mark.parametrize("name", ["euler", "dpmpp_2m", "dpmpp_sde", "uni_pc", "euler_cfg_pp"])
def test_v_models_are_sampled_from_pure_noise_too(name: str, kind: Kind, run: RecordedRun) -> None:
    model, positive, negative = loaded(kind).model, (cond_for(kind, 1),), (cond_for(kind, 2),)
    result = ksampler(run, model=model, positive=positive, negative=negative, sampler_name=name, steps=3)
    assert result.isfinite().all()
    assert (result * model.family.latent.scale).std() < 20


def test_a_custom_sampler_with_the_same_parts_is_ksampler(run: RecordedRun) -> None:
    expected = ksampler(run)
    assert torch.equal(custom(run).output.samples, expected)
    guider = BUILTIN["CFGGuider"](**WHAT, cfg=3.0)
    assert isinstance(guider, Guider)
    sampler = BUILTIN["KSamplerSelect"](sampler_name="euler")
    noise = BUILTIN["RandomNoise"](noise_seed=3)
    assert torch.equal(in_parts(run, guider, sampler=sampler, noise=noise).output.samples, expected)


def test_the_denoised_output_of_a_run_to_the_end_is_its_output(run: RecordedRun) -> None:
    result = custom(run)
    torch.testing.assert_close(result.denoised_output.samples, result.output.samples, rtol=1e-4, atol=1e-4)
    cut = custom(run, sigmas=levels()[:3])
    assert (cut.denoised_output.samples - cut.output.samples).abs().max() > 1


def test_the_basic_guider_follows_one_prompt_alone(run: RecordedRun) -> None:
    guider = BUILTIN["BasicGuider"](model=MODEL, conditioning=POSITIVE)
    assert isinstance(guider, Guider)
    assert torch.equal(in_parts(run, guider).output.samples, ksampler(run, cfg=1.0))


def test_two_halves_make_the_whole(run: RecordedRun) -> None:
    half = advanced(run, end_at_step=2, return_with_leftover_noise="enable")
    assert half.std() > 5  # still noisy
    whole = advanced(run, start_at_step=2, add_noise="disable", latent_image=Latent(half))
    torch.testing.assert_close(whole, ksampler(run), rtol=1e-4, atol=1e-4)


def test_an_early_end_without_leftover_noise_jumps_to_the_estimate(run: RecordedRun) -> None:
    sigmas = levels()[:3].clone()
    sigmas[-1] = 0
    assert torch.equal(advanced(run, end_at_step=2), custom(run, sigmas=sigmas).output.samples)


@pytest.mark.parametrize("start", [4, 5, 10000])
def test_a_start_after_the_last_step_changes_nothing(start: int, run: RecordedRun) -> None:
    result = advanced(run, start_at_step=start, latent_image=PAINTED)
    torch.testing.assert_close(result, PAINTED.samples)


def test_denoising_by_0_gives_the_latent_back(progress: Progress) -> None:
    torch.testing.assert_close(ksampler(progress, denoise=0.0, latent_image=PAINTED), PAINTED.samples)
    assert progress.steps == [(0, 0)]


def test_denoising_in_part_takes_the_end_of_a_longer_way(run: RecordedRun) -> None:
    expected = custom(run, sigmas=levels(8)[-5:], latent_image=PAINTED).output.samples
    result = ksampler(run, denoise=0.5, latent_image=PAINTED)
    assert torch.equal(result, expected)
    assert (result - PAINTED.samples).abs().max() > 0.1


def test_the_seed_alone_decides_the_noise(run: RecordedRun) -> None:
    assert torch.equal(ksampler(run), ksampler(run))
    assert not torch.allclose(ksampler(run, seed=4), ksampler(run), atol=0.1)


def test_the_pictures_of_a_batch_have_the_noise_of_one_draw(run: RecordedRun) -> None:
    batch = ksampler(run, latent_image=Latent(torch.zeros(3, 4, 8, 8)))
    torch.testing.assert_close(batch[:1], ksampler(run), rtol=1e-4, atol=1e-4)
    for index in (1, 2):  # drawn one by one where its place is known, which gives the same numbers
        alone = ksampler(run, latent_image=replace(EMPTY, batch_index=(index,)))
        torch.testing.assert_close(alone, batch[index : index + 1], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["euler", "ddim", "dpmpp_2m", "uni_pc", "dpmpp_sde"])
def test_what_a_mask_keeps_is_kept(name: str, run: RecordedRun) -> None:
    mask = torch.zeros(1, 1, 64, 64)
    mask[..., 32:] = 1
    repainted = ksampler(run, latent_image=replace(PAINTED, noise_mask=mask), sampler_name=name)
    left = 0.001 * 4 / MODEL.family.latent.scale  # UniPC ends at a noise level of 0.001, of which 4 is a rare value
    torch.testing.assert_close(repainted[..., :3], PAINTED.samples[..., :3], rtol=0, atol=left)
    assert (repainted[..., 5:] - PAINTED.samples[..., 5:]).abs().mean() > 0.5


def test_a_mask_of_everything_is_no_mask(run: RecordedRun) -> None:
    everything = ksampler(run, latent_image=replace(PAINTED, noise_mask=torch.ones(1, 1, 8, 8)))
    torch.testing.assert_close(everything, ksampler(run, latent_image=PAINTED), rtol=1e-4, atol=1e-4)


def test_mask_and_places_of_a_latent_are_handed_on(run: RecordedRun) -> None:
    latent = replace(PAINTED, noise_mask=torch.ones(1, 1, 8, 8), batch_index=(4,))
    result = custom(run, latent_image=latent).output
    assert result.noise_mask is latent.noise_mask
    assert result.batch_index == (4,)


def test_noise_laid_over_a_latent_is_what_sampling_begins_with(run: RecordedRun) -> None:
    sigmas = levels()[1:]
    noisy = BUILTIN["AddNoise"](model=MODEL, noise=Noise(3), sigmas=sigmas, latent_image=PAINTED)
    assert isinstance(noisy, Latent)
    expected = PAINTED.samples + initial_noise(3, (1, 4, 8, 8)) * sigmas[0] / MODEL.family.latent.scale
    torch.testing.assert_close(noisy.samples, expected)
    guider = Guider(MODEL, POSITIVE, NEGATIVE, 3.0)
    nothing = BUILTIN["DisableNoise"]()
    begun = in_parts(run, guider, noise=nothing, sigmas=sigmas, latent_image=noisy).output.samples
    whole = in_parts(run, guider, sigmas=sigmas, latent_image=PAINTED).output.samples
    torch.testing.assert_close(begun, whole, rtol=1e-4, atol=1e-4)


def test_no_noise_is_laid_over_a_latent_without_sigmas() -> None:
    result = BUILTIN["AddNoise"](model=MODEL, noise=Noise(3), sigmas=torch.empty(0), latent_image=PAINTED)
    assert result is PAINTED


def test_every_step_can_be_shown_as_a_small_picture(progress: Progress) -> None:
    ksampler(progress, latent_image=Latent(torch.zeros(2, 4, 8, 16)))
    assert progress.steps == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    assert [tuple(preview.shape) for preview in progress.previews] == [(8, 16, 3)] * 4
    assert all(0 <= float(preview.min()) <= float(preview.max()) <= 1 for preview in progress.previews)


def test_a_cancelled_run_ends_within_the_step(progress: Progress) -> None:
    progress.stop_after = 1
    with pytest.raises(Cancelled):
        ksampler(progress)
    assert progress.steps == [(0, 4), (1, 4)]


def test_a_prompt_for_another_family_is_refused(run: RecordedRun) -> None:
    with pytest.raises(BadInput, match=r"192 numbers per token, and this SD 1.x model takes 64"):
        ksampler(run, positive=(cond_for("sdxl"),))


@pytest.mark.parametrize("denoise", [1.0, 0.6])
def test_the_basic_scheduler_gives_the_levels_of_ksampler(denoise: float) -> None:
    sigmas = BUILTIN["BasicScheduler"](model=MODEL, scheduler="karras", steps=5, denoise=denoise)
    assert isinstance(sigmas, Tensor)
    assert torch.equal(sigmas, sigmas_for("karras", MODEL.schedule, 5, denoise))


def test_a_variation_goes_from_the_picture_of_one_seed_to_that_of_another(run: RecordedRun) -> None:
    def varied(strength: float, other: int = 9) -> Tensor:
        inputs = {**WHAT, **HOW, "seed": 3, "latent_image": EMPTY, "variation_seed": other}
        result = BUILTIN["KSamplerVariation"](**inputs, variation_strength=strength, run=run)
        assert isinstance(result, Latent)
        return result.samples

    assert torch.equal(varied(0.0), ksampler(run))
    torch.testing.assert_close(varied(1.0), ksampler(run, seed=9), rtol=1e-4, atol=1e-4)
    far = [float((varied(strength) - ksampler(run)).abs().mean()) for strength in (0.1, 0.4, 0.8)]
    assert 0 < far[0] < far[1] < far[2]
    assert torch.equal(varied(0.5, other=3), ksampler(run))
