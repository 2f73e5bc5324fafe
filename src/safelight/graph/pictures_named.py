"""Which picture files the nodes of a workflow name."""

from collections.abc import Iterable, Iterator

from safelight.files.folders import annotated, is_plain
from safelight.files.picture_files import ENDINGS
from safelight.graph.document import NodeCall

Place = tuple[str, str]
"""Folder and path of a file, `/` between the parts of the path."""


def pictures_named(calls: Iterable[NodeCall]) -> Iterator[Place]:
    """The files of pictures that nodes name, whatever loads them; some may come twice."""
    for call in calls:
        for value in call.inputs.values():
            if isinstance(value, str):
                folder, path = annotated("input", value)
                if f".{path.rpartition('.')[2].lower()}" in ENDINGS and is_plain(path):
                    yield folder, path.replace("\\", "/")
