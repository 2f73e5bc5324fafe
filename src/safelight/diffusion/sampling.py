"""One run of reverse diffusion: lay noise over a latent, walk it down the sigmas, keep what is masked."""

from collections.abc import Callable
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

from safelight.diffusion.batch import repeat_to
from safelight.diffusion.noise import BrownianNoise, GaussianNoise, initial_noise
from safelight.diffusion.noise_schedule import NoiseSchedule
from safelight.diffusion.process import ForwardProcess
from safelight.diffusion.samplers import SamplerSpec
from safelight.diffusion.types import Denoiser, NoiseSource, OnStep

SEEDS = 2**64


@dataclass(frozen=True)
class MaskedDenoiser:
    """Repaints only where a mask says so; the rest follows the latent that is kept.

    Attributes:
        denoiser: What repaints.
        mask: 1 = repaint, 0 = keep, [B or 1, 1, h, w]; between is a mix.
        kept: The latent to keep [B, C, h, w], scaled.
        noised: sigma -> `kept` under noise of that level.
        mask_at: How the mask changes with the noise level, if it does.
    """

    denoiser: Denoiser
    mask: Tensor
    kept: Tensor
    noised: Callable[[Tensor], Tensor]
    mask_at: Callable[[Tensor, Tensor], Tensor] | None = None

    @property
    def process(self) -> ForwardProcess:
        return self.denoiser.process

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        mask = self._mask(sigma)
        return self._keep(mask, self.denoiser(self._enter(mask, x, sigma), sigma))

    def with_uncond(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        mask = self._mask(sigma)
        denoised, uncond = self.denoiser.with_uncond(self._enter(mask, x, sigma), sigma)
        return self._keep(mask, denoised), uncond

    def _mask(self, sigma: Tensor) -> Tensor:
        return self.mask_at(sigma, self.mask) if self.mask_at else self.mask

    def _enter(self, mask: Tensor, x: Tensor, sigma: Tensor) -> Tensor:
        return x * mask + self.noised(sigma) * (1 - mask)

    def _keep(self, mask: Tensor, denoised: Tensor) -> Tensor:
        return denoised * mask + self.kept * (1 - mask)


def sample(
    denoiser: Denoiser,
    schedule: NoiseSchedule,
    sampler: SamplerSpec,
    sigmas: Tensor,
    latent: Tensor,
    *,
    noise: Tensor,
    seed: int,
    on_step: OnStep,
    mask: Tensor | None = None,
    mask_at: Callable[[Tensor, Tensor], Tensor] | None = None,
) -> Tensor:
    """Run a sampler from a latent under noise.

    Args:
        denoiser: Guided model.
        schedule: The model's noise levels.
        sampler: The sampler, with what it needs prepared.
        sigmas: Falling noise levels [steps + 1], float32, on the CPU; fewer than two runs nothing.
        latent: The latent to start from [B, C, h, w], scaled; zeros for nothing.
        noise: Unit noise to lay over it, same shape.
        seed: Seeds the fresh noise of stochastic samplers.
        on_step: Told of each step; raises `Cancelled` to stop.
        mask: 1 = repaint, 0 = keep [B or 1, 1, H, W], of any size; None repaints everything.
        mask_at: (sigma, mask) -> mask, for masks that open with the noise level.

    Returns:
        The latent at `sigmas[-1]` [B, C, h, w], scaled.
    """
    if len(sigmas) < 2:
        return latent
    if mask is not None:
        kept_noise = noise
        if sampler.inpaint_seed_offset:
            kept_noise = initial_noise((seed + sampler.inpaint_seed_offset) % SEEDS, noise.shape).to(noise)
        denoiser = MaskedDenoiser(
            denoiser,
            fit_mask(mask, latent),
            latent,
            lambda sigma: schedule.noise_scaling(sigma, kept_noise, latent),
            mask_at,
        )
    x = schedule.noise_scaling(sigmas[0], noise, latent, max_denoise=schedule.begins_at_max(sigmas))
    x = sampler.sample(denoiser, x, sigmas, noise=_fresh_noise(sampler, seed, x, sigmas), on_step=on_step)
    return schedule.inverse_noise_scaling(sigmas[-1], x)


def fit_mask(mask: Tensor, latent: Tensor) -> Tensor:
    """A mask [B or 1, 1, H, W] of any size brought to the size, batch and device of a latent [B, C, h, w]."""
    mask = mask.reshape(-1, 1, *mask.shape[-2:]).to(latent)
    mask = F.interpolate(mask, size=latent.shape[-2:], mode="bilinear", align_corners=False)
    return repeat_to(mask, len(latent)) if len(mask) > 1 else mask


def _fresh_noise(sampler: SamplerSpec, seed: int, like: Tensor, sigmas: Tensor) -> NoiseSource:
    return BrownianNoise(seed, like, sigmas) if sampler.noise == "brownian" else GaussianNoise(seed, like)
