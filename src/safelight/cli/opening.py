"""Opens a workflow for the commands: to be run as it stands, or refused."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from safelight.cli.report import note
from safelight.errors import BadInput
from safelight.files.folders import Folders
from safelight.files.recipes import find_model, named
from safelight.graph.document import NodeCall
from safelight.graph.drawn_prompts import DRAWS, draw_prompts
from safelight.graph.opening import Opening, TheCatalog
from safelight.graph.problems import refused


@dataclass(frozen=True)
class ToRun:
    """A workflow from a file.

    Attributes:
        workflow: As it is to be run.
        notes: What the person should know of how it was read.
        editor: The graph editor's own document, with its places, groups and notes, where the file was one.
    """

    workflow: dict[str, NodeCall]
    notes: tuple[str, ...] = ()
    editor: Mapping[str, object] | None = None


def open_workflow(file: Path, folders: Folders, catalog: TheCatalog) -> ToRun:
    """Read a workflow, whatever form it is in; see `Opening.file`.

    Args:
        file: Where it is.
        folders: Where models are, of which `parameters` texts quote names and hashes.
        catalog: Gives the nodes that the workflow may use, where they must be known to read it.

    Raises:
        BadInput: The file cannot be read, holds no workflow, or one with something wrong in its shape; or its
            checkpoint is not there.
    """

    def checkpoint(name: str, digest: str) -> tuple[str, bool] | None:
        if digest and named(folders.list("checkpoints"), name) is None:
            note(f"Looking for the checkpoint by its hash {digest}; for files that are new here that takes a while.")
        return find_model(folders, "checkpoints", name, digest)

    try:
        opened = Opening(catalog, folders.list, checkpoint).file(file)
        if opened.lacking is not None:
            raise opened.lacking
        if opened.problems:
            raise refused(opened.problems)
    except BadInput as error:
        raise error.at(str(file)) from error.__cause__
    if opened.editor is None:
        return ToRun(opened.workflow, opened.notes)
    workflow, drawn = draw_prompts(opened.workflow, catalog(), folders.wildcards, secrets.randbelow(DRAWS))
    return ToRun(workflow, (*opened.notes, *drawn), opened.editor)
