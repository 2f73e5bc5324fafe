"""Where, when and under which hooks prompts count, set at once; for one prompt, and for both of a pair."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated, NamedTuple

from safelight.graph.node import Choice, Output, Range, node
from safelight.models.hooks import Hooks
from safelight.nodes.conditioning import Moment, conditioning_set_mask, conditioning_set_timestep_range
from safelight.nodes.sockets import Conditioning, Mask

Weight = Annotated[float, Range(0.0, 10.0, step=0.01)]
CondArea = Annotated[str, Choice(("default", "mask bounds"))]

SINGLE = "advanced/hooks/cond single"
PAIR = "advanced/hooks/cond pair"


@dataclass(frozen=True)
class TimestepsRange:
    """A part of the sampling, as shares of the way from all noise (0) to none (1)."""

    start: float
    end: float


class Ranges(NamedTuple):
    """A part of the sampling, what is before it and what is after it."""

    inside: Annotated[TimestepsRange, Output("TIMESTEPS_RANGE")]
    before: Annotated[TimestepsRange, Output("BEFORE_RANGE")]
    after: Annotated[TimestepsRange, Output("AFTER_RANGE")]


class Pair(NamedTuple):
    """What to show and what to keep away from."""

    positive: Annotated[Conditioning, Output("positive")]
    negative: Annotated[Conditioning, Output("negative")]


@node("ConditioningTimestepsRange", category="advanced/hooks", title="Timesteps Range")
def conditioning_timesteps_range(*, start_percent: Moment = 0.0, end_percent: Moment = 1.0) -> Ranges:
    """Name a part of the sampling.

    Args:
        start_percent: Its beginning, as a share of the way.
        end_percent: Its end.
    """
    return Ranges(
        TimestepsRange(start_percent, end_percent), TimestepsRange(0.0, start_percent), TimestepsRange(end_percent, 1.0)
    )


@node("ConditioningSetProperties", category=SINGLE, title="Cond Set Props")
def conditioning_set_properties(
    *,
    cond_NEW: Conditioning,  # noqa: N803
    strength: Weight = 1.0,
    set_cond_area: CondArea,
    mask: Mask | None = None,
    hooks: Hooks | None = None,
    timesteps: TimestepsRange | None = None,
) -> Conditioning:
    """Say where, when and under which hooks a prompt counts.

    Args:
        cond_NEW: The prompt.
        strength: Its weight inside the mask.
        set_cond_area: Whether the model is shown the whole picture or only the box around the mask.
        mask: Where it counts.
        hooks: What changes the model for it.
        timesteps: When it counts.
    """
    conds = _under(hooks, cond_NEW)
    if mask is not None:
        conds = conditioning_set_mask(conditioning=conds, mask=mask, strength=strength, set_cond_area=set_cond_area)
    if timesteps is None:
        return conds
    return conditioning_set_timestep_range(conditioning=conds, start=timesteps.start, end=timesteps.end)


@node("ConditioningSetPropertiesAndCombine", category=SINGLE, title="Cond Set Props Combine")
def conditioning_set_properties_and_combine(
    *,
    cond: Conditioning,
    cond_NEW: Conditioning,  # noqa: N803
    strength: Weight = 1.0,
    set_cond_area: CondArea,
    mask: Mask | None = None,
    hooks: Hooks | None = None,
    timesteps: TimestepsRange | None = None,
) -> Conditioning:
    """Say where, when and under which hooks a prompt counts, and add it to others.

    Args:
        cond: The others.
        cond_NEW: The prompt.
        strength: Its weight inside the mask.
        set_cond_area: Whether the model is shown the whole picture or only the box around the mask.
        mask: Where it counts.
        hooks: What changes the model for it.
        timesteps: When it counts.
    """
    return cond + conditioning_set_properties(
        cond_NEW=cond_NEW,
        strength=strength,
        set_cond_area=set_cond_area,
        mask=mask,
        hooks=hooks,
        timesteps=timesteps,
    )


@node("ConditioningSetDefaultCombine", category=SINGLE, title="Cond Set Default Combine")
def conditioning_set_default_combine(
    *,
    cond: Conditioning,
    cond_DEFAULT: Conditioning,  # noqa: N803
    hooks: Hooks | None = None,
) -> Conditioning:
    """Add a prompt that counts where the others do not.

    Args:
        cond: The others.
        cond_DEFAULT: The prompt.
        hooks: What changes the model for it.
    """
    return cond + tuple(replace(each, fallback=True) for each in _under(hooks, cond_DEFAULT))


@node("PairConditioningSetProperties", category=PAIR, title="Cond Pair Set Props")
def pair_conditioning_set_properties(
    *,
    positive_NEW: Conditioning,  # noqa: N803
    negative_NEW: Conditioning,  # noqa: N803
    strength: Weight = 1.0,
    set_cond_area: CondArea,
    mask: Mask | None = None,
    hooks: Hooks | None = None,
    timesteps: TimestepsRange | None = None,
) -> Pair:
    """Say where, when and under which hooks two prompts count.

    Args:
        positive_NEW: What to show.
        negative_NEW: What to keep away from.
        strength: Their weight inside the mask.
        set_cond_area: Whether the model is shown the whole picture or only the box around the mask.
        mask: Where they count.
        hooks: What changes the model for them.
        timesteps: When they count.
    """
    set_up = partial(
        conditioning_set_properties,
        strength=strength,
        set_cond_area=set_cond_area,
        mask=mask,
        hooks=hooks,
        timesteps=timesteps,
    )
    return Pair(set_up(cond_NEW=positive_NEW), set_up(cond_NEW=negative_NEW))


@node("PairConditioningSetPropertiesAndCombine", category=PAIR, title="Cond Pair Set Props Combine")
def pair_conditioning_set_properties_and_combine(
    *,
    positive: Conditioning,
    negative: Conditioning,
    positive_NEW: Conditioning,  # noqa: N803
    negative_NEW: Conditioning,  # noqa: N803
    strength: Weight = 1.0,
    set_cond_area: CondArea,
    mask: Mask | None = None,
    hooks: Hooks | None = None,
    timesteps: TimestepsRange | None = None,
) -> Pair:
    """Say where, when and under which hooks two prompts count, and add them to others.

    Args:
        positive: The others to show.
        negative: The others to keep away from.
        positive_NEW: What to show.
        negative_NEW: What to keep away from.
        strength: Their weight inside the mask.
        set_cond_area: Whether the model is shown the whole picture or only the box around the mask.
        mask: Where they count.
        hooks: What changes the model for them.
        timesteps: When they count.
    """
    new = pair_conditioning_set_properties(
        positive_NEW=positive_NEW,
        negative_NEW=negative_NEW,
        strength=strength,
        set_cond_area=set_cond_area,
        mask=mask,
        hooks=hooks,
        timesteps=timesteps,
    )
    return Pair(positive + new.positive, negative + new.negative)


@node("PairConditioningSetDefaultCombine", category=PAIR, title="Cond Pair Set Default Combine")
def pair_conditioning_set_default_combine(
    *,
    positive: Conditioning,
    negative: Conditioning,
    positive_DEFAULT: Conditioning,  # noqa: N803
    negative_DEFAULT: Conditioning,  # noqa: N803
    hooks: Hooks | None = None,
) -> Pair:
    """Add two prompts that count where the others do not.

    Args:
        positive: The others to show.
        negative: The others to keep away from.
        positive_DEFAULT: What to show.
        negative_DEFAULT: What to keep away from.
        hooks: What changes the model for them.
    """
    return Pair(
        conditioning_set_default_combine(cond=positive, cond_DEFAULT=positive_DEFAULT, hooks=hooks),
        conditioning_set_default_combine(cond=negative, cond_DEFAULT=negative_DEFAULT, hooks=hooks),
    )


@node("PairConditioningCombine", category=PAIR, title="Cond Pair Combine")
def pair_conditioning_combine(
    *,
    positive_A: Conditioning,  # noqa: N803
    negative_A: Conditioning,  # noqa: N803
    positive_B: Conditioning,  # noqa: N803
    negative_B: Conditioning,  # noqa: N803
) -> Pair:
    """Let two pairs of prompts guide at once."""
    return Pair(positive_A + positive_B, negative_A + negative_B)


def _under(hooks: Hooks | None, conditioning: Conditioning) -> Conditioning:
    if hooks is None:
        return conditioning
    return tuple(replace(cond, changes=(*cond.changes, hooks)) for cond in conditioning)
