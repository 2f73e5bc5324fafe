"""Steps that are not worked out, because they would change little."""

from dataclasses import replace
from functools import partial
from typing import Annotated

from safelight.graph.node import Range, node
from safelight.models.model import Model
from safelight.models.patching.step_cache import LazyDenoiser, Reuse, easy_cache

CATEGORY = "advanced/debug/model"

Threshold = Annotated[float, Range(0.0, 3.0, step=0.01)]
Moment = Annotated[float, Range(0.0, 1.0, step=0.01)]


@node("EasyCache", category=CATEGORY, experimental=True)
def easy_cache_node(
    *,
    model: Model,
    reuse_threshold: Threshold = 0.2,
    start_percent: Moment = 0.15,
    end_percent: Moment = 0.95,
    verbose: bool = False,
) -> Model:
    """Skip the model at steps at which it would say much the same as at the step before.

    Args:
        model: The model.
        reuse_threshold: How far its answer may be off; 0 skips nothing.
        start_percent: From which share of the way through the noise.
        end_percent: Until which share.
        verbose: Whether the log is told of each step that was skipped.
    """
    rule = _rule(model, reuse_threshold, start_percent, end_percent, verbose)
    return model.with_patches(easy_cache(rule, model.family.latent.channels))


@node("LazyCache", category=CATEGORY, experimental=True)
def lazy_cache(
    *,
    model: Model,
    reuse_threshold: Threshold = 0.2,
    start_percent: Moment = 0.15,
    end_percent: Moment = 0.95,
    verbose: bool = False,
) -> Model:
    """Skip whole steps, guidance and all, at which the result would change little; coarser than EasyCache.

    Args:
        model: The model.
        reuse_threshold: How far the result may be off; 0 skips nothing.
        start_percent: From which share of the way through the noise.
        end_percent: Until which share.
        verbose: Whether the log is told of each step that was skipped.
    """
    rule = _rule(model, reuse_threshold, start_percent, end_percent, verbose)
    return replace(model, around=(*model.around, partial(LazyDenoiser, rule=rule)))


def _rule(model: Model, threshold: float, start: float, end: float, verbose: bool) -> Reuse:
    at = model.schedule.percent_to_sigma
    return Reuse(threshold, at(start), at(end), verbose)
