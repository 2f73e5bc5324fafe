"""The folder of a training run: what lies where in it, and its log as it is read by whoever watches."""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from safelight.errors import BadInput
from safelight.files.atomic import write_whole
from safelight.files.folders import TRAINING, TRAINING_SETTINGS
from safelight.runs.settings import TrainingSettings, parse_settings, toml_of

RUNS = TRAINING
"""The folder of all runs, in the home folder."""
SETTINGS = TRAINING_SETTINGS


@dataclass(frozen=True)
class LogLine:
    """What one step has shown.

    Attributes:
        step: Which, counted from 1.
        loss: What was made smaller.
        rate: The learning rate.
        norm: Length of the gradient before it was shortened; None where it was too large for fp16, and nothing was
            learned.
        levels: The noise levels of its pictures, as shares of the schedule, 1 all noise.
        errors: The mean squared error of what the network predicted at each.
        seconds: How long the run has been trained altogether, pauses left out.
        free: Bytes of memory that could still be taken on the device; 0 where nobody has looked.
    """

    step: int
    loss: float
    rate: float
    norm: float | None
    levels: tuple[float, ...]
    errors: tuple[float, ...]
    seconds: float
    free: int = 0


@dataclass(frozen=True)
class Sample:
    """A picture drawn on the way.

    Attributes:
        step: After how many steps.
        place: Which of the prompts.
        path: The file.
    """

    step: int
    place: int
    path: Path


@dataclass(frozen=True)
class RunFolder:
    """A run on the disk.

    Attributes:
        path: Its folder; the run is called as it is.
    """

    path: Path

    @classmethod
    def of(cls, home: Path, name: str) -> "RunFolder":
        """The folder of the run of this name, which need not be there."""
        return cls(home / RUNS / name)

    @property
    def settings(self) -> Path:
        return self.path / SETTINGS

    @property
    def log(self) -> Path:
        return self.path / "log.jsonl"

    @property
    def state(self) -> Path:
        """All that the next steps hang on."""
        return self.path / "state.pt"

    @property
    def data_report(self) -> Path:
        """What was found in the data, in sentences."""
        return self.path / "data.txt"

    @property
    def samples(self) -> Path:
        return self.path / "samples"

    @property
    def results(self) -> Path:
        """Results of the way, as STEP.safetensors."""
        return self.path / "results"

    @property
    def lock(self) -> Path:
        return self.path / ".lock"

    @property
    def job(self) -> Path:
        """The id of the job that trains it, or has done so last."""
        return self.path / "job.txt"

    @property
    def is_there(self) -> bool:
        return self.settings.is_file()

    def read_settings(self) -> TrainingSettings:
        """What the run was told.

        Raises:
            BadInput: There is no such run, or its settings cannot be read.
        """
        try:
            text = self.settings.read_text(encoding="utf-8")
        except OSError as error:
            raise BadInput(
                f"There is no run {self.path.name}.", mend=f"`safelight train` lists the runs in {self.path.parent}."
            ) from error
        return parse_settings(text, str(self.settings))

    def write_settings(self, settings: TrainingSettings) -> None:
        """Begin the run's folder."""
        for folder in (self.samples, self.results):
            folder.mkdir(parents=True, exist_ok=True)
        write_whole(self.settings, toml_of(settings).encode())

    def forget(self) -> None:
        """Remove the run's folder, unless something was learned."""
        if not self.state.exists():
            shutil.rmtree(self.path, ignore_errors=True)

    def lines(self) -> Iterator[LogLine]:
        """The log; a line that a crash has cut is passed over."""
        try:
            with self.log.open(encoding="utf-8") as file:
                for line in file:
                    try:
                        values = json.loads(line)
                        yield LogLine(
                            **{**values, "levels": tuple(values["levels"]), "errors": tuple(values["errors"])}
                        )
                    except (ValueError, TypeError, KeyError):
                        continue
        except FileNotFoundError:
            return

    def cut_log(self, step: int) -> float:
        """Forget what the log says of steps after `step`, which are taken again; the seconds that the rest took."""
        kept = [line for line in self.lines() if line.step <= step]
        write_whole(self.log, "".join(_line(line) for line in kept).encode())
        return kept[-1].seconds if kept else 0.0

    def add_lines(self, lines: Sequence[LogLine]) -> None:
        """Add to the log."""
        with self.log.open("a", encoding="utf-8") as file:
            file.write("".join(map(_line, lines)))
            file.flush()
            os.fsync(file.fileno())

    def sample(self, step: int, place: int) -> Path:
        """Where the picture of a prompt after some steps is kept."""
        return self.samples / f"{step:06d}-{place}.png"

    def all_samples(self) -> list[Sample]:
        """The pictures drawn so far, by step and prompt."""
        found = []
        for path in self.samples.glob("*.png") if self.samples.is_dir() else ():
            step, _, place = path.stem.partition("-")
            if step.isdecimal() and place.isdecimal():
                found.append(Sample(int(step), int(place), path))
        return sorted(found, key=lambda sample: (sample.step, sample.place))

    def result(self, step: int) -> Path:
        """Where the result after some steps is kept."""
        return self.results / f"{step:06d}.safetensors"

    def all_results(self) -> list[Path]:
        """The results kept, the oldest first."""
        return sorted(self.results.glob("*.safetensors")) if self.results.is_dir() else []


def runs_in(home: Path) -> list[RunFolder]:
    """All runs, by name."""
    place = home / RUNS
    return (
        [RunFolder(path) for path in sorted(place.iterdir()) if (path / SETTINGS).is_file()] if place.is_dir() else []
    )


def _line(line: LogLine) -> str:
    rounded = {name: _rounded(value) for name, value in asdict(line).items()}
    return json.dumps(rounded, separators=(",", ":")) + "\n"


def _rounded(value: object) -> object:
    match value:
        case float():
            return float(f"{value:.6g}")
        case tuple() | list():
            return [_rounded(each) for each in value]
    return value
