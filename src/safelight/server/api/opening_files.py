"""Workflows from files that people bring."""

import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

from safelight.files.folders import Folders
from safelight.files.hashes import known_sha256
from safelight.files.recipes import named
from safelight.graph.opening import Opened, Opening
from safelight.server.access import Person
from safelight.server.studio import Studio


def opening_for(studio: Studio, me: Person) -> Opening:
    """How a person's files are opened: to be looked at."""
    folders = studio.folders_of(me.id)

    def checkpoint(name: str, digest: str) -> tuple[str, bool] | None:
        return _checkpoint(folders, name, digest)

    return Opening(studio.shelf.catalog, folders.list, checkpoint, prefer_editor=True)


def read_file(studio: Studio, me: Person, file: BinaryIO) -> Opened:
    """Read a workflow, whatever form it is in.

    Raises:
        BadInput: The file cannot be read, or holds no workflow.
    """
    with tempfile.TemporaryDirectory(prefix="safelight-") as folder:
        path = Path(folder) / "The file"  # as messages call it
        with path.open("wb") as copy:
            shutil.copyfileobj(file, copy)
        return opening_for(studio, me).file(path)


def _checkpoint(folders: Folders, name: str, digest: str) -> tuple[str, bool] | None:
    """The checkpoint that a text quotes, as far as it is known without reading gigabytes for its hash."""
    names = folders.list("checkpoints")
    if digest:
        for listed in names:
            known = known_sha256(folders.resolve("checkpoints", listed), folders.home / "cache" / "hashes")
            if known is not None and known.startswith(digest.lower()):
                return listed, True
    called = named(names, name) if name else None
    return None if called is None else (called, not digest)
