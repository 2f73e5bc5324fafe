"""Training as a node: a run of the home folder, gone on with until it is done."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import torch
from torch import Tensor

from safelight.files.atomic import write_whole
from safelight.files.folders import TRAINING
from safelight.files.naming import write_numbered
from safelight.files.pictures import read_picture
from safelight.graph.node import File, node
from safelight.nodes.run import Run
from safelight.runs.folder import RunFolder

if TYPE_CHECKING:
    from safelight.training.trainer import Stepped

CATEGORY = "training"
DRAWING = "Drawing samples"
"""What a run calls the time between steps in which it draws."""
NEVER_KNOWN = float("nan")
"""A run goes on where it is, whatever an earlier job made of it."""


@node("TrainRun", category=CATEGORY, title="Train", output=True, fingerprint=lambda **_: NEVER_KNOWN)
def train_run(*, run_name: Annotated[str, File(TRAINING)], run: Run) -> None:
    """Train what is left of a run: a LoRA, a word, or a whole checkpoint. Stopped, it goes on the next time.

    Args:
        run_name: One of your runs.
    """
    from safelight.training.run import Place, train  # noqa: PLC0415 (needed by few jobs, and slow to import)

    folder = RunFolder(run.folders.resolve(TRAINING, run_name).parent)
    write_whole(folder.job, run.job.encode())
    run.models.free()  # training takes the memory of several pictures, and hours: loading again takes seconds
    with torch.enable_grad():
        made = train(folder, Place(run.folders, str(run.device), run.spare_bytes), Watcher(run))
    run.text(f"Saved as {made.parent.name}/{made.name}")


class Watcher:
    """Tells of a run by the events of its node.

    Args:
        run: Of the node.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._is_drawing = False
        self._fresh: Path | None = None  # a sample that was not sent as a preview yet

    def stage(self, what: str) -> None:
        self._run.check()
        self._is_drawing = what == DRAWING

    def progress(self, done: int, total: int) -> None:
        if self._is_drawing:  # between steps, which are what is counted
            self._run.check()
        else:
            self._run.step(done, total)

    def stepped(self, step: "Stepped") -> None:
        sample, self._fresh = self._fresh, None
        self._run.step(step.step, step.steps, None if sample is None else lambda: _pixels(sample))

    def drawn(self, step: int, pictures: list[Path]) -> None:
        temp = self._run.folders.directories["temp"][0].resolve()
        for path in pictures:
            name = f"{path.parent.parent.name}_{path.stem}"
            shown, _ = write_numbered(temp, name, path.suffix, 1, partial(_copy, path))
            self._run.show("images", shown, "temp")
        self._fresh = pictures[0] if pictures else None

    def report(self, sentences: tuple[str, ...]) -> None:
        for sentence in sentences:
            self._run.text(sentence)


def _copy(path: Path, file: BinaryIO) -> None:
    file.write(path.read_bytes())


def _pixels(path: Path) -> Tensor:
    return torch.from_numpy(read_picture(path).rgb[0])
