"""What a workflow names and nobody has here: types of nodes, and files."""

from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches

from safelight.files.folders import annotated
from safelight.graph.catalog import Catalog
from safelight.graph.document import Workflow
from safelight.graph.problems import COMPARED, SHOWN, nearest
from safelight.graph.validate import Files

OFFERED = 3  # names of files for one that is not there
GUESSES = 30  # names that others are looked for; each costs milliseconds


@dataclass(frozen=True)
class MissingFile:
    """A file that a node names.

    Attributes:
        node, class_type, input: Where it is named.
        folder, name: What is named.
        nearest: Files that may be meant, the likeliest first.
    """

    node: str
    class_type: str
    input: str
    folder: str
    name: str
    nearest: tuple[str, ...] = ()


def unknown_types(workflow: Workflow, catalog: Catalog) -> list[str]:
    """The node types of a workflow that are not in the catalog, each once."""
    return list(dict.fromkeys(call.class_type for call in workflow.values() if call.class_type not in catalog))


def missing_files(workflow: Workflow, catalog: Catalog, files: Files) -> list[MissingFile]:
    """The files that the nodes of a workflow name and that are not in their folders.

    Args:
        workflow: The nodes; those of unknown types are passed over.
        catalog: Says which inputs name files.
        files: The files there are.
    """
    listed: dict[str, Collection[str]] = {}
    near: dict[tuple[str, str], tuple[str, ...]] = {}
    missing = []
    for node, call in workflow.items():
        for port in catalog[call.class_type].inputs if call.class_type in catalog else ():
            value = call.inputs.get(port.name)
            if port.folder is None or port.any_value or not isinstance(value, str) or value in (port.choices or ()):
                continue
            folder, name = annotated(port.folder, value)
            if folder not in listed:
                listed[folder] = dict.fromkeys(files(folder))
            if name in listed[folder]:
                continue
            if (folder, name) not in near and len(near) < GUESSES:
                near[folder, name] = _nearest(name, listed[folder])
            missing.append(MissingFile(node, call.class_type, port.name, folder, name, near.get((folder, name), ())))
    return missing


def _nearest(name: str, names: Collection[str]) -> tuple[str, ...]:
    if len(name) > SHOWN * 2:
        return ()
    first = nearest(name, names)
    few = [candidate for candidate, _ in zip(names, range(COMPARED), strict=False)]
    others = get_close_matches(name, few, n=OFFERED)
    return tuple(dict.fromkeys([first, *others] if first else others))[:OFFERED]
