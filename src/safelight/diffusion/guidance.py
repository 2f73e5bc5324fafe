"""Guidance: several conds become one estimate, and cond and uncond are joined by cfg."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

import torch
from torch import Tensor

from safelight.diffusion.conditioning import Cond, NetworkChange, Role
from safelight.diffusion.placement import Box, Placed
from safelight.diffusion.process import ForwardProcess


class Predict(Protocol):
    """The network behind a denoiser, asked for several conds of the same crop at once."""

    def __call__(
        self,
        x: Tensor,
        sigma: Tensor,
        conds: Sequence[Cond],
        box: Box | None,
        change: NetworkChange | None = None,
    ) -> Sequence[Tensor]:
        """The estimates of the clean latent, one per cond.

        Args:
            x: The noisy latent, or the part of it inside `box`, [B, C, h, w].
            sigma: Its noise level, a scalar.
            conds: What the network is told.
            box: Which part of the latent `x` is; None for all of it.
            change: How the network is to differ in this call.

        Returns:
            One [B, C, h, w] per cond.
        """
        ...


Memory = dict[object, Any]
"""What rules and patches keep from one call to the next of one run, by keys of their own."""


class Again(Protocol):
    """Asks the network once more within a step."""

    def __call__(self, role: Role, x: Tensor, change: NetworkChange | None = None) -> Tensor:
        """An estimate of the clean latent [B, C, H, W].

        Args:
            role: Whose prompt.
            x: The noisy latent [B, C, H, W], at the step's noise level.
            change: How the network is to differ in this call.
        """
        ...


@dataclass(frozen=True)
class Guess:
    """What a guidance rule joins.

    Attributes:
        cond, uncond: Estimates of the clean latent under the two prompts, [B, C, H, W]. Where nothing is guided
            (`cfg` 1) the negative prompt is not evaluated, and `uncond` is the same tensor as `cond`.
        x: The noisy latent they were made from.
        sigma: Its noise level, a scalar.
        cfg: How much further than `cond` to go away from `uncond`; 1 is `cond` itself.
        others: Estimates for the further prompts of a `Guidance`, in its order.
        memory: Kept by the run.
        again: Asks the network again, at the cost of a call; not there where no network stands behind the estimates.
    """

    cond: Tensor
    uncond: Tensor
    x: Tensor
    sigma: Tensor
    cfg: float
    others: tuple[Tensor, ...] = ()
    memory: Memory = field(default_factory=dict)
    again: Again | None = None


Rule = Callable[[Guess], Tensor]
"""Joins the two estimates to `denoised`."""
Before = Callable[[Guess], Guess]
"""Changes the estimates before they are joined."""
After = Callable[[Guess, Tensor], Tensor]
"""(estimates, `denoised`) -> another `denoised`."""


def classifier_free(guess: Guess) -> Tensor:
    """`uncond + cfg * (cond - uncond)` (Ho & Salimans 2022, arXiv:2207.12598)."""
    return guess.uncond + (guess.cond - guess.uncond) * guess.cfg


@dataclass(frozen=True)
class Guidance:
    """How the estimates for the prompts of a run become one, in three stages.

    Of `join` there is one, so that a later choice takes the place of an earlier one; changes before and after it add
    up, in the order in which they were made.

    Attributes:
        join: Joins the estimates.
        before: What is done to them first.
        after: What is done to the joined one.
        others: Further prompts that `join` wants estimates for.
    """

    join: Rule = classifier_free
    before: tuple[Before, ...] = ()
    after: tuple[After, ...] = ()
    others: tuple[tuple[Cond, ...], ...] = ()

    def __call__(self, guess: Guess) -> Tensor:
        return self.with_uncond(guess)[0]

    def with_uncond(self, guess: Guess) -> tuple[Tensor, Tensor]:
        """`denoised`, and the estimate for the negative prompt that it was joined from."""
        for change in self.before:
            guess = change(guess)
        denoised = self.join(guess)
        for finish in self.after:
            denoised = finish(guess, denoised)
        return denoised, guess.uncond


def rescaled(multiplier: float) -> Rule:
    """Classifier-free guidance whose contrast is brought back to that of `cond`, measured on v.

    Args:
        multiplier: 0 is plain guidance, 1 the full correction.

    Source: Lin et al. 2023, arXiv:2305.08891, section 3.4.
    """

    def rule(guess: Guess) -> Tensor:
        variance = guess.sigma**2 + 1
        angle = guess.sigma / variance**0.5
        base = guess.x / variance

        cond, uncond = (base - guess.cond) / angle, (base - guess.uncond) / angle
        guided = uncond + (cond - uncond) * guess.cfg
        contrast = _contrast(cond) / _contrast(guided)
        return base - guided * torch.lerp(torch.ones_like(contrast), contrast, multiplier) * angle

    return rule


def _contrast(v: Tensor) -> Tensor:
    return v.std(dim=(1, 2, 3), keepdim=True)


@dataclass(frozen=True)
class GuidedDenoiser:
    """A denoiser of one run, made of a network, two prompts and a guidance.

    Attributes:
        predict: The network.
        positive, negative: Conds in their places. The guidance of several parts of `positive` is added
            up (Liu et al. 2022, arXiv:2206.01714, composable diffusion).
        cfg: Guidance strength; at 1 the negative prompt is not evaluated.
        process: The model's forward process.
        guidance: Joins the estimates.
        others: The further prompts of `guidance`, in their places.
        memory: What the guidance keeps from call to call.
    """

    predict: Predict
    positive: tuple[Placed, ...]
    negative: tuple[Placed, ...]
    cfg: float
    process: ForwardProcess
    guidance: Guidance = field(default_factory=Guidance)
    others: tuple[tuple[Placed, ...], ...] = ()
    memory: Memory = field(default_factory=dict)

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        parts = self._parts
        if self.cfg == 1 and not self.others and len(parts) == 1 and parts[0][0].cond.part_weight == 1:
            (cond,) = estimates(self.predict, parts, x, sigma)
            return self.guidance(
                Guess(cond, cond, x, sigma, self.cfg, memory=self.memory, again=self._asked_again(sigma))
            )
        return self.with_uncond(x, sigma)[0]

    def with_uncond(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        parts = self._parts
        found = estimates(self.predict, (*parts, self.negative, *self.others), x, sigma)
        conds, uncond, others = found[: len(parts)], found[len(parts)], tuple(found[len(parts) + 1 :])
        weights = [part[0].cond.part_weight for part in parts]
        if weights == [1]:
            (cond,) = conds
        else:
            cond = uncond + sum((c - uncond) * weight for c, weight in zip(conds, weights, strict=True))
        again = self._asked_again(sigma)
        return self.guidance.with_uncond(Guess(cond, uncond, x, sigma, self.cfg, others, self.memory, again))

    def _asked_again(self, sigma: Tensor) -> Again:
        groups = {"positive": self.positive, "negative": self.negative}

        def again(role: Role, x: Tensor, change: NetworkChange | None = None) -> Tensor:
            return estimates(self.predict, (groups[role],), x, sigma, change)[0]

        return again

    @cached_property
    def _parts(self) -> list[tuple[Placed, ...]]:
        by_part: dict[int, list[Placed]] = {}
        for placed in self.positive:
            by_part.setdefault(placed.cond.part, []).append(placed)
        return [tuple(members) for members in by_part.values()]


def estimates(
    predict: Predict,
    groups: Sequence[tuple[Placed, ...]],
    x: Tensor,
    sigma: Tensor,
    change: NetworkChange | None = None,
) -> list[Tensor]:
    """One estimate of the clean latent per group of conds, all conds of one crop in one call of the network.

    Args:
        predict: The network.
        groups: Conds in their places; within a group, estimates that overlap are averaged by weight.
        x: Noisy latent [B, C, H, W].
        sigma: Its noise level, a scalar.
        change: How the network is to differ in this call.

    Returns:
        One [B, C, H, W] per group; 0 where no cond of the group counts.
    """
    level = float(sigma)
    active = [_with_fallbacks([placed for placed in group if placed.counts_at(level)], x) for group in groups]
    by_box: dict[Box | None, list[tuple[int, Placed]]] = {}
    for index, group in enumerate(active):
        for placed in group:
            by_box.setdefault(placed.box, []).append((index, placed))

    whole = [len(group) == 1 and group[0].box is None and _everywhere(group[0]) for group in active]
    results: list[Tensor | None] = [None] * len(groups)
    sums = [torch.zeros_like(x) if not alone else x for alone in whole]
    weights = [torch.zeros_like(x[:, :1]) if not alone else x for alone in whole]
    for box, members in by_box.items():
        crop = box.crop(x) if box else x
        predicted = predict(crop, sigma, [placed.cond for _, placed in members], box, change)
        for (index, placed), denoised in zip(members, predicted, strict=True):
            if whole[index]:
                results[index] = denoised
                continue
            part, share = (box.crop(sums[index]), box.crop(weights[index])) if box else (sums[index], weights[index])
            part += denoised * placed.weight
            share += placed.weight
    return [
        result if result is not None else torch.where(weight > 0, total / weight, 0)
        for result, total, weight in zip(results, sums, weights, strict=True)
    ]


def _with_fallbacks(group: list[Placed], x: Tensor) -> list[Placed]:
    """Conds of one group, those that fill gaps weighed by what the others leave; none where they leave nothing."""
    fallbacks = [placed for placed in group if placed.cond.fallback]
    if not fallbacks:
        return group
    others = [placed for placed in group if not placed.cond.fallback]
    left = torch.ones_like(x[:, :1])
    for placed in others:
        part = placed.box.crop(left) if placed.box else left
        part -= placed.weight
    left = left.clamp(min=0)
    return [*others, *(replace(placed, box=None, weight=left) for placed in fallbacks if left.any())]


def _everywhere(placed: Placed) -> bool:
    """Whether a lone cond's weight cancels out: the same, and not 0, at every cell."""
    return placed.cond.mask is None and placed.cond.strength > 0 and not placed.cond.fallback
