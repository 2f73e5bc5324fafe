"""A training run from its settings to its result: begun, gone on with, stopped at any moment."""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import torch

from safelight.diffusion.noise_schedule import BETAS, discrete
from safelight.diffusion.types import Step
from safelight.errors import BadInput, Cancelled
from safelight.files.atomic import write_whole
from safelight.files.folders import Folders
from safelight.files.hashes import sha256
from safelight.files.lock import locked
from safelight.inspect.opening import Opened, open_checkpoint
from safelight.models.device import find_device
from safelight.models.model import Model
from safelight.models.placement import free_bytes
from safelight.models.precision import PrecisionName
from safelight.runs.beginning import begin as begin_in
from safelight.runs.beginning import final_of
from safelight.runs.folder import LogLine, RunFolder
from safelight.runs.settings import Loss, TrainingSettings
from safelight.training.data.batches import Batches
from safelight.training.data.cache import LatentCache
from safelight.training.data.checks import check_data
from safelight.training.data.kept import Kept
from safelight.training.data.report import DataReport
from safelight.training.keeping import Keeper
from safelight.training.lessons import LESSONS
from safelight.training.material import Pictures
from safelight.training.noising import generator_at
from safelight.training.samples import draw
from safelight.training.told import told_of
from safelight.training.trainer import Stepped, Trainer

CACHED_BYTES = 5_000_000_000
"""Most that latents take on the disk, of all runs together."""
EPOCHS_AHEAD = 16
"""Whose views are encoded before the first step; what is mirrored or cropped at random later is when it comes."""
FLUSH_SECONDS = 2.0
SHOWN_PROMPTS = 3


class Watch(Protocol):
    """Whoever watches a run. Any of these may raise `Cancelled`, which stops the run with all it has learned kept."""

    def stage(self, what: str) -> None:
        """Told what is done next, in a few words."""

    def progress(self, done: int, total: int) -> None:
        """Told how far that is."""

    def stepped(self, step: Stepped) -> None:
        """Told of each step."""

    def drawn(self, step: int, pictures: list[Path]) -> None:
        """Told of samples."""

    def report(self, sentences: tuple[str, ...]) -> None:
        """Told what was found in the data."""


@dataclass(frozen=True)
class Place:
    """Where a run is made.

    Attributes:
        folders: The folders in use.
        device: What trains: `auto`, `cpu`, `cuda`, ….
        spare: Bytes of the disk that are left alone.
    """

    folders: Folders
    device: str = "auto"
    spare: int = 0


def begin(settings: TrainingSettings, place: Place) -> RunFolder:
    """Make the folder of a new run.

    Raises:
        BadInput: There is a run or a model of its name.
    """
    return begin_in(settings, place.folders)


def train(folder: RunFolder, place: Place, watch: Watch) -> Path:
    """Train what is left of a run.

    Args:
        folder: The run; one that was stopped goes on where its state was saved.
        place: Where it is made.
        watch: Told of everything.

    Returns:
        The file that can be used now.

    Raises:
        BadInput: The data, the checkpoint or the settings do not fit, or another process trains the run.
        SafelightError: The loss is no number any more, or the disk is full; what was saved stays.
        Cancelled: From `watch`; what has been learned is saved.
    """
    settings = folder.read_settings()
    name = settings.name
    with locked(folder.lock, f"{name} is being trained by another process.", "Wait for it, or stop it first."):
        return _Run(folder, settings, place, watch).train()


class Board:
    """The log as TensorBoard reads it, where that is installed.

    Args:
        folder: Where its files are.
        step: The steps that are kept of an earlier part of the run; later ones are forgotten.
    """

    def __init__(self, folder: Path, step: int) -> None:
        self._writer: Any = None
        with suppress(ImportError):
            self._writer = import_module("torch.utils.tensorboard").SummaryWriter(str(folder), purge_step=step + 1)

    def add(self, line: LogLine) -> None:
        """Add a step."""
        if self._writer is not None:
            for name, value in (("loss", line.loss), ("rate", line.rate), ("gradient", line.norm)):
                self._writer.add_scalar(name, value, line.step)

    def close(self) -> None:
        """Write what is left."""
        if self._writer is not None:
            self._writer.close()


class _Run:
    def __init__(self, folder: RunFolder, settings: TrainingSettings, place: Place, watch: Watch) -> None:
        self.folder = folder
        self.settings = settings
        self.place = place
        self.watch = watch
        self.lines: list[LogLine] = []
        self.flushed = time.monotonic()
        self.board: Board | None = None

    def train(self) -> Path:
        settings, watch = self.settings, self.watch
        watch.stage("Opening the checkpoint")
        path = self.place.folders.resolve("checkpoints", settings.checkpoint)
        opened = opened_for(path, settings, self.place.device)
        side = side_of(opened, settings)
        watch.stage("Looking at the pictures")
        found = check_data(settings.data, side, watch.progress)
        write_whole(self.folder.data_report, "".join(f"{said}\n" for said in found.sentences()).encode())
        watch.report(found.sentences())
        if found.is_fatal:
            raise next(BadInput(each.what, mend=each.mend) for each in found.problems if each.is_fatal)
        lesson = LESSONS[settings.kind](opened, settings, generator_at(settings.run.seed, -1))
        base = sha256(path, self.place.folders.home / "cache" / "hashes")
        trainer = Trainer(lesson, self._pictures(opened, found, side, base), settings)
        told = told_of(settings, opened, found, base, trainer.settings.optimizer.rate)
        keeper = Keeper(self.folder, final_of(settings, self.place.folders), settings.run.keep, self.place.spare)
        if self.folder.state.is_file():
            state = keeper.load()
            if state["base"] != base:
                raise BadInput(
                    f"{settings.checkpoint} is not the file that {settings.name} was begun with.",
                    mend="Put the old file back, or begin a new run.",
                )
            trainer.resume(state)
        result = sum(torch.Size(e.shape).numel() * e.dtype.itemsize for e in lesson.entries(trainer.best()))
        learned = sum(tensor.numel() for tensor in lesson.learned.values())
        keeper.check_room(learned, result, has_mean=bool(trainer.mean))
        return self._steps(trainer, keeper, _prompts(settings, found), (side, side), {"base": base}, told)

    def _pictures(self, opened: Opened, found: DataReport, side: int, base: str) -> Pictures:
        settings = self.settings
        batches = Batches(found.examples, settings.data, side, settings.run.batch, settings.run.seed, prior=found.prior)
        kept = Kept(self.place.folders.home / "cache" / "training", most_bytes=CACHED_BYTES)
        latents = LatentCache(kept, f"{base} {opened.vae.dtype}", opened.vae.encode)
        self.watch.stage("Encoding the pictures")
        wanted = min(settings.run.steps * settings.run.accumulate, EPOCHS_AHEAD * batches.in_epoch)
        latents.fill(batches.views(range(wanted)), self.watch.progress)
        return Pictures(batches, latents, settings.data.prior_weight, settings.data.masks)

    def _steps(
        self,
        trainer: Trainer,
        keeper: Keeper,
        prompts: tuple[str, ...],
        size: tuple[int, int],
        base: Mapping[str, object],
        told: Mapping[str, str],
    ) -> Path:
        settings, lesson = self.settings, trainer.lesson
        seconds = self.folder.cut_log(trainer.step)
        self.board = Board(self.folder.path / "tensorboard", trainer.step)
        every = settings.samples.every

        def draw_now() -> None:
            if not every or self.folder.sample(trainer.step, 0).is_file():
                return
            self.watch.stage("Drawing samples")
            place = self.folder.sample
            with trainer.averaged():
                made = draw(lesson, prompts, size, settings.samples, lambda n: place(trainer.step, n), self._on_step)
            self.watch.drawn(trainer.step, made)
            self.watch.stage("Training")

        def save() -> None:
            self._flush()
            entries = list(lesson.entries(trainer.best()))
            keeper.save(trainer.step, {**trainer.state(), **base}, entries, {**told, "ss_steps": str(trainer.step)})

        self.watch.stage("Training")
        saved = trainer.step if self.folder.state.is_file() else -1
        try:
            draw_now()
            before = time.monotonic()
            for step in trainer.steps():
                now = time.monotonic()
                seconds, before = seconds + now - before, now
                self._log(step, seconds, free_bytes(lesson.opened.model.placement.device))
                self.watch.stepped(step)
                is_last = step.step == settings.run.steps
                if is_last or step.step % settings.run.save_every == 0:
                    save()
                    saved = step.step
                if is_last or (every and step.step % every == 0):
                    draw_now()
                before = time.monotonic()
        except Cancelled:
            if trainer.step not in (saved, 0):
                save()
            raise
        finally:
            self._flush()
            self.board.close()
        if saved < trainer.step or not self.folder.result(trainer.step).is_file():
            save()
        keeper.publish(trainer.step)
        return keeper.final

    def _on_step(self, step: Step) -> None:
        self.watch.progress(step.index + 1, self.settings.samples.steps)

    def _log(self, step: Stepped, seconds: float, free: int) -> None:
        self.lines.append(LogLine(step.step, step.loss, step.rate, step.norm, step.levels, step.errors, seconds, free))
        if time.monotonic() - self.flushed > FLUSH_SECONDS:
            self._flush()

    def _flush(self) -> None:
        self.folder.add_lines(self.lines)
        for line in self.lines:
            assert self.board is not None, "there are lines once there are steps"
            self.board.add(line)
        self.lines.clear()
        self.flushed = time.monotonic()


def opened_for(path: Path, settings: TrainingSettings, device: str) -> Opened:
    """The checkpoint of a run, in what it is trained in.

    Raises:
        BadInput: It lacks a part, or cannot be trained.
    """
    place = find_device(device)
    numbers: PrecisionName = settings.run.dtype
    if numbers == "auto":
        numbers = "fp32" if place.type == "cpu" else "bf16" if _has_bf16(place) else "fp16"
    opened = open_checkpoint(path, device=str(place), numbers=numbers)
    variant = opened.model.contents.variant
    if variant != "base":
        raise BadInput(
            f"{path.name} is a model that sees more than the noisy latent ({variant}), which cannot be trained yet.",
            where="checkpoint",
            mend="Choose a model for text to image.",
        )
    return replace(opened, model=taught_as(opened.model, settings.loss))


def taught_as(model: Model, loss: Loss) -> Model:
    """A denoiser with the prediction and the schedule that it is to learn."""
    prediction = model.contents.prediction if loss.prediction == "auto" else loss.prediction
    zero = model.contents.zero_terminal_snr or loss.zero_terminal_snr
    if zero and prediction == "eps":
        raise BadInput(
            "With zero_terminal_snr there is nothing to be learned of the last level by eps prediction.",
            where="loss.zero_terminal_snr",
            mend='Set loss.prediction to "v".',
        )
    return replace(
        model,
        prediction=prediction,
        schedule=discrete(BETAS[model.family.schedule](), zero_terminal_snr=zero),
        contents=replace(model.contents, prediction=prediction, zero_terminal_snr=zero),
    )


def side_of(opened: Opened, settings: TrainingSettings) -> int:
    """Side of a square picture in pixels."""
    native = opened.model.contents.native_size or opened.model.family.native_size
    return settings.data.resolution or min(native)


def _has_bf16(device: torch.device) -> bool:
    return device.type == "cuda" and torch.cuda.is_bf16_supported()


def _prompts(settings: TrainingSettings, found: DataReport) -> tuple[str, ...]:
    """What is drawn on the way."""
    if settings.samples.prompts:
        return settings.samples.prompts
    trigger = settings.data.trigger.strip()
    captions = dict.fromkeys(example.caption for example in found.examples if example.caption)
    shown = [caption for caption in captions if caption][:SHOWN_PROMPTS]
    return tuple(dict.fromkeys([trigger, *shown] if trigger else shown)) or ("",)
