"""How a run goes, read from its log: a log that grows is read on where it was left, not anew."""

import json
import threading
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

POINTS = 1000
"""Most points of a curve that is shown."""
BANDS = 10
"""Of noise levels, by which errors are told apart."""
SPANS = 20
"""Of steps, by which they are told apart."""
MEAN_OVER = 0.98
"""How much of the running mean of the loss stays at each step."""
TAIL_BYTES = 65_536
"""At the end of a log, from which one sees how a run stands."""
KEPT = 16
"""Logs that are remembered; the others are read anew."""


@dataclass(frozen=True)
class Standing:
    """How far a run is.

    Attributes:
        step: Steps that the log has.
        mean: Running mean of the loss; None before the first step.
        seconds: How long it has been trained.
        pace: Seconds that a step takes of late; None where that cannot be told yet.
        free: Bytes of memory that could still be taken at the last step; 0 where nobody has looked.
    """

    step: int = 0
    mean: float | None = None
    seconds: float = 0.0
    pace: float | None = None
    free: int = 0


@dataclass(frozen=True)
class Levels:
    """The error by noise level, as training goes on.

    Attributes:
        first, last: The steps that each span has.
        errors: By span and band, the mean squared error; None where no picture was shown at such levels.
    """

    first: Sequence[int] = ()
    last: Sequence[int] = ()
    errors: Sequence[Sequence[float | None]] = ()


@dataclass(frozen=True)
class Course:
    """A log, thinned to at most `POINTS` points.

    Attributes:
        steps: Of each point.
        losses: The mean loss of the steps since the point before.
        means: The running mean there.
        rates: The learning rate there.
        levels: See `Levels`.
    """

    steps: Sequence[int] = ()
    losses: Sequence[float] = ()
    means: Sequence[float] = ()
    rates: Sequence[float] = ()
    levels: Levels = Levels()


def standing(log: Path) -> Standing:
    """How far a run is, from the end of its log."""
    try:
        with log.open("rb") as file:
            begin = max(0, file.seek(0, 2) - TAIL_BYTES)
            file.seek(begin)
            lines = file.read(TAIL_BYTES).split(b"\n")
    except FileNotFoundError:
        return Standing()
    found = [values for line in (lines[1:] if begin else lines) if (values := _values(line)) is not None]
    if not found:
        return Standing()
    mean = 0.0
    for number, values in enumerate(found, start=1):
        mean = _next_mean(mean, values.loss, number)
    first, last = found[0], found[-1]
    taken = last.step - first.step
    pace = (last.seconds - first.seconds) / taken if taken else last.seconds / last.step
    return Standing(last.step, mean, last.seconds, pace, last.free)


class Courses:
    """Reads logs again and again while they grow; from any thread."""

    def __init__(self) -> None:
        self._read: OrderedDict[tuple[Path, int], _Reading] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, log: Path, steps: int) -> Course:
        """What a log says by now.

        Args:
            log: The file.
            steps: Of the whole run.
        """
        with self._lock:
            reading = self._read.setdefault((log, steps), _Reading(steps))
            self._read.move_to_end((log, steps))
            if len(self._read) > KEPT:
                self._read.popitem(last=False)
            if not reading.read_on(log):
                reading = self._read[log, steps] = _Reading(steps)
                reading.read_on(log)
            return reading.course()


@dataclass(frozen=True)
class _Values:
    step: int
    loss: float
    rate: float
    seconds: float
    levels: Sequence[float]
    errors: Sequence[float]
    free: int


@dataclass
class _Reading:
    """A log as far as it was read."""

    total: int
    offset: int = 0
    last_line: bytes = b""
    steps: "array[int]" = field(default_factory=lambda: array("q"))
    losses: "array[float]" = field(default_factory=lambda: array("d"))
    means: "array[float]" = field(default_factory=lambda: array("d"))
    rates: "array[float]" = field(default_factory=lambda: array("d"))
    sums: list[list[float]] = field(default_factory=lambda: [[0.0] * BANDS for _ in range(SPANS)])
    counts: list[list[int]] = field(default_factory=lambda: [[0] * BANDS for _ in range(SPANS)])

    def read_on(self, log: Path) -> bool:
        """Read what is new; False where what was read has changed, as when steps are taken again."""
        try:
            with log.open("rb") as file:
                file.seek(self.offset - len(self.last_line))
                if file.read(len(self.last_line)) != self.last_line:
                    return False
                self._take(file)
        except FileNotFoundError:
            return not self.offset
        return True

    def _take(self, file: BinaryIO) -> None:
        for line in file:
            if not line.endswith(b"\n"):
                return  # it is being written
            self.offset += len(line)
            self.last_line = line
            if (values := _values(line)) is not None:
                self._add(values)

    def _add(self, values: _Values) -> None:
        mean = self.means[-1] if self.means else 0.0
        self.steps.append(values.step)
        self.losses.append(values.loss)
        self.means.append(_next_mean(mean, values.loss, len(self.steps)))
        self.rates.append(values.rate)
        span = min(SPANS - 1, (values.step - 1) * SPANS // self.total)
        for level, error in zip(values.levels, values.errors, strict=False):
            band = max(0, min(BANDS - 1, int(level * BANDS)))
            self.sums[span][band] += error
            self.counts[span][band] += 1

    def course(self) -> Course:
        """What was read, thinned."""
        count = len(self.steps)
        stride = max(1, -(-count // POINTS))
        ends = [min(begin + stride, count) for begin in range(0, count, stride)]
        losses = [sum(self.losses[begin:end]) / (end - begin) for begin, end in zip([0, *ends], ends, strict=False)]
        shown = [end - 1 for end in ends]
        return Course(
            steps=[self.steps[place] for place in shown],
            losses=losses,
            means=[self.means[place] for place in shown],
            rates=[self.rates[place] for place in shown],
            levels=self._levels(),
        )

    def _levels(self) -> Levels:
        spans = [span for span in range(SPANS) if any(self.counts[span])]
        # the steps whose span, (step - 1) * SPANS // total, is this one
        firsts = [-(-span * self.total // SPANS) + 1 for span in range(SPANS + 1)]
        return Levels(
            first=[firsts[span] for span in spans],
            last=[min(firsts[span + 1] - 1, self.total) for span in spans],
            errors=[
                [
                    total / count if count else None
                    for total, count in zip(self.sums[span], self.counts[span], strict=True)
                ]
                for span in spans
            ],
        )


def _next_mean(mean: float, loss: float, number: int) -> float:
    """The running mean after the loss of a number; at the beginning it is the plain mean."""
    decay = min(MEAN_OVER, 1 - 1 / number)
    return decay * mean + (1 - decay) * loss


def _values(line: bytes) -> _Values | None:
    """What a line says; None for one that a crash has cut, or in which a number is none."""
    try:
        told = json.loads(line, parse_constant=_refused)
        return _Values(
            told["step"],
            told["loss"],
            told["rate"],
            told["seconds"],
            tuple(told["levels"]),
            tuple(told["errors"]),
            told.get("free", 0),  # runs of older versions do not tell
        )
    except (ValueError, TypeError, KeyError):
        return None


def _refused(constant: str) -> float:
    raise ValueError(f"{constant} cannot be drawn")
