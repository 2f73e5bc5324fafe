"""Reverse diffusion: from a noisy latent to a clean one, in one node or in parts."""

from dataclasses import dataclass, replace
from typing import Annotated, NamedTuple

import torch
from torch import Tensor

from safelight.diffusion.latent import Latent
from safelight.diffusion.noise import initial_noise
from safelight.diffusion.samplers import SAMPLERS, SamplerSpec
from safelight.diffusion.schedulers import SCHEDULERS, sigmas_for
from safelight.diffusion.types import Step
from safelight.families.latents import latent_of
from safelight.graph.node import Choice, Output, Range, Seed, Socket, node
from safelight.inspect.recording import Recorder
from safelight.models.guider import Guider, run_sampler
from safelight.models.model import Model
from safelight.models.preview import previewer
from safelight.nodes.run import Run
from safelight.nodes.sockets import Conditioning, Sigmas

Steps = Annotated[int, Range(1, 10000)]
Cfg = Annotated[float, Range(0.0, 100.0, step=0.1, round=0.01)]
Share = Annotated[float, Range(0.0, 1.0, step=0.01)]
SamplerName = Annotated[str, Choice(SAMPLERS)]
SchedulerName = Annotated[str, Choice(SCHEDULERS)]
Sampler = Annotated[SamplerSpec, Socket("SAMPLER")]


@dataclass(frozen=True)
class Noise:
    """The noise that a run starts from: a seed, or none at all where `add` is false.

    Attributes:
        variation: Seed of other noise that is mixed in, and how much of it.
    """

    seed: int
    add: bool = True
    variation: tuple[int, float] = (0, 0.0)


@node("KSampler", category="sampling", title="KSampler", records=True)
def ksampler(
    *,
    model: Model,
    seed: Seed = 0,
    steps: Steps = 20,
    cfg: Cfg = 8.0,
    sampler_name: SamplerName,
    scheduler: SchedulerName,
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    denoise: Share = 1.0,
    run: Run,
) -> Latent:
    """Denoise a latent, guided by a positive and a negative prompt.

    Args:
        model: The model that denoises.
        seed: The same seed and settings make the same picture.
        steps: 20 to 30 suit most checkpoints.
        cfg: How closely the prompt is followed; high values burn the colours.
        sampler_name: How each step is taken.
        scheduler: How the noise levels are spread over the steps.
        positive: What to show.
        negative: What to keep away from.
        latent_image: What to start from.
        denoise: Share of the noise to go through; 1 keeps nothing of the latent.
    """
    sampler = SAMPLERS[sampler_name]
    sigmas = sigmas_for(
        scheduler, model.schedule, steps, denoise, drops_penultimate_sigma=sampler.drops_penultimate_sigma
    )
    return _run(Guider(model, positive, negative, cfg), sampler, sigmas, latent_image, Noise(seed), run)[0]


@node("KSamplerVariation", category="sampling", title="KSampler (Variation)", records=True)
def ksampler_variation(
    *,
    model: Model,
    seed: Seed = 0,
    steps: Steps = 20,
    cfg: Cfg = 8.0,
    sampler_name: SamplerName,
    scheduler: SchedulerName,
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    denoise: Share = 1.0,
    variation_seed: Seed = 0,
    variation_strength: Share = 0.1,
    run: Run,
) -> Latent:
    """Denoise a latent as KSampler does, with some noise of another seed: for pictures that are nearly the same.

    Args:
        seed: Of the picture that is varied.
        variation_seed: Of the noise that is mixed in; each makes another variation.
        variation_strength: How much of it: 0 is the picture of the seed, 1 that of the variation's seed.
    """
    sampler = SAMPLERS[sampler_name]
    sigmas = sigmas_for(
        scheduler, model.schedule, steps, denoise, drops_penultimate_sigma=sampler.drops_penultimate_sigma
    )
    noise = Noise(seed, variation=(variation_seed, variation_strength))
    return _run(Guider(model, positive, negative, cfg), sampler, sigmas, latent_image, noise, run)[0]


@node("KSamplerAdvanced", category="sampling", title="KSampler (Advanced)", records=True)
def ksampler_advanced(
    *,
    model: Model,
    add_noise: Annotated[str, Choice(("enable", "disable"))],
    noise_seed: Seed = 0,
    steps: Steps = 20,
    cfg: Cfg = 8.0,
    sampler_name: SamplerName,
    scheduler: SchedulerName,
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    start_at_step: Annotated[int, Range(0, 10000)] = 0,
    end_at_step: Annotated[int, Range(0, 10000)] = 10000,
    return_with_leftover_noise: Annotated[str, Choice(("disable", "enable"))],
    run: Run,
) -> Latent:
    """Do a part of the steps, so that several models or prompts can share one picture.

    Args:
        add_noise: Disable it to go on with a latent that is noisy already.
        start_at_step: The first step to do.
        end_at_step: The step to stop before.
        return_with_leftover_noise: Enable it to hand a noisy latent on to another sampler.
    """
    sampler = SAMPLERS[sampler_name]
    sigmas = sigmas_for(scheduler, model.schedule, steps, drops_penultimate_sigma=sampler.drops_penultimate_sigma)
    if end_at_step < len(sigmas) - 1:
        sigmas = sigmas[: end_at_step + 1].clone()
        if return_with_leftover_noise == "disable":
            sigmas[-1] = 0
    sigmas = sigmas[start_at_step:] if start_at_step < len(sigmas) - 1 else sigmas[:0]
    noise = Noise(noise_seed, add=add_noise == "enable")
    return _run(Guider(model, positive, negative, cfg), sampler, sigmas, latent_image, noise, run)[0]


class Sampled(NamedTuple):
    """Where a run ended, and its last estimate of the clean latent."""

    output: Annotated[Latent, Output("output")]
    denoised_output: Annotated[Latent, Output("denoised_output")]


@node("SamplerCustom", category="sampling/custom_sampling", records=True)
def sampler_custom(
    *,
    model: Model,
    add_noise: bool = True,
    noise_seed: Seed = 0,
    cfg: Cfg = 8.0,
    positive: Conditioning,
    negative: Conditioning,
    sampler: Sampler,
    sigmas: Sigmas,
    latent_image: Latent,
    run: Run,
) -> Sampled:
    """Denoise a latent with a sampler and noise levels of your own."""
    noise = Noise(noise_seed, add=add_noise)
    return _run(Guider(model, positive, negative, cfg), sampler, sigmas, latent_image, noise, run)


@node("SamplerCustomAdvanced", category="sampling/custom_sampling", records=True)
def sampler_custom_advanced(
    *, noise: Noise, guider: Guider, sampler: Sampler, sigmas: Sigmas, latent_image: Latent, run: Run
) -> Sampled:
    """Denoise a latent with every part chosen on its own."""
    return _run(guider, sampler, sigmas, latent_image, noise, run)


@node("KSamplerSelect", category="sampling/custom_sampling/samplers")
def ksampler_select(*, sampler_name: SamplerName) -> Sampler:
    """A sampler by name."""
    return SAMPLERS[sampler_name]


@node("BasicGuider", category="sampling/custom_sampling/guiders")
def basic_guider(*, model: Model, conditioning: Conditioning) -> Guider:
    """Follow one prompt, without a negative one."""
    return Guider(model, conditioning)


@node("CFGGuider", category="sampling/custom_sampling/guiders")
def cfg_guider(*, model: Model, positive: Conditioning, negative: Conditioning, cfg: Cfg = 8.0) -> Guider:
    """Follow one prompt, away from another (classifier-free guidance)."""
    return Guider(model, positive, negative, cfg)


@node("RandomNoise", category="sampling/custom_sampling/noise")
def random_noise(*, noise_seed: Seed = 0) -> Noise:
    """Noise drawn from a seed."""
    return Noise(noise_seed)


@node("DisableNoise", category="sampling/custom_sampling/noise")
def disable_noise() -> Noise:
    """No noise: for latents that are noisy already."""
    return Noise(0, add=False)


@node("AddNoise", category="_for_testing/custom_sampling/noise", experimental=True)
def add_noise(*, model: Model, noise: Noise, sigmas: Sigmas, latent_image: Latent) -> Latent:
    """Lay noise over a latent, as much as the model expects between the first and the last sigma."""
    if not len(sigmas):
        return latent_image
    sigma = (sigmas[0] - sigmas[-1]).abs() if len(sigmas) > 1 else sigmas[0]
    drawn = torch.zeros_like(latent_image.samples)
    if noise.add:
        drawn = initial_noise(noise.seed, latent_image.samples.shape, latent_image.batch_index)
    noisy = model.schedule.noise_scaling(sigma, drawn, model.scale_latent(latent_image.samples))
    return replace(latent_image, samples=model.unscale_latent(noisy))


def _run(
    guider: Guider,
    sampler: SamplerSpec,
    sigmas: Sigmas,
    latent: Latent,
    noise: Noise,
    run: Run,
) -> Sampled:
    total = max(len(sigmas) - 1, 0)
    run.step(0, total)
    space = latent_of(guider.model.contents)
    recorder: Recorder | None = None
    if latent.samples.shape[-2] * latent.samples.shape[-1] * space.compression**2 <= run.record_pixels:
        recorder = Recorder(guider, sigmas, space)

    def preview(denoised: Tensor) -> Tensor:
        return previewer(space, run.folders)(denoised)

    def on_step(step: Step) -> None:
        if recorder is not None:
            recorder.step(step)
        run.step(min(step.index + 1, total), total, lambda: preview(step.denoised))

    sampled = Sampled(
        *run_sampler(
            guider if recorder is None else recorder.listening(),
            sampler,
            sigmas,
            latent,
            seed=noise.seed,
            on_step=on_step,
            add_noise=noise.add,
            variation=noise.variation,
        )
    )
    if recorder is not None and (recording := recorder.save()):
        run.recording(recording)
    return sampled
