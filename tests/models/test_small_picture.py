"""Stable Diffusion 2's x4 upscaler: the small picture that it is shown, the noise in it, and what it predicts."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from safetensors.torch import load_file
from torch import Tensor

from safelight.diffusion.conditioning import Cond, SmallPicture
from safelight.errors import BadInput
from safelight.models.guider import Guider
from safelight.models.small_picture import noise_level, noised
from tests.models.reference import ReferenceVae, reference_unet
from tests.studio import cond_for, loaded, tiny_file
from tests.tiny import KINDS, SMALL_VAE, Kind

X4: Kind = "sd2_x4-v"
SIGMA = torch.tensor(3.0)
# scheduler and low_res_scheduler of stabilityai/stable-diffusion-x4-upscaler, which have the same noise
PUBLISHED: Any = DDPMScheduler(beta_start=0.0001, beta_end=0.02, beta_schedule="scaled_linear")


def small(noise: float = 0.0, batch: int = 1, seed: int = 0) -> SmallPicture:
    pixels = torch.rand(batch, 3, 8, 12, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    return SmallPicture(pixels, noise)


def noisy(batch: int = 1) -> Tensor:
    return 3 * torch.randn(batch, 4, 8, 12, generator=torch.Generator().manual_seed(1))


def estimate(*conds: Cond, x: Tensor, seed: int = 5, cfg: float = 1.0) -> Tensor:
    guider = Guider(loaded(X4).model, conds[:1], conds[1:], cfg)
    return guider.denoiser(torch.zeros_like(x), None, torch.tensor([3.0, 0.0]), seed)(x, SIGMA)


@pytest.mark.parametrize(("share", "level"), [(0.001, 0), (0.06, 21), (0.5, 175), (1.0, 350)])
def test_noise_is_put_in_as_the_published_schedule_does(share: float, level: int) -> None:
    picture = small(share)
    drawn = torch.randn(picture.pixels.shape, generator=torch.Generator().manual_seed(7 - 10))
    expected = PUBLISHED.add_noise(picture.pixels, drawn, torch.tensor([level]))
    assert noise_level(picture).tolist() == [level]
    torch.testing.assert_close(noised(picture, picture.pixels, 7), expected, rtol=0, atol=1e-5)


def test_without_noise_the_picture_is_shown_as_it_is() -> None:
    assert torch.equal(noised(small(), small().pixels, 7), small().pixels)
    assert noise_level(small()).tolist() == [0]


def test_the_noise_levels_of_the_latent_are_those_published() -> None:
    kept = PUBLISHED.alphas_cumprod
    torch.testing.assert_close(loaded(X4).model.schedule.sigmas, ((1 - kept) / kept).sqrt(), rtol=1e-4, atol=0)


@pytest.mark.parametrize("share", [0.0, 0.6])
def test_the_denoiser_predicts_what_that_of_diffusers_does(share: float) -> None:
    x, cond = noisy(), replace(cond_for(X4), small_picture=small(share))
    unet = reference_unet(KINDS[X4].unet, load_file(tiny_file(X4)))
    shown = torch.cat([x / (SIGMA**2 + 1).sqrt(), noised(small(share), small().pixels, 5)], dim=1)
    timestep = loaded(X4).model.schedule.timestep(SIGMA)
    velocity = unet(shown, timestep, cond.context, class_labels=torch.tensor([round(350 * share)])).sample
    expected = x / (SIGMA**2 + 1) - velocity * SIGMA / (SIGMA**2 + 1).sqrt()
    torch.testing.assert_close(estimate(cond, x=x), expected, rtol=1e-4, atol=1e-4)


def test_both_prompts_are_asked_together_as_apart() -> None:
    x = noisy(2)
    conds = [replace(cond_for(X4, seed), small_picture=small(0.3, batch=2)) for seed in (0, 1)]
    positive, negative = (estimate(cond, x=x) for cond in conds)
    torch.testing.assert_close(
        estimate(*conds, x=x, cfg=4.0), negative + 4 * (positive - negative), rtol=1e-3, atol=1e-3
    )


def test_each_latent_of_a_batch_sees_its_own_picture() -> None:
    x, cond = noisy(2), cond_for(X4)
    picture = small(batch=2)
    together = estimate(replace(cond, small_picture=picture), x=x)
    for index in range(2):
        one = SmallPicture(picture.pixels[index : index + 1], 0.0)
        alone = estimate(replace(cond, small_picture=one), x=x[index : index + 1])
        torch.testing.assert_close(together[index : index + 1], alone, rtol=1e-4, atol=1e-4)


def test_the_noise_in_the_picture_comes_from_the_seed() -> None:
    x, cond = noisy(), replace(cond_for(X4), small_picture=small(0.5))
    assert torch.equal(estimate(cond, x=x, seed=1), estimate(cond, x=x, seed=1))
    assert not torch.allclose(estimate(cond, x=x, seed=1), estimate(cond, x=x, seed=2), atol=1e-3)


def test_a_prompt_without_a_picture_is_shown_grey_where_the_other_has_one() -> None:
    x, plain = noisy(), cond_for(X4, 1)
    cond = replace(cond_for(X4), small_picture=small())
    grey = replace(plain, small_picture=SmallPicture(torch.zeros(1, 3, 8, 12), 0.0))
    torch.testing.assert_close(estimate(cond, plain, x=x, cfg=4.0), estimate(cond, grey, x=x, cfg=4.0))


def test_a_run_without_any_picture_is_refused() -> None:
    with pytest.raises(BadInput, match="makes a picture larger, and is shown none") as refusal:
        estimate(cond_for(X4), cond_for(X4, 1), x=noisy(), cfg=4.0)
    assert "SD_4XUpscale_Conditioning" in refusal.value.mend


def test_its_vae_compresses_by_four_as_that_of_diffusers() -> None:
    vae = loaded(X4).vae
    assert vae is not None
    reference = ReferenceVae(load_file(tiny_file(X4)), SMALL_VAE)
    latent = torch.randn(1, 4, 6, 5, generator=torch.Generator().manual_seed(1))
    picture = vae.decode(latent)
    assert picture.shape == (1, 24, 20, 3)
    expected = (reference.decode(latent).movedim(1, -1) / 2 + 0.5).clamp(0, 1)
    torch.testing.assert_close(picture, expected, rtol=1e-4, atol=1e-4)
    means = reference.encode_mean(picture.movedim(-1, 1) * 2 - 1)
    torch.testing.assert_close(vae.encode(picture), means, rtol=1e-4, atol=1e-4)
