"""`safelight train`: teaches a checkpoint something new, in a run that can be stopped and gone on with."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from safelight.cli.report import SpeedColumn, note
from safelight.cli.working import interruptible, model_folders
from safelight.errors import BadInput, Cancelled
from safelight.runs.folder import RunFolder, runs_in
from safelight.runs.settings import TrainingSettings, checked, values_of
from safelight.settings import Settings, read_settings

if TYPE_CHECKING:
    from safelight.training.trainer import Stepped

STOPPING = "Stopping after this step; what has been learned is saved. Ctrl-C again stops at once."
RECIPES = "recipes"
"""The folder of what recipes make, in the home folder."""
MEAN_OVER = 0.98  # how much of the running mean of the loss stays at each step


def train(
    folder: Annotated[
        Path | None, typer.Argument(help="Pictures, with captions beside them; without one, the runs are listed.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Of the run and of its result; else the folder's.")] = None,
    kind: Annotated[
        str | None,
        typer.Option(help="lora, inversion (a word), full, controlnet; from scratch: denoiser, vae, clip."),
    ] = None,
    trigger: Annotated[str | None, typer.Option(help="The word that stands for what is learned.")] = None,
    checkpoint: Annotated[str | None, typer.Option(help="A file in the checkpoints folder.")] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="How many.")] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="Pictures in each.")] = None,
    rate: Annotated[float | None, typer.Option(help="Learning rate.")] = None,
    rank: Annotated[int | None, typer.Option(min=1, help="Of a LoRA: how much it can hold.")] = None,
    resolution: Annotated[
        int | None, typer.Option(min=64, help="Side in pixels; else what the checkpoint draws.")
    ] = None,
    sample: Annotated[list[str] | None, typer.Option(help="A prompt that is drawn on the way; several may be.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Makes the same run again.")] = None,
    settings_file: Annotated[
        Path | None,
        typer.Option("--settings", help="A TOML file with all settings; the options above count before it."),
    ] = None,
    resume: Annotated[str | None, typer.Option(metavar="NAME", help="Go on with a run that was stopped.")] = None,
    recipe: Annotated[
        str | None, typer.Option(metavar="NAME", help="Make checkpoints from nothing: starter, or a TOML file.")
    ] = None,
    into: Annotated[Path | None, typer.Option(help="Of a recipe: the folder that all of it is made in.")] = None,
    sources: Annotated[
        Path | None,
        typer.Option(help="Of a recipe: a folder of SVG files, or of npm's packages; else they are fetched."),
    ] = None,
    scale: Annotated[
        float, typer.Option(min=1e-6, help="Of a recipe: how many times its pictures and steps; less to try it out.")
    ] = 1.0,
    check: Annotated[bool, typer.Option("--check", help="Only look at the pictures, and say what is wrong.")] = False,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda, cuda:1, mps, xpu.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Every event as a line of JSON.")] = False,
) -> None:
    """Train a LoRA, a word, or a whole checkpoint on a folder of pictures.

    The path of the result goes to the standard output. Ctrl-C stops; --resume goes on where it stopped, and a recipe
    goes on when it is given again.
    """
    program = read_settings(device=device)
    folders = model_folders(program)
    folders.make()
    if recipe is not None:
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            raise BadInput("A recipe is made by one process.", mend="Start it without torchrun.")
        _make(recipe, scale, into or folders.home / RECIPES / Path(recipe).stem, sources, program, as_json=as_json)
        return
    if resume is None and folder is None and settings_file is None:
        _list(folders.home)
        return
    from safelight.training.run import Place, begin  # noqa: PLC0415 (torch takes a second to import)
    from safelight.training.run import train as train_run  # noqa: PLC0415
    from safelight.training.together import joined  # noqa: PLC0415

    with (
        interruptible(STOPPING) as stopped,
        Watcher(stopped, as_json=as_json) as watcher,
        joined(program.device) as (team, own_device),
    ):
        place = Place(folders, own_device, program.spare_bytes, team)
        if team.rank:
            if not check:
                train_run(RunFolder(Path(team.gathered("")[0])), place, watcher)
            return
        if resume is not None:
            run = RunFolder.of(folders.home, resume)
            run.read_settings()
        else:
            given = {
                "name": name,
                "kind": kind,
                "checkpoint": checkpoint,
                "data.folder": None if folder is None else str(folder.expanduser().resolve()),
                "data.trigger": trigger,
                "data.resolution": resolution,
                "adapter.rank": rank,
                "optimizer.rate": rate,
                "run.steps": steps,
                "run.batch": batch,
                "run.seed": seed,
                "samples.prompts": sample or None,
            }
            settings = _settings(settings_file, {key: value for key, value in given.items() if value is not None})
            if check:
                _check(settings, watcher, place)
                return
            settings = _shared(settings, team.count)
            run = begin(settings, place)
            note(f"The run is in {run.path}.")
        team.gathered(str(run.path))
        try:
            typer.echo(str(train_run(run, place, watcher)))
        except BadInput:
            if resume is None:
                run.forget()  # nothing was learned, and the name is free for the next try
            raise
        except Cancelled:
            note(f"What was learned is saved. Go on with: safelight train --resume {run.path.name}")
            raise


class Watcher:
    """Shows a run at the terminal.

    Args:
        stopped: Whether the person has asked to stop.
        as_json: Whether the standard output gets every event as a line of JSON instead.
    """

    def __init__(self, stopped: Callable[[], bool], *, as_json: bool) -> None:
        self._stopped = stopped
        self._json = as_json
        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            SpeedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=as_json or not console.is_terminal,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._stage = ""
        self._mean = 0.0
        self._told = time.monotonic()

    def __enter__(self) -> "Watcher":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def stage(self, what: str) -> None:
        self._raise_if_stopped()
        self._stage = what
        for task in self._bar.task_ids:
            self._bar.remove_task(task)
        self._print({"stage": what})

    def progress(self, done: int, total: int) -> None:
        self._raise_if_stopped()
        self._show(self._stage, done, total)

    def stepped(self, step: "Stepped") -> None:
        decay = min(MEAN_OVER, 1 - 1 / step.step)
        self._mean = decay * self._mean + (1 - decay) * step.loss
        self._show(f"{self._stage}, loss {self._mean:.4f}", step.step, step.steps)
        self._print({"step": step.step, "loss": step.loss, "mean": self._mean, "rate": step.rate})
        if not self._json and self._bar.disable and time.monotonic() - self._told > 30:
            self._told = time.monotonic()
            note(f"step {step.step} of {step.steps}, mean loss {self._mean:.4f}")
        self._raise_if_stopped()

    def drawn(self, step: int, pictures: list[Path]) -> None:
        self._print({"drawn": [str(path) for path in pictures], "step": step})

    def report(self, sentences: tuple[str, ...]) -> None:
        self._bar.stop()
        if self._json:
            self._print({"data": list(sentences)})
        else:
            note("\n".join(sentences))

    def _show(self, what: str, done: int, total: int) -> None:
        if not self._bar.task_ids:
            self._bar.add_task(what, total=total)
        self._bar.start()
        self._bar.update(self._bar.task_ids[-1], description=what, completed=done, total=total)

    def _print(self, event: dict[str, Any]) -> None:
        if self._json:
            print(json.dumps(event), flush=True)

    def _raise_if_stopped(self) -> None:
        if self._stopped():
            raise Cancelled


def _settings(file: Path | None, given: dict[str, object]) -> TrainingSettings:
    """The settings of a file, over which those of the command line are laid.

    Raises:
        BadInput: The file cannot be read, or a setting is not possible.
    """
    values: dict[str, Any] = {}
    if file is not None:
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"{file} cannot be read.", mend="Give a TOML file with the settings of a run.") from error
        values = values_of(text, file.name)
    for key, value in given.items():
        table, _, leaf = key.rpartition(".")
        place = values.setdefault(table, {}) if table else values
        if isinstance(place, dict):  # else the file is wrong, and told so
            place[leaf] = value
    match values:
        case {"data": {"folder": str(folder)}}:
            values.setdefault("name", Path(folder).name)
    return checked(values, "the settings" if file is None else file.name)


def _shared(settings: TrainingSettings, count: int) -> TrainingSettings:
    """Settings whose steps have a batch for each process, where nothing else is said."""
    if count == 1 or "accumulate" in settings.run.model_fields_set:
        return settings
    pictures = count * settings.run.batch
    note(f"run.accumulate is {count}, a batch for each process: a step learns from {pictures} pictures.")
    return settings.model_copy(update={"run": settings.run.model_copy(update={"accumulate": count})})


def _make(name: str, scale: float, into: Path, sources: Path | None, program: Settings, *, as_json: bool) -> None:
    """Make what a recipe makes."""
    from safelight.training.recipe.making import Kitchen, make  # noqa: PLC0415 (as above)
    from safelight.training.recipe.told import read_recipe  # noqa: PLC0415

    kitchen = Kitchen(into.expanduser(), sources, program.device, program.spare_bytes)
    with interruptible(STOPPING) as stopped, Watcher(stopped, as_json=as_json) as watcher:
        try:
            made = make(read_recipe(name), scale, kitchen, watcher)
        except Cancelled:
            note("What was made is kept. Go on with the same command.")
            raise
    for path in made:
        typer.echo(str(path))


def _check(settings: TrainingSettings, watcher: Watcher, place: Any) -> None:
    from safelight.training.data.checks import check_data  # noqa: PLC0415 (as above)
    from safelight.training.run import open_subject  # noqa: PLC0415

    subject = open_subject(settings, place)
    found = check_data(subject.data, subject.side, watcher.progress, wants_controls=settings.wants_controls)
    watcher.report(found.sentences())
    if found.is_fatal:
        raise BadInput("Nothing can be trained on these pictures.", mend="Mend what is said above.")


def _list(home: Path) -> None:
    """Say which runs there are, and how far they are."""
    runs = runs_in(home)
    if not runs:
        note("There is no run yet. Begin one with: safelight train FOLDER --trigger WORD")
    for run in runs:
        try:
            steps = run.read_settings().run.steps
        except BadInput as error:
            typer.echo(f"{run.path.name}: {error.what}")
            continue
        last = max((line.step for line in run.lines()), default=0)
        typer.echo(f"{run.path.name}: {'done' if last >= steps else f'step {last} of {steps}'}")
