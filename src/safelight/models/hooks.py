"""Hooks: changes of weights that count for some prompts only, and by strengths that change over the sampling."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

from safelight.models.model import Model, WeightChange
from safelight.models.text_encoder import Clip
from safelight.models.weight_patches import WeightPatches


@dataclass(frozen=True)
class Keyframe:
    """A factor on a hook's strength from some moment on.

    Attributes:
        strength: The factor.
        start: When it begins, as a share of the way from all noise (0) to none (1).
        least_steps: How many steps it is kept for at least, even if the next should have begun.
    """

    strength: float
    start: float
    least_steps: int = 1


@dataclass(frozen=True)
class HookKeyframes:
    """Keyframes in the order in which they begin."""

    frames: tuple[Keyframe, ...] = ()

    def plus(self, more: Sequence[Keyframe]) -> "HookKeyframes":
        """These and others; of two that begin together, the later one counts."""
        return HookKeyframes(tuple(sorted((*self.frames, *more), key=lambda frame: frame.start)))


@dataclass(frozen=True, eq=False)
class WeightHook:
    """One change of weights.

    Attributes:
        on_model: (denoiser, strength) -> the changed one.
        on_clip: The same for text encoders.
        strength_model, strength_clip: How much each is changed.
        keyframes: Factors on both over the sampling; none stands for 1.
    """

    on_model: Callable[[Model, float], Model]
    on_clip: Callable[[Clip, float], Clip]
    strength_model: float
    strength_clip: float
    keyframes: HookKeyframes = HookKeyframes()

    def factor(self, sigma: float, percent_to_sigma: Callable[[float], float], memory: dict[object, Any]) -> float:
        """The strength's factor at a noise level of a run, whose `memory` keeps how far it has come."""
        frames = self.keyframes.frames
        if not frames:
            return 1.0
        key = (self, "keyframe")
        state: tuple[int, float | None, int] = memory.get(key, (0, None, 0))
        at, seen, steps = state
        if sigma != seen:
            while at + 1 < len(frames) and steps >= frames[at].least_steps:
                if percent_to_sigma(frames[at + 1].start) < sigma:
                    break
                at, steps = at + 1, 0
            memory[key] = at, sigma, steps + 1
        return frames[at].strength


@dataclass(frozen=True, eq=False)
class Hooks(WeightChange):
    """Changes of weights that go together."""

    hooks: tuple[WeightHook, ...] = ()

    def with_keyframes(self, keyframes: HookKeyframes) -> "Hooks":
        """The same changes under other keyframes."""
        return Hooks(tuple(replace(hook, keyframes=keyframes) for hook in self.hooks))

    def weights(self, model: Model, sigma: float, memory: dict[object, Any]) -> WeightPatches:
        """What a model wears under them at a noise level of a run; the same object for the same strengths."""
        strengths = tuple(
            hook.strength_model * hook.factor(sigma, model.schedule.percent_to_sigma, memory) for hook in self.hooks
        )
        key = (self, strengths, model.weights)
        if key not in memory:
            pairs = zip(self.hooks, strengths, strict=True)
            memory[key] = reduce(lambda changed, pair: pair[0].on_model(changed, pair[1]), pairs, model).weights
        found: WeightPatches = memory[key]
        return found

    def on_clip(self, clip: Clip, start: float = 0.0) -> Clip:
        """Text encoders under them, as at a moment of the sampling."""
        for hook in self.hooks:
            frames = [frame for frame in hook.keyframes.frames if frame.start <= start] or hook.keyframes.frames[:1]
            clip = hook.on_clip(clip, hook.strength_clip * (frames[-1].strength if frames else 1.0))
        return clip

    @property
    def moments(self) -> list[float]:
        """When the strength of one of them changes, from the beginning on, as shares of the way."""
        return sorted({0.0, *(frame.start for hook in self.hooks for frame in hook.keyframes.frames)})
