"""Runs workflows in this process, for the commands that do."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from safelight.cli.report import Report, note
from safelight.errors import BadInput, Cancelled, SafelightError
from safelight.families.contents import look_into
from safelight.files.atomic import write_whole
from safelight.files.folders import Folders
from safelight.files.picture_size import sizes_in
from safelight.files.plugin_list import enabled
from safelight.graph.check import Verdict, check, find_problems
from safelight.graph.document import Workflow
from safelight.graph.layout import to_editor
from safelight.graph.problems import refused
from safelight.protocol import events
from safelight.settings import Settings

if TYPE_CHECKING:
    from safelight.plugins.loading import Library

STOPPING = "Stopping after this step; Ctrl-C again stops at once."


def folders_of(settings: Settings, out: Path | None) -> Folders:
    """The folders in use, with the pictures going to `out`, which is a folder or a picture in one.

    Raises:
        BadInput: There can be no such folder.
    """
    folders = model_folders(settings)
    folders.make()
    if out is None:
        return folders
    place = out.parent if is_file(out) else out
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{place} cannot be made a folder: {error.strerror}.", mend="Give --out another.") from error
    return replace(folders, directories={**folders.directories, "output": (place.resolve(),)})


def model_folders(settings: Settings) -> Folders:
    """The folders in use; an added one that is not there (an unplugged disk) is passed over, and named."""
    for root in settings.model_roots:
        if not root.is_dir():
            note(f"Note: {root}, a models folder in your settings, is not there now.")
    return Folders.at(settings.home, [root for root in settings.model_roots if root.is_dir()])


@cache
def library_of(settings: Settings) -> "Library":
    """The nodes there are, those of plugins included; plugins that cannot be loaded are named."""
    from safelight.plugins.loading import library  # noqa: PLC0415 (torch and the models take seconds to import)

    loaded = library(settings)
    for plugin in loaded.plugins:
        if plugin.error:
            note(f"Note: the plugin {plugin.name} could not be loaded ({plugin.error}); see `safelight plugins`.")
    return loaded


def load_families(settings: Settings) -> None:
    """Load plugins before files are looked at, since they may know more families; packs for ComfyUI cannot."""
    if not all(place.is_pack for place in enabled(settings.home)):
        library_of(settings)


def is_file(out: Path) -> bool:
    """Whether a place to save to is meant as one file."""
    return out.suffix.lower() == ".png" and not out.is_dir()


def run_all(
    workflows: Sequence[Workflow],
    settings: Settings,
    folders: Folders,
    report: Report,
    *,
    inputs: Mapping[str, Path] | None = None,
    notes: Mapping[str, object] | None = None,
    editor: Mapping[str, object] | None = None,
) -> None:
    """Check every workflow, then run them one after another; what they share is worked out once.

    Args:
        workflows: To be run in this order.
        settings: Device, precision and memory.
        folders: Where files are.
        report: Told every event.
        inputs: Pictures to be put into the input folder under these names, once nothing is found wrong.
        notes: More for the record inside saved pictures.
        editor: The graph editor's document of the workflow, to be kept in them; None to lay one out.

    Raises:
        BadInput: A workflow cannot be run as it stands; all that is wrong with it is said.
        SafelightError: A run failed.
        Cancelled: The person pressed Ctrl-C; the step in hand was finished, and no file is half written.
    """
    from safelight.worker.session import Session  # noqa: PLC0415 (torch and the models take seconds to import)

    library = library_of(settings)
    catalog = library.catalog
    inputs = inputs or {}
    files = {"input": (*folders.list("input"), *inputs)}
    look = look_into(folders)
    for workflow in workflows:
        if problems := find_problems(workflow, catalog, lambda folder: files.get(folder) or folders.list(folder), look):
            raise refused(problems)
    for name, picture in inputs.items():
        write_whole(folders.writable("input", name), picture.read_bytes())
    # a command makes its files anew, as `--out` may move them: none is to be another one's of the same workflow
    session = Session(settings.model_copy(update={"disk_cache_bytes": 0}), folders, registry=library.registry)
    with interruptible(STOPPING) as cancelled:
        for workflow in workflows:
            kept = {"workflow": editor or to_editor(workflow, catalog)}
            outcome = session.run(uuid4().hex, workflow, report, cancelled=cancelled, metadata=kept, notes=notes or {})
            match outcome.end:
                case events.Failed(what=what, where=where, mend=mend):
                    raise SafelightError(what, where=where, mend=mend)
                case events.Cancelled():
                    raise Cancelled


def check_one(workflow: Workflow, settings: Settings, folders: Folders) -> Verdict:
    """What is wrong with a workflow, or what it will take; nothing is run.

    Raises:
        BadInput: There is no such device.
    """
    from safelight.worker.machine import machine_of  # noqa: PLC0415 (torch takes seconds to import)

    return check(workflow, library_of(settings).catalog, folders, machine_of(settings), sizes_in(folders))


@contextlib.contextmanager
def interruptible(sentence: str) -> Iterator[Callable[[], bool]]:
    """Ctrl-C asks the run to stop at its next step, which `sentence` tells; a second one stops at once."""
    stop = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def interrupt(*_: object) -> None:
        signal.signal(signal.SIGINT, before)
        stop.set()
        if sys.stderr.isatty():  # past `print`, which this may have interrupted
            os.write(sys.stderr.fileno(), f"\n{sentence}\n".encode())

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield stop.is_set
    finally:
        signal.signal(signal.SIGINT, before)
