"""Sigmas: the noise levels that a sampler walks down, made and cut."""

from typing import Annotated, NamedTuple

from safelight.diffusion import schedulers
from safelight.diffusion.schedulers import sigmas_for
from safelight.graph.node import Output, Range, node
from safelight.models.model import Model
from safelight.nodes.sampling import SchedulerName, Share, Steps
from safelight.nodes.sockets import Sigmas


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
