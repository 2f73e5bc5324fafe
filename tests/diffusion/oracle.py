"""Runs of every sampler on a model whose answer is known in closed form, to set beside recorded ones.

The recordings in `../shared/oracle` were made with ComfyUI 0.3.64 on the CPU in float32; its README states the
model and the noise convention that this module follows.
"""

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from safelight.diffusion.noise import BrownianNoise, GaussianNoise, initial_noise
from safelight.diffusion.noise_schedule import (
    NoiseSchedule,
    continuous_edm,
    continuous_v,
    discrete,
    flux,
    linear_flow,
    scaled_linear_betas,
    sd3,
)
from safelight.diffusion.process import ForwardProcess
from safelight.diffusion.samplers import SAMPLERS
from safelight.diffusion.schedulers import sigmas_for
from safelight.diffusion.types import NoiseSource, Step
from tests.shared import shared_file

SCHEDULES: dict[str, NoiseSchedule] = {
    "sd15_eps": discrete(scaled_linear_betas()),
    "sd2_vpred": discrete(scaled_linear_betas()),
    "sdxl_eps": discrete(scaled_linear_betas()),
    "sdxl_vpred_zsnr": discrete(scaled_linear_betas(), zero_terminal_snr=True),
    "edm_playground25": continuous_edm(),
    "continuous_v": continuous_v(),
    "flow_sd3_shift3": sd3(),
    "flow_shift1": linear_flow(),
    "flux_shift1.15": flux(),
}


@cache
def sampler_record() -> dict[str, Any]:
    """All of sampler_runs.json."""
    record: dict[str, Any] = json.loads(shared_file("oracle/sampler_runs.json").read_text())
    return record


@cache
def recorded_runs() -> dict[str, dict[str, Any]]:
    """Each recorded run's settings and figures, by tag."""
    runs: dict[str, dict[str, Any]] = sampler_record()["runs"]
    return runs


@cache
def _arrays(name: str) -> dict[str, np.ndarray[Any, Any]]:
    return dict(np.load(shared_file(f"oracle/{name}")))


def recorded_latent(key: str) -> Tensor | None:
    """A saved array of sampler_latents.npz, where there is one."""
    array = _arrays("sampler_latents.npz").get(key)
    return None if array is None else torch.from_numpy(array)


def recorded_draws(tag: str) -> Tensor | None:
    """The Brownian draws [n, B, C, H, W] of a run, in the order of its calls, where they were saved."""
    array = _arrays("sampler_brownian_draws.npz").get(tag)
    return None if array is None else torch.from_numpy(array)


def mixture_denoised(x: Tensor, sigma: Tensor, *, prompt: str, flow: bool = False) -> Tensor:
    """The mean of the clean pixels in `x` [B, 4, H, W], which are drawn from five Gaussians.

    `prompt` is "positive" or "negative", which differ in the weights of the five.
    """
    record = sampler_record()
    means = torch.tensor(record["means"])[:, None, :, None, None]
    signal = 1 - sigma if flow else 1.0
    variance = (signal * record["std"]) ** 2 + sigma**2
    away = x - signal * means
    log_weights = torch.tensor(record["log_weights"][prompt])[:, None, None, None]
    share = torch.softmax(log_weights - away.square().sum(dim=2) / (2 * variance), dim=0)
    clean = means + signal * record["std"] ** 2 / variance * away
    denoised: Tensor = (share[:, :, None] * clean).sum(dim=0)
    return denoised


@dataclass
class MixtureDenoiser:
    """The closed-form model, guided, and mixed with a kept latent where a mask says so.

    Attributes:
        schedule: Whose process it was made for.
        cfg: Guidance; at 1 the negative is not asked.
        mask: [1, 1, H, W], 1 where the latent is repainted.
        kept: The latent kept elsewhere.
        kept_noise: The noise laid over it.
        calls: How often it was asked.
    """

    schedule: NoiseSchedule
    cfg: float
    mask: Tensor | None = None
    kept: Tensor = field(default_factory=lambda: torch.zeros(()))
    kept_noise: Tensor = field(default_factory=lambda: torch.zeros(()))
    calls: int = 0

    @property
    def process(self) -> ForwardProcess:
        return self.schedule.process

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        return self.with_uncond(x, sigma)[0]

    def with_uncond(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        self.calls += 1
        flow = self.process.flow
        if self.mask is not None:
            noised = self.schedule.noise_scaling(sigma, self.kept_noise, self.kept)
            x = x * self.mask + noised * (1 - self.mask)
        cond = mixture_denoised(x, sigma, prompt="positive", flow=flow)
        uncond = mixture_denoised(x, sigma, prompt="negative", flow=flow)
        denoised = cond if self.cfg == 1 else uncond + (cond - uncond) * self.cfg
        if self.mask is not None:
            denoised = denoised * self.mask + self.kept * (1 - self.mask)
        return denoised, uncond


@dataclass
class NoiseLog:
    """Passes draws on from `source`, or replays recorded ones, and remembers between which levels they were asked."""

    source: NoiseSource
    replay: Tensor | None = None
    asked: list[tuple[float, float]] = field(default_factory=list)

    def __call__(self, sigma: Tensor, sigma_next: Tensor) -> Tensor:
        self.asked.append((float(sigma), float(sigma_next)))
        if self.replay is None:
            return self.source(sigma, sigma_next)
        return self.replay[len(self.asked) - 1]


@dataclass(frozen=True)
class Outcome:
    """What a run gave."""

    latent: Tensor
    steps: list[Step]
    model_calls: int
    draws: list[tuple[float, float]]


def run(tag: str) -> Outcome:
    """Do a recorded run again, with its settings."""
    record = recorded_runs()[tag]
    spec = SAMPLERS[record["sampler"]]
    schedule = SCHEDULES[record["model"]]
    seed = record["seed"]
    sigmas = sigmas_for(
        record["scheduler"],
        schedule,
        record["steps"],
        record["denoise"],
        drops_penultimate_sigma=spec.drops_penultimate_sigma,
    )
    shape = sampler_record()["shape"]
    latent = _saved("init_latent") if record["img2img"] else torch.zeros(shape)
    start = initial_noise(seed, shape)
    denoiser = MixtureDenoiser(
        schedule,
        record["cfg"],
        mask=_saved("mask") if record["masked"] else None,
        kept=latent,
        kept_noise=initial_noise(seed + spec.inpaint_seed_offset, shape),
    )
    source: NoiseSource = GaussianNoise(seed, latent)
    if spec.noise == "brownian":
        source = BrownianNoise(seed, latent, sigmas)
    noise = NoiseLog(source, replay=recorded_draws(tag))
    steps: list[Step] = []
    x = schedule.noise_scaling(sigmas[0], start, latent, max_denoise=schedule.begins_at_max(sigmas))
    x = spec.sample(denoiser, x, sigmas, noise=noise, on_step=steps.append)
    return Outcome(schedule.inverse_noise_scaling(sigmas[-1], x), steps, denoiser.calls, noise.asked)


def _saved(key: str) -> Tensor:
    latent = recorded_latent(key)
    assert latent is not None
    return latent
