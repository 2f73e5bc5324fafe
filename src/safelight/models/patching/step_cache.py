"""Steps that would change little are not worked out: the last answer is moved along with what was asked.

Source: Zhou et al. 2025, arXiv:2507.02860 (EasyCache).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor

from safelight.diffusion.process import ForwardProcess
from safelight.diffusion.types import Denoiser
from safelight.models.patches import Asked, Patches

EVERY = 8  # cells: changes are measured on a grid as coarse as this

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reuse:
    """When an answer may be used again.

    Attributes:
        threshold: How far it may be off, as a share of its size, before it is worked out anew.
        start, end: Noise levels, from the first down to the second.
        told: Whether the log is told of each answer that was used again.
    """

    threshold: float
    start: float
    end: float
    told: bool


@dataclass
class Reused:
    """The last answer to one question, and how fast answers have been changing.

    Attributes:
        rule: When it may be used again.
        offset: Answer less question, when it was last worked out.
        seen: That question and answer on the grid, and the mean size of the answer.
        rate: How much an answer changes for a change of the question.
        drift: How far the answers are thought to be off by now.
        steps, saved: How many questions there were, and how many were not worked out.
    """

    rule: Reuse
    offset: Tensor | None = None
    seen: tuple[Tensor, Tensor, Tensor] | None = None
    rate: Tensor | None = None
    drift: float = 0.0
    steps: int = 0
    saved: int = 0

    def __call__(
        self, x: Tensor, sigma: Tensor, work_out: Callable[[], Tensor], rows: slice | list[int] = slice(None)
    ) -> Tensor:
        """The answer for `x` at a noise level, of the shape of `x`; changes are measured on some of the rows."""
        self.steps += 1
        level = float(sigma)
        if level <= self.rule.end:
            return work_out()
        measured = level <= self.rule.start and self.offset is not None
        moved = None
        if measured and self.seen is not None:
            last_x, _, size = self.seen
            moved = (_grid(x, rows) - last_x).abs().mean()
            if self.rate is not None and self.offset is not None:
                self.drift += float(self.rate * moved / size)
                if self.drift < self.rule.threshold:
                    return self._use_again(x, level, self.offset)
                self.drift = 0.0
        answer = work_out()
        if measured:
            if moved is not None and self.seen is not None:
                self.rate = (_grid(answer, rows) - self.seen[1]).abs().mean() / moved
            self.seen = _grid(x, rows), _grid(answer, rows), answer.abs().mean()
        self.offset = answer - x
        return answer

    def _use_again(self, x: Tensor, level: float, offset: Tensor) -> Tensor:
        self.saved += 1
        if self.rule.told:
            # a warning, because the log keeps nothing less
            log.warning("step %d at sigma %.3f used again; %d so far", self.steps, level, self.saved)
        return x + offset


def _grid(x: Tensor, rows: slice | list[int]) -> Tensor:
    return x[rows, ..., ::EVERY, ::EVERY].clone()


def easy_cache(rule: Reuse, channels: int) -> Patches:
    """Skip the network where its answer would change little; guidance is worked out anew.

    Args:
        rule: When.
        channels: Of the latent; what else the network is shown is not looked at.
    """
    key = object()

    def around(asked: Asked, network: Callable[[Tensor], Tensor], shown: Tensor) -> Tensor:
        x = shown[:, :channels]
        if shown.shape[1] == channels:  # further channels hang on the prompt, so with them it is repeated already
            x = x.repeat(len(asked.roles), 1, 1, 1)
        reused = asked.memory.setdefault((key, asked.question), Reused(rule))
        # one prompt speaks for all: the negative one, as in ComfyUI, so that the same steps are skipped
        rows = asked.rows(x, "negative") or asked.rows(x, "positive")
        answer: Tensor = reused(x, asked.sigma, partial(network, shown), rows)
        return answer

    return Patches(network=(around,))


@dataclass
class LazyDenoiser:
    """A guided denoiser that is not asked where its answer would change little.

    Attributes:
        denoiser: Asked for what cannot be used again.
        rule: When it can.
    """

    denoiser: Denoiser
    rule: Reuse
    _alone: Reused = field(init=False)
    _with_uncond: Reused = field(init=False)

    def __post_init__(self) -> None:
        self._alone, self._with_uncond = Reused(self.rule), Reused(self.rule)

    @property
    def process(self) -> ForwardProcess:
        return self.denoiser.process

    def __call__(self, x: Tensor, sigma: Tensor) -> Tensor:
        return self._alone(x, sigma, partial(self.denoiser, x, sigma))

    def with_uncond(self, x: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
        def both() -> Tensor:
            return torch.cat(self.denoiser.with_uncond(x, sigma))

        denoised, uncond = self._with_uncond(torch.cat([x, x]), sigma, both).chunk(2)
        return denoised, uncond
