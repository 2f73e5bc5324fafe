"""Opens the files a workflow can be in: JSON of both formats, pictures that were made by one, `parameters` texts."""

import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from safelight.cli.report import note
from safelight.cli.working import refused
from safelight.errors import BadInput
from safelight.files.embedded import SIGNATURES, embedded
from safelight.files.folders import Folders
from safelight.files.picture_files import PARAMETERS
from safelight.files.recipes import find_model, named
from safelight.graph.a1111 import workflow_of_parameters
from safelight.graph.a1111_text import ParametersText, parse_parameters
from safelight.graph.catalog import Catalog
from safelight.graph.document import NodeCall
from safelight.graph.editor import is_editor_document, parse_editor
from safelight.graph.editor_api import to_api
from safelight.graph.formats import load_api, parse_api
from safelight.graph.wildcards import resolve

MOST_BYTES = 100_000_000  # of a workflow file
KEPT_AS = ("prompt", "workflow")
"""The keys of a picture's texts that hold its workflow, the more exact one first."""
DRAWS = 2**32
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)

TheCatalog = Callable[[], Catalog]


@dataclass(frozen=True)
class Opened:
    """A workflow from a file.

    Attributes:
        workflow: As it is to be run.
        notes: What the person should know of how it was read.
        editor: The graph editor's own document, with its places, groups and notes, where the file was one.
    """

    workflow: dict[str, NodeCall]
    notes: tuple[str, ...] = ()
    editor: Mapping[str, object] | None = None


def open_workflow(file: Path, folders: Folders, catalog: TheCatalog) -> Opened:
    """Read a workflow, whatever form it is in.

    Args:
        file: JSON as programs send it or as graph editors save it; a PNG, WebP or JPEG that holds such JSON, or the
            text in which AUTOMATIC1111 keeps settings; or a file with such a text.
        folders: Where models are, of which such a text quotes names and hashes.
        catalog: Gives the nodes that the workflow may use, where they must be known to read it.

    Raises:
        BadInput: The file cannot be read, holds no workflow, or one with something wrong in its shape.
    """
    try:
        with file.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.", mend="Give the path of a workflow.") from error
    if content.startswith(SIGNATURES):
        return _from_picture(file, folders, catalog)
    if len(content) > MOST_BYTES:
        raise BadInput(f"{file} is too large to be a workflow.", mend="Give a JSON file or a picture made by one.")
    document = _decoded(content)
    if document is not None:
        return _from_json(document, file, folders, catalog)
    if (text := parse_parameters(content.decode("utf-8-sig", "replace"))) is not None:
        return _from_parameters(text, file, folders, catalog)
    raise refused(load_api(content)[1]).at(str(file))


def _from_picture(file: Path, folders: Folders, catalog: TheCatalog) -> Opened:
    kept = embedded(file)
    for key in KEPT_AS:
        if isinstance(document := _decoded(kept.get(key, "")), Mapping):
            return _from_json(document, file, folders, catalog)
    if (text := parse_parameters(kept.get(PARAMETERS, ""))) is not None:
        return _from_parameters(text, file, folders, catalog)
    raise BadInput(f"{file} has no workflow in it.", mend="Use a picture saved with its metadata.")


def _from_json(document: object, file: Path, folders: Folders, catalog: TheCatalog) -> Opened:
    if not isinstance(document, dict) or not is_editor_document(document):
        workflow, problems = parse_api(document)
        if problems:
            raise refused(problems).at(str(file))
        return Opened(workflow)
    nodes = catalog()
    parsed, problems = parse_editor(document)
    workflow, more = to_api(parsed, nodes)
    if problems or more:
        raise refused([*problems, *more]).at(str(file))
    return replace(_drawn(workflow, nodes, folders), editor=document)


def _drawn(workflow: dict[str, NodeCall], catalog: Catalog, folders: Folders) -> Opened:
    """The workflow as an editor sends it: comments in prompts taken out, one of each `{a|b}` drawn."""
    seed = secrets.randbelow(DRAWS)
    notes = []
    for node, call in workflow.items():
        texts = {}
        for name, value in call.inputs.items():
            port = catalog[call.class_type].by_name.get(name) if call.class_type in catalog else None
            if port is not None and port.dynamic_prompts and isinstance(value, str):
                plain = _COMMENT.sub("", value)
                texts[name] = resolve(plain, seed, folders.home / "wildcards") if "{" in plain else plain
                if texts[name] != plain:
                    notes.append(f"{call.title or call.class_type} (node {node}) reads: {texts[name]}")
        if texts:
            workflow[node] = call._replace(inputs={**call.inputs, **texts})
    return Opened(workflow, tuple(notes))


def _from_parameters(text: ParametersText, file: Path, folders: Folders, catalog: TheCatalog) -> Opened:
    name, digest = text.settings.get("Model", ""), text.settings.get("Model hash", "")
    if digest and named(folders.list("checkpoints"), name) is None:
        note(f"Looking for the checkpoint by its hash {digest}; for files that are new here that takes a while.")
    found = find_model(folders, "checkpoints", name, digest)
    if found is None:
        called = (
            " ".join(part for part in (name, f"(hash {digest})" if digest else "") if part) or "one it does not name"
        )
        raise BadInput(
            f"The picture was made with the checkpoint {called}, which is not in the folder checkpoints.",
            mend="Put it there; `safelight models` lists what there is.",
        ).at(str(file))
    checkpoint, is_same = found
    imported = workflow_of_parameters(text, checkpoint, catalog(), folders.list)
    if digest and not is_same:
        other = f"{checkpoint} has the name of the checkpoint that was used, and not its hash ({digest})."
        return Opened(imported.workflow, (other, *imported.notes))
    return Opened(imported.workflow, imported.notes)


def _decoded(text: str | bytes) -> object:
    """What the JSON says; None where it is none."""
    try:
        return json.loads(text.removeprefix(b"\xef\xbb\xbf") if isinstance(text, bytes) else text)
    except (ValueError, RecursionError):
        return None
