"""What pictures tell of how they were made, as two of them are compared by it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safelight.errors import BadInput
from safelight.files.embedded import embedded
from safelight.files.picture_files import PARAMETERS, opened
from safelight.graph.a1111 import OURS
from safelight.graph.a1111_text import parse_parameters
from safelight.graph.document import Link, Workflow
from safelight.graph.formats import parse_api
from safelight.graph.opening import Opening
from safelight.graph.wish_of import shown_by, sound

RECORD = "safelight"
"""The key of a picture's texts under which workers keep what they made it with."""
LOSSY = frozenset(("JPEG", "MPO"))


@dataclass(frozen=True)
class Told:
    """What a picture tells.

    Attributes:
        workflow: A sound one; empty where it tells of none.
        shown: Id of the node that it is from; empty where none is known.
        record: Of the worker that made it here.
        settings: Of the text of AUTOMATIC1111 and its kin, by their names; empty where another program wrote it.
        form: Of the file: `PNG`, `JPEG`, …
    """

    workflow: Workflow = field(default_factory=dict)
    shown: str = ""
    record: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    form: str = ""

    @property
    def is_silent(self) -> bool:
        """Whether it tells nothing."""
        return not (self.workflow or self.record or self.settings)


def told_of(workflow: Workflow, output: str, record: Mapping[str, Any], parameters: str, form: str) -> Told:
    """Put together what is known of a picture.

    Args:
        workflow: A sound one.
        output: Id of the node that it is from, where that is known.
        record: Of the worker; empty for none.
        parameters: The text of that name.
        form: Of the file.
    """
    said = parse_parameters(parameters)
    is_foreign = said is not None and not record and not said.settings.get("Version", "").startswith(OURS)
    settings = said.settings if said is not None and is_foreign else {}
    return Told(workflow, shown_by(workflow, output) or _saved_by(workflow), record, settings, form)


def _saved_by(workflow: Workflow) -> str:
    """The first node that takes pictures and gives nothing on; empty for none."""
    used = {value.node for call in workflow.values() for value in call.inputs.values() if isinstance(value, Link)}
    ends = (node for node, call in workflow.items() if node not in used)
    return next((node for node in ends if isinstance(workflow[node].inputs.get("images"), Link)), "")


def told_by(path: Path, opening: Opening) -> Told:
    """What a picture file tells.

    Args:
        path: A picture.
        opening: What it takes to read workflows.

    Raises:
        BadInput: It is missing, is no picture, or is damaged.
    """
    with opened(path) as file:
        form = file.format or ""
    texts = embedded(path)
    record = document_in(texts.get(RECORD, "")) or {}
    parameters = texts.get(PARAMETERS, "")
    document = document_in(texts.get("prompt", ""))
    if document is not None:
        workflow = sound(parse_api(document)[0])
    elif "workflow" in texts or parse_parameters(parameters) is not None:
        try:
            workflow = sound(opening.file(path).workflow)
        except BadInput:
            workflow = {}
    else:
        workflow = {}
    return told_of(workflow, "", record, parameters, form)


def document_in(text: str) -> dict[str, Any] | None:
    """A JSON object; None for anything else."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
