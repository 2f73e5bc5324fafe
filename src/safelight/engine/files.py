"""Files for engines on other machines: which ones a job names, and how they come there, in pieces."""

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from safelight.errors import BadInput, SafelightError
from safelight.files.atomic import whole
from safelight.files.folders import Folders, annotated
from safelight.files.hashes import sha256
from safelight.graph.catalog import Catalog
from safelight.graph.document import Workflow

PIECE = 8 * 2**20  # bytes of a file that are on their way at once
HASHES = "cache/hashes"
"""Below a home folder, where workers keep the hashes of files too."""


@dataclass(frozen=True)
class NamedFile:
    """A file of the server's machine that a job names.

    Attributes:
        folder, name: As `Folders.resolve` takes them.
        path: Where it is on the server's machine.
        sha256: Of its content, as 64 hexadecimal digits.
    """

    folder: str
    name: str
    path: str
    sha256: str


def files_of(workflow: Workflow, catalog: Catalog, folders: Folders) -> list[NamedFile]:
    """The models, pictures and embeddings that a workflow names; what is not there is left out, as its node will say.

    Files are read for their hashes, which takes seconds for gigabytes that were never read before.

    Args:
        workflow: The nodes.
        catalog: What inputs name files.
        folders: Files as the person sees them.
    """
    found = []
    for folder, name in sorted(set(_names(workflow, catalog, folders))):
        try:
            path = folders.resolve(folder, name)
        except BadInput:
            continue
        found.append(NamedFile(folder, name, str(path), sha256(path, folders.home / HASHES)))
    return found


def find(file: NamedFile, folders: Folders) -> Path | None:
    """Where the same file is in other folders: same name, same content; None where it is not."""
    try:
        path = folders.resolve(file.folder, file.name)
    except BadInput:
        return None
    return path if sha256(path, folders.home / HASHES) == file.sha256 else None


class Incoming:
    """A file that comes in pieces, and is there once it is whole and what it should be.

    Args:
        file: What it should be.
        path: Where it is to be; a file that is there is replaced.
    """

    def __init__(self, file: NamedFile, path: Path) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._open = ExitStack()
        self._part = self._open.enter_context(whole(path))

    def add(self, piece: bytes) -> None:
        """Take the next piece.

        Raises:
            OSError: It cannot be written.
        """
        self._digest.update(piece)
        self._part.write(piece)

    def finish(self) -> None:
        """All pieces are there.

        Raises:
            SafelightError: They are not the file.
            OSError: It cannot be written.
        """
        with self._open:
            if self._digest.hexdigest() != self._file.sha256:
                raise SafelightError(
                    f"{self._file.name} was changed while it was sent to another machine.", mend="Retry the job."
                )

    def abandon(self) -> None:
        """Leave nothing of it."""
        self._open.__exit__(InterruptedError, InterruptedError(), None)


def _names(workflow: Workflow, catalog: Catalog, folders: Folders) -> Iterator[tuple[str, str]]:
    mentions = {port.mentions for spec in catalog.values() for port in spec.inputs if port.mentions}
    for call in workflow.values():
        spec = catalog.get(call.class_type)
        ports = spec.by_name if spec else {}
        for name, value in call.inputs.items():
            if not isinstance(value, str):
                continue
            folder = ports[name].folder if name in ports else None
            if folder == "image_sets":
                yield from (("input", file) for file in folders.list("input") if file.startswith(f"{value}/"))
            elif folder is not None:
                yield annotated(folder, value)
            for prefix, mentioned in mentions:  # in any text, as it may be handed on to the input that reads it
                if prefix in value:
                    files = folders.list(mentioned)
                    yield from ((mentioned, file) for file in files if prefix + file.rpartition(".")[0] in value)
