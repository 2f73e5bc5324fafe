"""`safelight index`: looks at the pictures of a folder, so that searching them takes no time."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from safelight.cli.report import note
from safelight.errors import BadInput
from safelight.settings import read_settings

if TYPE_CHECKING:
    from safelight.clip.folder_index import FolderIndex
    from safelight.clip.looking import Eye

SHOWN = 10  # pictures that cannot be read


def index(folder: Annotated[Path, typer.Argument(help="A folder of pictures.")]) -> None:
    """Look at all pictures of a folder and the folders in it, for `safelight search`.

    What was seen is kept in the home folder; nothing is written into the folder itself. Ctrl-C keeps what is done, and
    the next time only what is new or has changed is looked at.
    """
    from safelight.clip.looking import open_eye  # noqa: PLC0415 (torch takes a second to import)

    check_folder(folder)
    settings = read_settings()
    indexed = look_through(settings.home, folder, open_eye(settings))
    for line in indexed.unreadable[:SHOWN]:
        note(f"Note: {line.problem}")
    if len(indexed.unreadable) > SHOWN:
        note(f"Note: {len(indexed.unreadable) - SHOWN} more cannot be read.")


def check_folder(folder: Path) -> None:
    """See that there is a folder.

    Raises:
        BadInput: There is none.
    """
    if not folder.is_dir():
        raise BadInput(f"There is no folder {folder}.", mend="Give a folder with pictures in it.")


def look_through(home: Path, folder: Path, eye: "Eye") -> "FolderIndex":
    """A folder's index, brought up to date, with a progress bar."""
    from safelight.clip.folder_index import FolderIndex  # noqa: PLC0415 (as above)

    indexed = FolderIndex(home, folder, eye)
    total = show_progress(indexed.update())
    note(f"{total - len(indexed.unreadable):,} pictures of {folder} are looked at.")
    return indexed


def show_progress(steps: Iterable[tuple[int, int]]) -> int:
    """Show how far something is, on terminals.

    Args:
        steps: How many pictures are done, and how many there are, as it goes.

    Returns:
        How many there are.
    """
    console = Console(stderr=True)
    total = 0
    with Progress(
        TextColumn("Looking"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("", total=None)
        for done, total in steps:
            bar.update(task, completed=done, total=total)
    return total
