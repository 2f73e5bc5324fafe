"""The steps of training: each a function of what has been learned, the settings, and the step's number."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

import torch
from torch import Tensor

from safelight.diffusion.control import Control
from safelight.errors import SafelightError
from safelight.models.model import Model
from safelight.models.patching.compiling import compiled_call
from safelight.models.unet_forward import run_unet
from safelight.runs.settings import TrainingSettings
from safelight.training.forward import RunUnet, Shown, labels_of, output_of
from safelight.training.lessons import Lesson
from safelight.training.losses import errors_of, target_of, weights_of
from safelight.training.noising import draw_levels, draw_noise, generator_at
from safelight.training.optimizers import optimizer_of, share_of_rate, suitable_rate
from safelight.training.together import ALONE, Team

COMPILER = "inductor"
"""What `run.compile` compiles with, as `torch.compile` calls it."""
MOST_READ = 1000
"""Captions that are kept encoded: with tags in another order each time there is no end of them."""


@dataclass(frozen=True, eq=False)
class Material:
    """What one batch is made of.

    Attributes:
        latents: Clean latents [B, C, h, w], as the VAE gives them.
        captions: What each shows.
        shown: How each was cropped.
        weights: How much each counts [B].
        masks: Where they count [B, 1, h, w], or None for everywhere.
        control: What steers the denoiser.
    """

    latents: Tensor
    captions: tuple[str, ...]
    shown: tuple[Shown, ...]
    weights: Tensor
    masks: Tensor | None = None
    control: Control | None = None


class Source(Protocol):
    """Where batches come from."""

    def at(self, number: int) -> Material:
        """The batch of a number, the same whenever it is asked for."""
        ...


@dataclass(frozen=True)
class Stepped:
    """What one step has shown.

    Attributes:
        step: Which, counted from 1.
        steps: How many there are.
        loss: What was made smaller.
        rate: The learning rate.
        norm: Length of the gradient before it was shortened.
        levels: The noise levels, as shares of the schedule.
        errors: The mean squared error of what the network predicts at each.
    """

    step: int
    steps: int
    loss: float
    rate: float
    norm: float
    levels: tuple[float, ...]
    errors: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Seen:
    """What one batch has shown.

    Attributes:
        loss: Scalar, with gradients.
        levels: Shares of the schedule [B]; empty where there is none.
        errors: Mean squared error of the network's output for each picture [B], unweighted; empty as `levels` is.
    """

    loss: Tensor
    levels: Tensor
    errors: Tensor


Look = Callable[[int], Seen]
"""Number of a batch -> what it shows, while what is learned is worn. All chance follows from the number."""


class Learner(Protocol):
    """What a trainer changes: a `Lesson`, or networks from scratch."""

    @property
    def learned(self) -> Mapping[str, Tensor]:
        """All that is learned, by name, float32: leaves that gradients reach."""

    @property
    def device(self) -> torch.device: ...

    @property
    def dtype(self) -> torch.dtype:
        """What networks work in."""

    @property
    def width(self) -> int:
        """Of the network's narrowest level, on which the learning rate hangs."""

    def groups(self) -> dict[str, list[Tensor]]:
        """What is learned, by whose rate it learns at."""

    def worn(self) -> AbstractContextManager[None]:
        """Within, networks are as what has been learned makes them."""


class Trainer:
    """Takes the steps of a run.

    Args:
        lesson: What is learned.
        look: How wrong it is.
        settings: All else.
        team: The processes that share the batches of each step.

    Attributes:
        look: How wrong it is.
        step: How many steps were taken.
        mean: The running mean of what is learned; empty where none is kept.
    """

    def __init__(self, lesson: Learner, look: Look, settings: TrainingSettings, team: Team = ALONE) -> None:
        self.lesson = lesson
        self.team = team
        self.settings = settings = _with_rate(settings, lesson.width)
        self.step = 0
        self.mean = {n: t.detach().clone() for n, t in lesson.learned.items()} if settings.run.ema else {}
        self.look = look
        self._optimizer = optimizer_of(settings.optimizer, lesson.groups())
        # halves as small as gradients are become zero in fp16 unless the loss is made larger first
        self._scaler = torch.amp.GradScaler(lesson.device.type, enabled=lesson.dtype == torch.float16)

    def steps(self) -> Iterator[Stepped]:
        """Take the steps that are left, one for each that is asked for.

        Raises:
            SafelightError: The loss is no number any more; nothing has been learned from it.
        """
        while self.step < self.settings.run.steps:
            yield self._take()

    def best(self) -> Mapping[str, Tensor]:
        """What has been learned, or its running mean where one is kept."""
        return self.mean or self.lesson.learned

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Within, what is learned is its running mean, where one is kept."""
        learned = self.lesson.learned
        own = {name: learned[name].detach().clone() for name in self.mean}
        with torch.no_grad():
            for name, tensor in self.mean.items():
                learned[name].copy_(tensor)
        try:
            yield
        finally:
            with torch.no_grad():
                for name, tensor in own.items():
                    learned[name].copy_(tensor)

    def state(self) -> dict[str, object]:
        """All that the steps to come hang on; tensors and plain containers only."""
        return {
            "step": self.step,
            "learned": {name: tensor.detach() for name, tensor in self.lesson.learned.items()},
            "mean": self.mean,
            "optimizer": self._optimizer.state_dict(),
            "scaler": self._scaler.state_dict(),
        }

    def resume(self, state: Mapping[str, object]) -> None:
        """Go on from what `state` gave."""
        learned, mean = state["learned"], state["mean"]
        assert isinstance(learned, dict)
        assert isinstance(mean, dict)
        with torch.no_grad():
            for name, tensor in self.lesson.learned.items():
                tensor.copy_(learned[name])
            for name, tensor in self.mean.items():
                tensor.copy_(mean[name])
        self._optimizer.load_state_dict(state["optimizer"])  # type: ignore[arg-type]
        self._scaler.load_state_dict(state["scaler"])  # type: ignore[arg-type]
        self.step = int(state["step"])  # type: ignore[call-overload]

    def _take(self) -> Stepped:
        settings = self.settings
        share = share_of_rate(settings.optimizer, self.step, settings.run.steps)
        for group in self._optimizer.param_groups:
            group["lr"] = group["height"] * share
        parts, team = settings.run.accumulate, self.team
        mine = []
        for part in range(team.rank, parts, team.count):
            # worn until the gradients are there: blocks that are computed again see the same weights
            with self.lesson.worn():
                seen = self.look(self.step * parts + part)
                torch.autograd.backward(self._scaler.scale(seen.loss / parts))
            mine.append((float(seen.loss.detach()), seen.levels.tolist(), seen.errors.tolist()))
        loss, levels, errors = 0.0, [], []
        for of_part in chain.from_iterable(zip(*team.gathered(mine), strict=True)):
            loss += of_part[0] / parts
            levels += of_part[1]
            errors += of_part[2]
        if not math.isfinite(loss):
            raise self._stopped("The loss is no number any more")
        norm = self._change()
        self.step += 1
        rate = settings.optimizer.rate * share
        return Stepped(self.step, settings.run.steps, loss, rate, norm, tuple(levels), tuple(errors))

    def _change(self) -> float:
        """Change what is learned by its gradients; their length."""
        settings, learned = self.settings, list(self.lesson.learned.values())
        self.team.add_gradients(learned)
        self._scaler.unscale_(self._optimizer)
        longest = settings.optimizer.clip_norm or math.inf
        norm = float(torch.nn.utils.clip_grad_norm_(learned, longest))
        # a scaler passes such steps over and scales less; unscaled, it is the gradient itself that is wrong
        if not math.isfinite(norm) and not (self._scaler.is_enabled() and self._scaler.get_scale() > 1):
            raise self._stopped("The gradient is no number any more")
        self._scaler.step(self._optimizer)
        self._scaler.update()
        self._optimizer.zero_grad(set_to_none=True)
        if self.mean:
            # a short run is not to be held back by how it began
            decay = min(settings.run.ema, (1 + self.step) / (10 + self.step))
            torch._foreach_lerp_(list(self.mean.values()), [tensor.detach() for tensor in learned], 1 - decay)
        return norm

    def _stopped(self, what: str) -> SafelightError:
        settings = self.settings
        return SafelightError(
            f"{what} in step {self.step + 1}; the steps up to the last save are kept.",
            where=settings.name,
            mend=f"Lower optimizer.rate (it is {settings.optimizer.rate:g}) to a third"
            + (", or set run.dtype to fp32 or bf16." if self._scaler.is_enabled() else "."),
        )


def _with_rate(settings: TrainingSettings, width: int) -> TrainingSettings:
    """Settings whose learning rate is said."""
    optimizer = settings.optimizer
    if optimizer.rate:
        return settings
    rate = suitable_rate(settings.kind, optimizer.name, width)
    return settings.model_copy(update={"optimizer": optimizer.model_copy(update={"rate": rate})})


Encode = Callable[[str], tuple[Tensor, Tensor | None]]


class Denoising:
    """How wrong a denoiser is; a `Look`.

    Args:
        lesson: What is learned.
        source: The batches.
        settings: Of the run.
        encode: A caption -> its context [1, T, W] and pooled [1, P], where they mean the same after each step; else
            the lesson reads it.
    """

    def __init__(
        self, lesson: Lesson, source: Source, settings: TrainingSettings, encode: Encode | None = None
    ) -> None:
        self.lesson = lesson
        self.source = source
        self._encode: Encode = encode or (lambda caption: lesson.read([caption]))
        self._settings = settings
        self._run: RunUnet = run_unet
        if settings.run.compile:
            self._run = compiled_call(
                run_unet, COMPILER, "Install a C++ compiler (g++ or clang), or set run.compile to false."
            )
        self._read: dict[str, tuple[Tensor, Tensor | None]] = {}

    def __call__(self, number: int) -> Seen:
        material = self.source.at(number)
        context, pooled = self._read_captions(material.captions)
        return look(self.lesson.opened.model, material, context, pooled, self._settings, number, self._run)

    def _read_captions(self, captions: Sequence[str]) -> tuple[Tensor, Tensor | None]:
        """Captions as the denoiser is told them; kept where they mean the same after each step."""
        if self.lesson.is_about_text:
            return self.lesson.read(captions)
        with torch.no_grad():
            for caption in captions:
                if caption not in self._read:
                    if len(self._read) >= MOST_READ:
                        del self._read[next(iter(self._read))]
                    context, vector = self._encode(caption)
                    device = self.lesson.device
                    self._read[caption] = context.to(device), None if vector is None else vector.to(device)
        kept = [self._read[caption] for caption in captions if caption in self._read]
        longest = max(context.shape[1] for context, _ in kept)
        if len(kept) < len(captions) or any(context.shape[1] != longest for context, _ in kept):
            with torch.no_grad():
                return self.lesson.read(captions)
        pooled = [each for _, each in kept if each is not None]
        return torch.cat([context for context, _ in kept]), torch.cat(pooled) if pooled else None


def look(
    model: Model,
    material: Material,
    context: Tensor,
    pooled: Tensor | None,
    settings: TrainingSettings,
    number: int,
    run: RunUnet = run_unet,
) -> Seen:
    """Noise a batch, ask the network what it sees, and say how wrong it is.

    Args:
        model: The denoiser, in its place, wearing what is learned.
        material: The batch.
        context: Its captions, encoded [B, T, W].
        pooled: The same in one vector each [B, P], or None.
        settings: Of the run.
        number: Of the batch, from which all chance follows.
        run: `run_unet`, or the same compiled.
    """
    loss, schedule = settings.loss, model.schedule
    device = model.placement.device
    chance = generator_at(settings.run.seed, number)
    clean = model.scale_latent(material.latents.to(device, torch.float32))
    sigmas = draw_levels(loss, schedule.sigmas, len(clean), chance).to(device)
    sigma = sigmas[:, None, None, None]
    noise = draw_noise(loss, clean, chance)
    x = schedule.process.signal(sigma) * clean + sigma * noise
    target = target_of(model.prediction, schedule, sigma, clean, noise)
    label = labels_of(model, pooled, material.shown)
    recompute = settings.run.checkpointing
    output = output_of(model, x, sigma, context, label, control=material.control, recompute=recompute, run=run)
    masks = None if material.masks is None else material.masks.to(device)
    errors = errors_of(output, target, masks, loss)
    counted = errors * weights_of(loss, model.prediction, schedule, sigma).flatten() * material.weights.to(device)
    with torch.no_grad():
        plain = (output - target).square().mean((1, 2, 3))
    places = (torch.searchsorted(schedule.sigmas.to(device), sigmas) + 1) / len(schedule.sigmas)
    return Seen(counted.mean(), places.cpu(), plain.cpu())
