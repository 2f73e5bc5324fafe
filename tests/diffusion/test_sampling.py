"""A run from a latent under noise: what it begins with, ends with, and keeps."""

from dataclasses import dataclass, field, replace

import pytest
import torch
from torch import Tensor

from safelight.diffusion.noise import initial_noise
from safelight.diffusion.noise_schedule import discrete, scaled_linear_betas, sd3
from safelight.diffusion.process import DIFFUSION, ForwardProcess
from safelight.diffusion.samplers import SAMPLERS, SamplerSpec
from safelight.diffusion.sampling import MaskedDenoiser, fit_mask, sample
from safelight.diffusion.types import Denoiser, NoiseSource, OnStep, Step

SCHEDULE = discrete(scaled_linear_betas())
SIGMAS = torch.tensor([10.0, 4.0, 1.0, 0.0])
LATENT = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
NOISE = initial_noise(3, LATENT.shape)
PAINTED = torch.full_like(LATENT, 0.5)


@dataclass
class Fixed:
    """A denoiser that is sure of one latent, and remembers what it was shown."""

    clean: Tensor = field(default_factory=lambda: PAINTED)
    process: ForwardProcess = DIFFUSION
    seen: list[Tensor] = field(default_factory=list)

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        self.seen.append(x.clone())
        return self.clean

    def with_uncond(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        return self(x, sigma), self.clean - 1


def run(
    denoiser: Denoiser,
    sampler: SamplerSpec = SAMPLERS["euler"],
    sigmas: Tensor = SIGMAS,
    mask: Tensor | None = None,
    **more: object,
) -> Tensor:
    steps: list[Step] = []
    inputs = {"noise": NOISE, "seed": 3, "on_step": steps.append, "mask": mask, **more}
    return sample(denoiser, SCHEDULE, sampler, sigmas, LATENT, **inputs)  # type: ignore[arg-type]


def test_a_run_begins_with_the_latent_under_noise_and_ends_at_the_estimate() -> None:
    fixed = Fixed()
    result = run(fixed)
    torch.testing.assert_close(fixed.seen[0], LATENT + 10 * NOISE)
    torch.testing.assert_close(result, PAINTED, rtol=1e-4, atol=1e-4)


def test_a_run_from_the_top_of_the_schedule_begins_with_noise_of_its_full_variance() -> None:
    top = SCHEDULE.sigma_max
    fixed = Fixed()
    run(fixed, sigmas=torch.tensor([top, 1.0, 0.0]))
    # as the network was trained: x / sqrt(sigma^2 + 1) has variance 1
    torch.testing.assert_close(fixed.seen[0], LATENT + NOISE * (top**2 + 1) ** 0.5)


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_sigmas_run_nothing(count: int) -> None:
    fixed = Fixed()
    assert run(fixed, sigmas=SIGMAS[:count]) is LATENT
    assert not fixed.seen


def test_a_flow_mixes_linearly_and_is_scaled_back_at_its_end() -> None:
    flow = sd3()
    fixed = Fixed(process=flow.process)
    sigmas = torch.tensor([0.8, 0.4])
    result = sample(fixed, flow, SAMPLERS["euler"], sigmas, LATENT, noise=NOISE, seed=3, on_step=lambda step: None)
    begun = 0.2 * LATENT + 0.8 * NOISE
    torch.testing.assert_close(fixed.seen[0], begun)
    slope = (begun - PAINTED) / 0.8
    torch.testing.assert_close(result, (begun - 0.4 * slope) / 0.6, rtol=1e-4, atol=1e-4)


def test_outside_the_mask_the_network_is_shown_the_kept_latent_under_the_same_noise() -> None:
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., 4:] = 1
    fixed = Fixed()
    result = run(fixed, mask=mask)
    for seen, sigma in zip(fixed.seen, SIGMAS, strict=False):
        torch.testing.assert_close(seen[..., :4], (LATENT + sigma * NOISE)[..., :4])
    torch.testing.assert_close(result[..., :4], LATENT[..., :4], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(result[..., 4:], PAINTED[..., 4:], rtol=1e-4, atol=1e-4)


def test_ddim_lays_other_noise_under_what_is_kept() -> None:
    fixed = Fixed()
    run(fixed, SAMPLERS["ddim"], mask=torch.zeros(1, 1, 8, 8))
    torch.testing.assert_close(fixed.seen[0], LATENT + 10 * initial_noise(4, LATENT.shape))


def test_the_highest_seed_has_one_after_it() -> None:
    result = run(Fixed(), SAMPLERS["ddim"], mask=torch.zeros(1, 1, 8, 8), seed=2**64 - 1)
    torch.testing.assert_close(result, LATENT, rtol=1e-4, atol=1e-4)


def test_a_soft_mask_mixes() -> None:
    result = run(Fixed(), mask=torch.full((1, 1, 8, 8), 0.25), sigmas=torch.tensor([1.0, 0.0]))
    torch.testing.assert_close(result, 0.25 * PAINTED + 0.75 * LATENT, rtol=1e-4, atol=1e-4)


def test_a_mask_may_open_with_the_noise_level() -> None:
    levels: list[float] = []

    def opened(sigma: Tensor, mask: Tensor) -> Tensor:
        levels.append(float(sigma))
        return (mask > 0.5 if sigma > 5 else mask > 0).float()

    mask = torch.full((1, 1, 8, 8), 0.3)
    result = run(Fixed(), mask=mask, mask_at=opened)
    assert levels == [10.0, 4.0, 1.0]
    torch.testing.assert_close(result, PAINTED, rtol=1e-4, atol=1e-4)


def test_the_estimate_for_the_negative_prompt_is_not_masked() -> None:
    masked = MaskedDenoiser(Fixed(), torch.zeros(1, 1, 8, 8), LATENT, lambda sigma: LATENT + sigma * NOISE)
    denoised, uncond = masked.with_uncond(PAINTED, SIGMAS[0])
    assert torch.equal(denoised, LATENT)
    assert torch.equal(uncond, PAINTED - 1)


@pytest.mark.parametrize("name", ["euler_ancestral", "dpmpp_sde"])
def test_fresh_noise_comes_from_the_seed(name: str) -> None:
    sampler, early = SAMPLERS[name], SIGMAS[:3]
    result = run(Fixed(), sampler, early)
    assert torch.equal(run(Fixed(), sampler, early), result)
    assert not torch.allclose(run(Fixed(), sampler, early, seed=4), result)


def test_a_sampler_gets_the_noise_it_asks_for() -> None:
    drawn: list[Tensor] = []

    def drawing(denoiser: Denoiser, x: Tensor, sigmas: Tensor, /, *, noise: NoiseSource, on_step: OnStep) -> Tensor:
        drawn.append(noise(sigmas[0], sigmas[1]))
        return x

    gaussian = SamplerSpec(drawing)
    run(Fixed(), gaussian)
    run(Fixed(), replace(gaussian, noise="brownian"))
    assert torch.equal(drawn[0], initial_noise(3, LATENT.shape))
    assert not torch.allclose(drawn[1], drawn[0])


def test_a_mask_is_brought_to_the_latents_size() -> None:
    mask = torch.zeros(1, 64, 64)
    mask[:, :, 32:] = 1
    fitted = fit_mask(mask, LATENT)
    assert fitted.shape == (1, 1, 8, 8)
    assert torch.equal(fitted[0, 0, 0], torch.tensor([0, 0, 0, 0, 1, 1, 1, 1.0]))


def test_masks_of_a_batch_are_repeated_over_it() -> None:
    masks = torch.stack([torch.zeros(8, 8), torch.ones(8, 8)])[:, None]
    fitted = fit_mask(masks, torch.zeros(5, 4, 8, 8))
    assert fitted[:, 0, 0, 0].tolist() == [0, 1, 0, 1, 0]
    assert len(fit_mask(masks, LATENT[:1])) == 1
