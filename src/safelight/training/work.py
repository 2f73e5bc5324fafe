"""What a run works on, as far as the kinds of runs differ: how it is opened, what it learns, what it shows."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from torch import Tensor

from safelight.diffusion.types import Step
from safelight.models.saving import Entry
from safelight.runs.settings import Data
from safelight.training.data.report import DataReport
from safelight.training.trainer import Learner, Look, Stepped

Draw = Callable[[Callable[[int], Path], Callable[[Step], None]], list[Path]]
"""(number of a picture -> where it is kept, told of each step of sampling) -> the pictures that were made."""


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


class Taught(Learner, Protocol):
    """What is learned, and the file that it makes."""

    @property
    def entries(self) -> Callable[[Mapping[str, Tensor]], Iterator[Entry]]:
        """Makes the tensors of that file of what has been learned, or of a mean of it."""

    def worn(self) -> AbstractContextManager[None]: ...


@dataclass(frozen=True)
class Work:
    """What one run does.

    Attributes:
        lesson: What is learned.
        look: How wrong it is.
        told: Learning rate -> what the file says of itself.
        draw: Draws what has been learned.
    """

    lesson: Taught
    look: Look
    told: Callable[[float], dict[str, str]]
    draw: Draw


class Subject(Protocol):
    """What a run works on, opened."""

    @property
    def data(self) -> Data:
        """The pictures, as this kind of run is shown them."""

    @property
    def side(self) -> int:
        """Of a square picture, in pixels."""

    @property
    def base(self) -> str:
        """Tells the files apart that the run began with, by their hashes; empty where there were none."""

    def work(self, found: DataReport, watch: Watch) -> Work:
        """All else, once the pictures were looked at."""
        ...
