"""Sigmas: the noise levels that a sampler walks down, made and cut."""

from math import inf
from typing import Annotated, NamedTuple

import torch

from safelight.diffusion import schedulers, sigma_ranges
from safelight.diffusion.noise_schedule import discrete, scaled_linear_betas
from safelight.diffusion.schedulers import sigmas_for
from safelight.errors import BadInput
from safelight.graph.node import Choice, Output, Range, node
from safelight.models.model import Model
from safelight.nodes.sampling import SchedulerName, Share, Steps
from safelight.nodes.sockets import Curve, Sigmas

Sigma = Annotated[float, Range(0.0, 5000.0, step=0.01)]
Exponent = Annotated[float, Range(0.0, 100.0, step=0.01)]

# the timesteps, of a thousand, that suit ten steps the best: Sabour et al. 2024, arXiv:2404.14507, their quick start
ALIGNED_STEPS = {
    "SD1": (999, 850, 736, 645, 545, 455, 343, 233, 124, 24, 0),
    "SDXL": (999, 845, 730, 587, 443, 310, 193, 116, 53, 13, 0),
}
# for Stable Video Diffusion they give noise levels
ALIGNED_SVD = [700.0, 54.5, 15.886, 7.977, 4.248, 1.789, 0.981, 0.403, 0.173, 0.034, 0.002]

# noise levels of flow models by the search of Pei et al. 2025, arXiv:2503.21774; Chroma's are of its own kind
OPTIMAL_LEVELS = {
    "FLUX": (0.9968, 0.9886, 0.9819, 0.975, 0.966, 0.9471, 0.9158, 0.8287, 0.5512, 0.2808, 0.001),
    "Wan": (
        *(1.0, 0.997, 0.995, 0.993, 0.991, 0.989, 0.987, 0.985, 0.98, 0.975, 0.973, 0.968, 0.96, 0.946, 0.927),
        *(0.902, 0.864, 0.776, 0.539, 0.208, 0.001),
    ),
    "Chroma": (
        *(0.992, 0.99, 0.988, 0.985, 0.982, 0.978, 0.973, 0.968, 0.961, 0.953, 0.943, 0.931, 0.917, 0.9, 0.881),
        *(0.858, 0.832, 0.802, 0.769, 0.731, 0.69, 0.646, 0.599, 0.55, 0.501, 0.451, 0.402, 0.355, 0.311, 0.27),
        *(0.232, 0.199, 0.169, 0.143, 0.12, 0.101, 0.084, 0.07, 0.058, 0.048, 0.001),
    ),
}


@node("BasicScheduler", category="sampling/custom_sampling/schedulers")
def basic_scheduler(*, model: Model, scheduler: SchedulerName, steps: Steps = 20, denoise: Share = 1.0) -> Sigmas:
    """The noise levels that KSampler would use."""
    return sigmas_for(scheduler, model.schedule, steps, denoise)


@node("BetaSamplingScheduler", category="sampling/custom_sampling/schedulers")
def beta_sampling_scheduler(
    *,
    model: Model,
    steps: Steps = 20,
    alpha: Annotated[float, Range(0.0, 50.0, step=0.01)] = 0.6,
    beta: Annotated[float, Range(0.0, 50.0, step=0.01)] = 0.6,
) -> Sigmas:
    """Noise levels by the quantiles of a beta distribution."""
    return schedulers.beta(model.schedule, steps, a=alpha, b=beta)


@node("KarrasScheduler", category="sampling/custom_sampling/schedulers")
def karras_scheduler(
    *,
    steps: Steps = 20,
    sigma_max: Sigma = 14.614642,
    sigma_min: Sigma = 0.0291675,
    rho: Exponent = 7.0,
) -> Sigmas:
    """Noise levels by even steps of a root of sigma.

    Args:
        steps: How many.
        sigma_max: The first level.
        sigma_min: The last one before 0.
        rho: Which root; the higher, the more steps at low noise.
    """
    _positive("rho", rho)
    return sigma_ranges.karras_between(steps, sigma_max, sigma_min, rho)


@node("ExponentialScheduler", category="sampling/custom_sampling/schedulers")
def exponential_scheduler(*, steps: Steps = 20, sigma_max: Sigma = 14.614642, sigma_min: Sigma = 0.0291675) -> Sigmas:
    """Noise levels by even steps of the logarithm of sigma."""
    _positive("sigma_min", sigma_min)
    _positive("sigma_max", sigma_max)
    return sigma_ranges.exponential_between(steps, sigma_max, sigma_min)


@node("PolyexponentialScheduler", category="sampling/custom_sampling/schedulers")
def polyexponential_scheduler(
    *,
    steps: Steps = 20,
    sigma_max: Sigma = 14.614642,
    sigma_min: Sigma = 0.0291675,
    rho: Exponent = 1.0,
) -> Sigmas:
    """Noise levels by steps of the logarithm of sigma that grow as a power.

    Args:
        steps: How many.
        sigma_max: The first level.
        sigma_min: The last one before 0.
        rho: The power; 1 takes even steps.
    """
    _positive("sigma_min", sigma_min)
    _positive("sigma_max", sigma_max)
    return sigma_ranges.polyexponential(steps, sigma_max, sigma_min, rho)


@node("LaplaceScheduler", category="sampling/custom_sampling/schedulers")
def laplace_scheduler(
    *,
    steps: Steps = 20,
    sigma_max: Sigma = 14.614642,
    sigma_min: Sigma = 0.0291675,
    mu: Annotated[float, Range(-10.0, 10.0, step=0.1)] = 0.0,
    beta: Annotated[float, Range(0.0, 10.0, step=0.1)] = 0.5,
) -> Sigmas:
    """Noise levels dense in the middle, by the quantiles of a Laplace distribution; they end above 0.

    Args:
        steps: How many levels.
        sigma_max: The highest allowed.
        sigma_min: The lowest allowed.
        mu: The logarithm of sigma where they are densest.
        beta: How far they spread.
    """
    return sigma_ranges.laplace(steps, sigma_max, sigma_min, mu, beta)


@node("VPScheduler", category="sampling/custom_sampling/schedulers")
def vp_scheduler(
    *,
    steps: Steps = 20,
    beta_d: Sigma = 19.9,
    beta_min: Sigma = 0.1,
    eps_s: Annotated[float, Range(0.0, 1.0, step=0.0001)] = 0.001,
) -> Sigmas:
    """Noise levels by even steps in the time of a variance-preserving process.

    Args:
        steps: How many.
        beta_d: How much its rate of noise grows.
        beta_min: The rate at the end of the way.
        eps_s: The time of the last level before 0.
    """
    return sigma_ranges.variance_preserving(steps, beta_d, beta_min, eps_s)


@node("SDTurboScheduler", category="sampling/custom_sampling/schedulers")
def sd_turbo_scheduler(*, model: Model, steps: Annotated[int, Range(1, 10)] = 1, denoise: Share = 1.0) -> Sigmas:
    """The noise levels that SD-Turbo and SDXL-Turbo were distilled on.

    Args:
        model: Whose levels they are.
        steps: How many of the ten to take, from the highest down.
        denoise: Below 1, the highest ones are left out.
    """
    start = 10 - int(10 * denoise)
    timesteps = torch.arange(999, 0, -100)[start : start + steps]
    return sigma_ranges.ending_at_zero(model.schedule.sigma(timesteps))


@node("AlignYourStepsScheduler", category="sampling/custom_sampling/schedulers")
def align_your_steps_scheduler(
    *,
    model_type: Annotated[str, Choice((*ALIGNED_STEPS, "SVD"))],
    steps: Annotated[int, Range(1, 10000)] = 10,
    denoise: Share = 1.0,
) -> Sigmas:
    """Noise levels that were fitted to a model so that few steps err little (Align Your Steps).

    Args:
        model_type: The model they were fitted to.
        steps: How many; they were fitted to ten.
        denoise: Share of the steps to take, the last ones.
    """
    levels = ALIGNED_SVD
    if model_type in ALIGNED_STEPS:
        levels = discrete(scaled_linear_betas()).sigmas[list(ALIGNED_STEPS[model_type])].tolist()
    return sigma_ranges.from_levels(levels, steps, denoise)


@node("OptimalStepsScheduler", category="sampling/custom_sampling/schedulers")
def optimal_steps_scheduler(
    *,
    model_type: Annotated[str, Choice(OPTIMAL_LEVELS)],
    steps: Annotated[int, Range(3, 1000)] = 20,
    denoise: Share = 1.0,
) -> Sigmas:
    """Noise levels of flow models that were searched for so that few steps err little.

    Args:
        model_type: The model they were searched with.
        steps: How many.
        denoise: Share of the steps to take, the last ones.
    """
    return sigma_ranges.from_levels(list(OPTIMAL_LEVELS[model_type]), steps, denoise)


@node("SigmasFromCurve", category="sampling/custom_sampling/schedulers", title="Sigmas From Curve")
def sigmas_from_curve(
    *,
    model: Model,
    steps: Steps = 20,
    curve: Curve = ((0, 1), (1, 0)),
    scale: Annotated[str, Choice(sigma_ranges.SCALES)] = "logarithmic",
) -> Sigmas:
    """A scheduler that you draw: how the noise falls from the model's highest level to its lowest, and then to 0.

    Args:
        model: Whose levels they are.
        steps: How many.
        curve: The noise at each step, from the first at the left to the last at the right. It falls all the way.
        scale: What the height stands for. `logarithmic` gives low noise as much room as high noise, and a straight
            line is then the scheduler `exponential`; on `linear`, half the height is half the noise.
    """
    return sigma_ranges.along_curve(curve, steps, model.schedule.sigma_max, model.schedule.sigma_min, scale)


class Split(NamedTuple):
    """The two parts of a schedule; the noise level between them is in both."""

    high_sigmas: Annotated[Sigmas, Output("high_sigmas")]
    low_sigmas: Annotated[Sigmas, Output("low_sigmas")]


@node("SplitSigmas", category="sampling/custom_sampling/sigmas")
def split_sigmas(*, sigmas: Sigmas, step: Annotated[int, Range(0, 10000)] = 0) -> Split:
    """Cut a schedule after some steps."""
    return Split(sigmas[: step + 1], sigmas[step:])


@node("SplitSigmasDenoise", category="sampling/custom_sampling/sigmas")
def split_sigmas_denoise(*, sigmas: Sigmas, denoise: Share = 1.0) -> Split:
    """Cut a schedule so that the second part is a share of its steps."""
    steps = max(len(sigmas) - 1, 0)
    kept = round(steps * denoise)
    return Split(sigmas[:-kept] if kept else sigmas, sigmas[-(kept + 1) :])


@node("FlipSigmas", category="sampling/custom_sampling/sigmas")
def flip_sigmas(*, sigmas: Sigmas) -> Sigmas:
    """Turn a schedule around, to walk a picture back up to noise."""
    flipped = sigmas.flip(0)
    if len(flipped) and flipped[0] == 0:
        flipped[0] = 0.0001  # a sampler divides by the level it starts from
    return flipped


@node("SetFirstSigma", category="sampling/custom_sampling/sigmas")
def set_first_sigma(*, sigmas: Sigmas, sigma: Annotated[float, Range(0.0, 20000.0, step=0.001)] = 136.0) -> Sigmas:
    """Start a schedule from another noise level."""
    changed = sigmas.clone()
    changed[0] = sigma
    return changed


@node("ExtendIntermediateSigmas", category="sampling/custom_sampling/sigmas")
def extend_intermediate_sigmas(
    *,
    sigmas: Sigmas,
    steps: Annotated[int, Range(1, 100)] = 2,
    start_at_sigma: Annotated[float, Range(-1.0, 20000.0, step=0.01)] = -1.0,
    end_at_sigma: Annotated[float, Range(0.0, 20000.0, step=0.01)] = 12.0,
    spacing: Annotated[str, Choice(sigma_ranges.SPACINGS)],
) -> Sigmas:
    """Cut some of a schedule's steps into several.

    Args:
        sigmas: The schedule.
        steps: How many each of them becomes.
        start_at_sigma: The highest level at which one may begin; -1 for any.
        end_at_sigma: The lowest one.
        spacing: How the parts are spread: `cosine` shortens the last ones, `sine` the first.
    """
    highest = start_at_sigma if start_at_sigma >= 0 else inf
    return sigma_ranges.extended(sigmas, steps, highest, end_at_sigma, spacing)


@node("SamplingPercentToSigma", category="sampling/custom_sampling/sigmas")
def sampling_percent_to_sigma(
    *,
    model: Model,
    sampling_percent: Annotated[float, Range(0.0, 1.0, step=0.0001)] = 0.0,
    return_actual_sigma: bool = False,
) -> Annotated[float, Output("sigma_value")]:
    """The noise level that a model reaches after a part of the way.

    Args:
        model: The model.
        sampling_percent: The part of the way, from noise (0) to picture (1).
        return_actual_sigma: Give the model's own highest and lowest level at the ends, in place of the values that
            stand for before the start and after the end.
    """
    if return_actual_sigma and sampling_percent in (0, 1):
        return model.schedule.sigma_min if sampling_percent else model.schedule.sigma_max
    return model.schedule.percent_to_sigma(sampling_percent)


def _positive(name: str, value: float) -> None:
    if value <= 0:
        raise BadInput(what=f"{name} is {value:g}, and this schedule needs it above 0.", mend=f"Raise {name}.")
