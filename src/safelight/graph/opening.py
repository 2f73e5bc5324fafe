"""Opens the files a workflow can be in: JSON of both formats, pictures that were made by one, `parameters` texts."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from safelight.errors import BadInput
from safelight.files.embedded import SIGNATURES, embedded
from safelight.files.picture_files import PARAMETERS
from safelight.graph.a1111 import FileNames, workflow_of_parameters
from safelight.graph.a1111_text import ParametersText, parse_parameters
from safelight.graph.catalog import Catalog
from safelight.graph.document import NodeCall
from safelight.graph.editor import is_editor_document, parse_editor
from safelight.graph.editor_api import to_api
from safelight.graph.formats import load_api, parse_api
from safelight.graph.problems import Problem, refused

MOST_BYTES = 100_000_000  # of a workflow file
KEPT_AS = ("prompt", "workflow")
"""The keys of a picture's texts that hold its workflow, the more exact one first."""
UNNAMED = "unknown.safetensors"  # a checkpoint of which a text says nothing

TheCatalog = Callable[[], Catalog]
FindCheckpoint = Callable[[str, str], tuple[str, bool] | None]
"""A checkpoint's name and hash, as a text quotes them -> what `files.recipes.find_model` gives."""


@dataclass(frozen=True)
class Opened:
    """A workflow from a file.

    Attributes:
        workflow: As programs send it.
        editor: The graph editor's own document, with its places, groups and notes, where there is one.
        notes: What the person should know of how it was read.
        problems: What keeps parts of an editor's document from being read.
        lacking: Says which checkpoint the file names that is not there; None where it names none, or it is.
    """

    workflow: dict[str, NodeCall]
    editor: Mapping[str, object] | None = None
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    lacking: BadInput | None = None


@dataclass(frozen=True)
class Opening:
    """What it takes to open workflows.

    Attributes:
        catalog: Gives the nodes that a workflow may use, where they must be known to read it.
        files: The files of each folder.
        checkpoint: Finds the checkpoint that a text quotes.
        prefer_editor: Whether a picture that holds both forms is opened as its editor's document, to be looked at;
            else as what was run.
    """

    catalog: TheCatalog
    files: FileNames
    checkpoint: FindCheckpoint
    prefer_editor: bool = False

    def file(self, path: Path) -> Opened:
        """Read a workflow, whatever form it is in.

        Args:
            path: JSON as programs send it or as graph editors save it; a PNG, WebP or JPEG that holds such JSON, or the
                text in which AUTOMATIC1111 keeps settings; or a file with such a text.

        Raises:
            BadInput: The file cannot be read, holds no workflow, or one with something wrong in its shape.
        """
        try:
            with path.open("rb") as opened:
                content = opened.read(MOST_BYTES + 1)
        except OSError as error:
            raise BadInput(
                f"{path.name} cannot be read: {error.strerror}.", mend="Give the path of a workflow."
            ) from error
        if content.startswith(SIGNATURES):
            return self._picture(path)
        if len(content) > MOST_BYTES:
            raise BadInput(
                f"{path.name} is too large to be a workflow.", mend="Give a JSON file or a picture made by one."
            )
        document = _decoded(content)
        if document is not None:
            return self.document(document)
        if (text := parse_parameters(content.decode("utf-8-sig", "replace"))) is not None:
            return self._parameters(text)
        raise refused(load_api(content)[1])

    def document(self, document: object) -> Opened:
        """Read a workflow from decoded JSON of either format.

        Raises:
            BadInput: It is neither.
        """
        try:
            json.dumps(document, ensure_ascii=False).encode()
        except (UnicodeEncodeError, RecursionError) as error:
            what = "There is half a character in the workflow, or it is nested without end."
            raise BadInput(what, mend="Save it again from the program that it came from.") from error
        if not isinstance(document, dict) or not is_editor_document(document):
            workflow, problems = parse_api(document)
            if problems:
                raise refused(problems)
            return Opened(workflow)
        parsed, problems = parse_editor(document)
        workflow, more = to_api(parsed, self.catalog())
        return Opened(workflow, document, problems=(*problems, *more))

    def _picture(self, path: Path) -> Opened:
        kept = embedded(path)
        for key in reversed(KEPT_AS) if self.prefer_editor else KEPT_AS:
            if isinstance(document := _decoded(kept.get(key, "")), dict):
                return self.document(document)
        if (text := parse_parameters(kept.get(PARAMETERS, ""))) is not None:
            return self._parameters(text)
        raise BadInput(f"{path.name} has no workflow in it.", mend="Give a picture as it came from the program.")

    def _parameters(self, text: ParametersText) -> Opened:
        name, digest = text.settings.get("Model", ""), text.settings.get("Model hash", "")
        found = self.checkpoint(name, digest)
        checkpoint, is_same = found or (f"{name}.safetensors" if name else UNNAMED, True)
        imported = workflow_of_parameters(text, checkpoint, self.catalog(), self.files)
        notes = imported.notes
        if found is None:
            called = (
                " ".join(part for part in (name, f"(hash {digest})" if digest else "") if part)
                or "one it does not name"
            )
            lacking = BadInput(
                f"The picture was made with the checkpoint {called}, which is not in the folder checkpoints.",
                mend="Put it there, or choose another.",
            )
            return Opened(imported.workflow, notes=notes, lacking=lacking)
        if digest and not is_same:
            other = f"{checkpoint} has the name of the checkpoint that was used, and not its hash ({digest})."
            notes = (other, *notes)
        return Opened(imported.workflow, notes=notes)


def _decoded(text: str | bytes) -> object:
    """What the JSON says; None where it is none."""
    try:
        return json.loads(text.removeprefix(b"\xef\xbb\xbf") if isinstance(text, bytes) else text)
    except (ValueError, RecursionError):
        return None
