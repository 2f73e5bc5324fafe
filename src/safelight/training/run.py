"""A training run from its settings to its result: begun, gone on with, stopped at any moment."""

import math
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import torch

from safelight.diffusion.noise_schedule import schedule_of
from safelight.diffusion.types import Step
from safelight.errors import BadInput, Cancelled
from safelight.files.atomic import write_whole
from safelight.files.folders import Folders
from safelight.files.hashes import sha256
from safelight.files.lock import locked
from safelight.inspect.opening import Opened, open_checkpoint
from safelight.models.model import Model
from safelight.models.placement import free_bytes
from safelight.runs.beginning import begin as begin_in
from safelight.runs.beginning import needed
from safelight.runs.folder import LogLine, RunFolder
from safelight.runs.results import final_of
from safelight.runs.settings import Data, Loss, TrainingSettings
from safelight.training.data.batches import Batches
from safelight.training.data.cache import LatentCache, TextCache
from safelight.training.data.captions import with_trigger
from safelight.training.data.checks import check_data
from safelight.training.data.kept import Kept
from safelight.training.data.report import DataReport
from safelight.training.data.views import view_of
from safelight.training.keeping import Keeper
from safelight.training.lessons import LESSONS, Lesson
from safelight.training.material import Pictures
from safelight.training.noising import generator_at
from safelight.training.samples import draw
from safelight.training.scratch.autoencoder import open_compressor
from safelight.training.scratch.contrast import open_towers
from safelight.training.scratch.denoiser import open_new
from safelight.training.scratch.networks import place_and_numbers
from safelight.training.steering import Controls
from safelight.training.together import ALONE, Team, first_before
from safelight.training.told import told_of
from safelight.training.trainer import Denoising, Encode, Stepped, Trainer
from safelight.training.work import Subject, Watch, Work

CACHED_BYTES = 5_000_000_000
"""Most that latents and captions take on the disk, of all runs together."""
EPOCHS_AHEAD = 16
"""Whose views are encoded before the first step; what is mirrored or cropped at random later is when it comes."""
FLUSH_SECONDS = 2.0
SHOWN_PROMPTS = 3


@dataclass(frozen=True)
class Place:
    """Where a run is made.

    Attributes:
        folders: The folders in use.
        device: What trains: `auto`, `cpu`, `cuda`, ….
        spare: Bytes of the disk that are left alone.
        team: The processes that train it; each is on a device of its own, and all see the same folders.
    """

    folders: Folders
    device: str = "auto"
    spare: int = 0
    team: Team = ALONE


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
        BadInput: The data, the checkpoint or the settings do not fit, or another program trains the run.
        SafelightError: The loss is no number any more, or the disk is full; what was saved stays.
        Cancelled: From `watch`; what has been learned is saved.
    """
    settings = folder.read_settings()
    name, team = settings.name, place.team
    if settings.run.accumulate % team.count:
        raise BadInput(
            f"{team.count} processes cannot share the batches of a step evenly: there are {settings.run.accumulate}.",
            where="run.accumulate",
            mend=f"Set it to a multiple of {team.count}, or start as many processes as divide it.",
        )
    if team.rank:
        return _Run(folder, settings, place, Silent()).train()
    with locked(folder.lock, f"{name} is being trained by another process.", "Wait for it, or stop it first."):
        return _Run(folder, settings, place, watch).train()


class Silent:
    """Watches a run and says nothing, as the processes beside the first do; a `work.Watch`."""

    def stage(self, what: str) -> None: ...

    def progress(self, done: int, total: int) -> None: ...

    def stepped(self, step: Stepped) -> None: ...

    def drawn(self, step: int, pictures: list[Path]) -> None: ...

    def report(self, sentences: tuple[str, ...]) -> None: ...


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
                if value is not None:
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
        settings, watch, team = self.settings, self.watch, self.place.team
        watch.stage("Opening the checkpoint")
        subject = open_subject(settings, self.place)
        watch.stage("Looking at the pictures")
        found = check_data(subject.data, subject.side, watch.progress, wants_controls=settings.wants_controls)
        if not team.rank:
            write_whole(self.folder.data_report, "".join(f"{said}\n" for said in found.sentences()).encode())
        watch.report(found.sentences())
        if found.is_fatal:
            raise next(BadInput(each.what, mend=each.mend) for each in found.problems if each.is_fatal)
        work = subject.work(found, watch)
        lesson = work.lesson
        trainer = Trainer(lesson, work.look, settings, team)
        told = work.told(trainer.settings.optimizer.rate)
        keeper = Keeper(self.folder, final_of(settings, self.place.folders), settings.run.keep, self.place.spare)
        if self.folder.state.is_file():
            state = keeper.load()
            if state["base"] != subject.base:
                names = " or ".join(path.name for path in needed(settings, self.place.folders))
                raise BadInput(
                    f"{names} is not the file that {settings.name} was begun with.",
                    mend="Put the old file back, or begin a new run.",
                )
            trainer.resume(state)
        if len(set(team.gathered((trainer.step, subject.base)))) > 1:
            raise BadInput(
                "The processes of this run do not begin with the same files.",
                mend="Give all of them the same home folder, on a disk that all machines see.",
            )
        if team.rank:
            return self._follow(trainer, keeper.final)
        result = sum(torch.Size(e.shape).numel() * e.dtype.itemsize for e in lesson.entries(trainer.best()))
        learned = sum(tensor.numel() for tensor in lesson.learned.values())
        keeper.check_room(learned, result, has_mean=bool(trainer.mean))
        return self._steps(trainer, keeper, work, {"base": subject.base}, told)

    def _follow(self, trainer: Trainer, final: Path) -> Path:
        """Take the steps of a process that only helps."""
        for _ in trainer.steps():
            self._agree(is_stopped=False)
        return final

    def _agree(self, *, is_stopped: bool) -> None:
        """Stop in all processes after the same step."""
        if any(self.place.team.gathered(is_stopped)):
            raise Cancelled

    def _tell(self, step: Stepped) -> None:
        is_stopped = False
        try:
            self.watch.stepped(step)
        except Cancelled:
            is_stopped = True
        self._agree(is_stopped=is_stopped)

    def _steps(
        self,
        trainer: Trainer,
        keeper: Keeper,
        work: Work,
        base: Mapping[str, object],
        told: Mapping[str, str],
    ) -> Path:
        settings = self.settings
        seconds = self.folder.cut_log(trainer.step)
        self.board = Board(self.folder.path / "tensorboard", trainer.step)
        every = settings.samples.every

        def draw_now() -> None:
            if not every or self.folder.sample(trainer.step, 0).is_file():
                return
            self.watch.stage("Drawing samples")
            place = self.folder.sample
            with trainer.averaged():
                made = work.draw(lambda number: place(trainer.step, number), self._on_step)
            self.watch.drawn(trainer.step, made)
            self.watch.stage("Training")

        def save() -> None:
            self._flush()
            entries = list(work.lesson.entries(trainer.best()))
            keeper.save(trainer.step, {**trainer.state(), **base}, entries, {**told, "ss_steps": str(trainer.step)})

        self.watch.stage("Training")
        saved = trainer.step if self.folder.state.is_file() else -1
        try:
            draw_now()
            before = time.monotonic()
            for step in trainer.steps():
                now = time.monotonic()
                seconds, before = seconds + now - before, now
                self._log(step, seconds, free_bytes(work.lesson.device))
                self._tell(step)
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
        norm = step.norm if math.isfinite(step.norm) else None
        self.lines.append(LogLine(step.step, step.loss, step.rate, norm, step.levels, step.errors, seconds, free))
        if time.monotonic() - self.flushed > FLUSH_SECONDS:
            self._flush()

    def _flush(self) -> None:
        self.folder.add_lines(self.lines)
        for line in self.lines:
            assert self.board is not None, "there are lines once there are steps"
            self.board.add(line)
        self.lines.clear()
        self.flushed = time.monotonic()


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that something is taught, opened for a run; a `work.Subject`.

    Attributes:
        opened: The checkpoint.
        settings: Of the run.
        place: Where it is made.
        base: As of `work.Subject`.
    """

    opened: Opened
    settings: TrainingSettings
    place: Place
    base: str

    @property
    def data(self) -> Data:
        return self.settings.data

    @property
    def side(self) -> int:
        return side_of(self.opened, self.settings)

    def work(self, found: DataReport, watch: Watch) -> Work:
        settings, opened, side = self.settings, self.opened, self.side
        lesson = LESSONS[settings.kind](opened, settings, generator_at(settings.run.seed, -1))
        controls = None if lesson.control is None else Controls(lesson.control, settings.data.control, side)
        prompts = _prompts(settings, found) if controls is None else _steered_prompts(settings, found)
        kept = Kept(self.place.folders.home / "cache" / "training", most_bytes=CACHED_BYTES)
        size, shown = (side, side), islice(cycle(found.examples), len(prompts))
        steering = () if controls is None else tuple(controls.of(view_of(example, size)) for example in shown)
        return Work(
            lesson,
            Denoising(lesson, self._pictures(found, kept, watch, controls), settings, self._captions(lesson, kept)),
            lambda rate: told_of(settings, opened, found, self.base, rate),
            lambda place, on_step: draw(lesson, prompts, size, settings.samples, place, on_step, steering),
        )

    def _captions(self, lesson: Lesson, kept: Kept) -> Encode | None:
        data, (first, *_) = self.settings.data, self.opened.clip.towers
        if lesson.is_about_text or data.shuffle_tags or data.drop_tags:  # which are others each time
            return None
        dtype = next(first.network.parameters()).dtype
        return TextCache(kept, f"{self.base} {dtype}", lambda caption: lesson.read([caption])).get

    def _pictures(self, found: DataReport, kept: Kept, watch: Watch, controls: Controls | None) -> Pictures:
        settings, vae = self.settings, self.opened.vae
        run, data = settings.run, settings.data
        batches = Batches(found.examples, data, self.side, run.batch, run.seed, prior=found.prior)
        latents = LatentCache(kept, f"{self.base} {vae.dtype}", vae.encode)
        watch.stage("Encoding the pictures")
        wanted = min(run.steps * run.accumulate, EPOCHS_AHEAD * batches.in_epoch)
        with first_before(self.place.team):  # who keeps them, so that the others find them
            latents.fill(batches.views(range(wanted)), watch.progress)
        return Pictures(batches, latents, data.prior_weight, data.masks, controls)


def open_subject(settings: TrainingSettings, place: Place) -> Subject:
    """What a run works on.

    Raises:
        BadInput: A file that it begins with is not there, lacks a part, or cannot be trained.
    """
    files = needed(settings, place.folders)
    hashes = place.folders.home / "cache" / "hashes"
    match settings.kind:
        case "clip":
            return open_towers(settings, place.device)
        case "vae":
            return open_compressor(settings, files, hashes, place.device)
        case "denoiser":
            vae, clip = files
            opened = open_new(vae, clip, settings, place.device)
            opened = replace(opened, model=taught_as(opened.model, settings.loss))
        case _:
            (path,) = files
            opened = opened_for(path, settings, place.device)
    base = " ".join(sha256(path, hashes) for path in files)
    return Checkpoint(opened, settings, place, base)


def opened_for(path: Path, settings: TrainingSettings, device: str) -> Opened:
    """The checkpoint of a run, in what it is trained in.

    Raises:
        BadInput: It lacks a part, or cannot be trained.
    """
    place, numbers = place_and_numbers(device, settings.run.dtype)
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
    zero = (model.contents.zero_terminal_snr or loss.zero_terminal_snr) and prediction != "flow"
    if zero and prediction == "eps":
        raise BadInput(
            "With zero_terminal_snr there is nothing to be learned of the last level by eps prediction.",
            where="loss.zero_terminal_snr",
            mend='Set loss.prediction to "v".',
        )
    metadata = dict(model.contents.metadata)
    if prediction != model.contents.prediction:
        metadata.pop("modelspec.usage_hint", None)  # what suited one suits the other badly
    return replace(
        model,
        prediction=prediction,
        schedule=schedule_of(model.family.schedule, prediction, zero_terminal_snr=zero),
        contents=replace(model.contents, prediction=prediction, zero_terminal_snr=zero, metadata=metadata),
    )


def side_of(opened: Opened, settings: TrainingSettings) -> int:
    """Side of a square picture in pixels."""
    native = opened.model.contents.native_size or opened.model.family.native_size
    return settings.data.resolution or min(native)


def _prompts(settings: TrainingSettings, found: DataReport) -> tuple[str, ...]:
    """What is drawn on the way."""
    if settings.samples.prompts:
        return settings.samples.prompts
    trigger = settings.data.trigger.strip()
    captions = dict.fromkeys(example.caption for example in found.examples if example.caption)
    shown = [caption for caption in captions if caption][:SHOWN_PROMPTS]
    return tuple(dict.fromkeys([trigger, *shown] if trigger else shown)) or ("",)


def _steered_prompts(settings: TrainingSettings, found: DataReport) -> tuple[str, ...]:
    """What is drawn on the way under the controls of the first pictures: what these show, where nothing is said."""
    first = found.examples[:SHOWN_PROMPTS]
    return settings.samples.prompts or tuple(
        with_trigger(example.caption or "", settings.data.trigger.strip()) for example in first
    )
