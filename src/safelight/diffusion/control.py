"""What steers the network from beside: residuals of another network that sees a picture (ControlNet, T2I-Adapter)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class ControlCall:
    """What a control is shown of one call of the network.

    Attributes:
        shown: Noisy latents as the network sees them (scaled), without further channels, [N, C, h, w].
        sigma: Their noise level, a scalar.
        timestep: The network's clock [1], float32.
        context: Encoded prompts [N, T, W].
        label: Pooled prompts and sizes [N, L], for families that have them.
        rounds: How many times the batch holds all latents of the run.
        memory: What controls keep from one call to the next of one run, by keys of their own.
    """

    shown: Tensor
    sigma: Tensor
    timestep: Tensor
    context: Tensor
    label: Tensor | None
    rounds: int = 1
    memory: dict[object, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Residuals:
    """What is added inside the network. Places without one have None; batches may be 1.

    Attributes:
        entering: Added to what block N of the way down gives, and so to all after it (T2I-Adapter).
        skips: Added to what is handed from block N of the way down to the way up (ControlNet).
        middle: Added to what the middle block gives.
    """

    entering: tuple[Tensor | None, ...] = ()
    skips: tuple[Tensor | None, ...] = ()
    middle: Tensor | None = None

    def plus(self, other: "Residuals") -> "Residuals":
        """Both together."""
        return Residuals(
            _added(self.entering, other.entering),
            _added(self.skips, other.skips),
            _sum(self.middle, other.middle),
        )

    def times(self, strength: float) -> "Residuals":
        """These, weaker or stronger."""

        def weighed(x: Tensor | None) -> Tensor | None:
            return None if x is None else x * strength

        return Residuals(tuple(map(weighed, self.entering)), tuple(map(weighed, self.skips)), weighed(self.middle))


class Control(Protocol):
    """One control as it is applied to a cond: a network, a picture, a strength.

    Attributes:
        start, end: The part of the noise schedule in which it counts, as shares of the way from all noise (0) to
            none (1).
    """

    @property
    def start(self) -> float: ...

    @property
    def end(self) -> float: ...

    def __call__(self, call: ControlCall) -> Residuals:
        """What it adds in one call of the network."""
        ...


def steer(x: Tensor, residual: Tensor | None) -> Tensor:
    """`x` [B, C, h, w] with a residual added, brought to its size where a latent's odd sides made it differ."""
    if residual is None:
        return x
    if residual.shape[-2:] != x.shape[-2:]:
        residual = F.interpolate(residual, size=x.shape[-2:], mode="nearest")
    return x + residual.to(x)


def _added(one: Sequence[Tensor | None], other: Sequence[Tensor | None]) -> tuple[Tensor | None, ...]:
    length = max(len(one), len(other))
    return tuple(map(_sum, _padded(one, length), _padded(other, length)))


def _padded(residuals: Sequence[Tensor | None], length: int) -> list[Tensor | None]:
    return [*residuals, *([None] * (length - len(residuals)))]


def _sum(one: Tensor | None, other: Tensor | None) -> Tensor | None:
    if one is None or other is None:
        return other if one is None else one
    return one + other
