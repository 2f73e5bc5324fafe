"""What a command shows of a run: a progress bar for people, lines of JSON for machines, paths for both."""

import json
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from safelight.files.folders import Folders
from safelight.protocol import events
from safelight.protocol.events import Event, to_json


class SpeedColumn(ProgressColumn):
    """Steps a second, or seconds a step where that reads better."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        if not speed:
            return Text("")
        return Text(f"{speed:.1f} steps/s" if speed >= 1 else f"{1 / speed:.1f} s/step", style="progress.data.speed")


class Report:
    """Takes the events of runs.

    The paths of saved files go to the standard output, one a line; all else goes to the standard error.

    Args:
        folders: Where the files are.
        as_json: Whether the standard output gets every event as a line of JSON instead.
        final: Where the one picture is to be in the end.

    Attributes:
        saved: The files that were saved so far.
    """

    def __init__(self, folders: Folders, *, as_json: bool, final: Path | None = None) -> None:
        self._folders = folders
        self._out = sys.stdout  # as it is now: while a plugin runs, what is printed there goes elsewhere
        self._final = final
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
            redirect_stdout=False,  # to the standard error, that is
            redirect_stderr=False,
        )
        self._node: tuple[str, str] | None = None
        self.saved: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clear()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        file = self._file(event) if isinstance(event, events.Output) and event.path else None
        if file is not None and isinstance(event, events.Output) and event.folder == "output":
            self.saved.append(file)
        if self._json:
            self._print(json.dumps(to_json(event) | ({"file": str(file)} if file else {})))
            return
        match event:
            case events.Progress():
                self._progress(event)
            case events.Output(folder="output"):
                self._clear()
                self._print(str(file))
            case events.Output(kind="warning"):
                self._clear()
                note(f"Note: {event.text}")
            case events.Output(kind="text"):
                self._clear()
                self._print(event.text)

    def _print(self, line: str) -> None:
        print(line, file=self._out, flush=True)

    def _file(self, event: events.Output) -> Path:
        """Where the file of an output is, after it was brought where it was wanted."""
        path = self._folders.directories[event.folder][0] / event.path
        if self._final is None or event.folder != "output":
            return path
        return path.replace(self._final)

    def _progress(self, event: events.Progress) -> None:
        """Move the node's bar, which is made at its first step."""
        if self._node != (event.job, event.node):
            self._node = (event.job, event.node)
            for task in self._bar.task_ids:
                self._bar.remove_task(task)
            self._bar.add_task("Developing", total=event.total)
        self._bar.start()
        self._bar.update(self._bar.task_ids[-1], completed=event.value, total=event.total)

    def _clear(self) -> None:
        """Take the bar off the terminal, so that a line can be written there; the next step brings it back."""
        self._bar.stop()


def note(message: str) -> None:
    """Tell the person at the terminal something beside the result."""
    print(message, file=sys.stderr)
