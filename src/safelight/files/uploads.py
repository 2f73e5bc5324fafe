"""Keeping files that people bring under names that are free."""

import itertools
from pathlib import PurePosixPath

from safelight.errors import BadInput
from safelight.files.atomic import write_whole
from safelight.files.folders import Folders


def keep(folders: Folders, folder: str, wanted: str, content: bytes) -> str:
    """Write a file under a name that is free; the same content again keeps its name.

    Args:
        folders: Of the person.
        folder: `input`, `output` or `temp`.
        wanted: The name to begin with, with sub-folders, if any, as `folder/file`.
        content: Of the file.

    Returns:
        The name that it has.

    Raises:
        BadInput: The name leads out of the folder, or is none.
    """
    place = PurePosixPath(wanted)
    for number in itertools.count():
        name = str(place if number == 0 else place.with_stem(f"{place.stem} ({number})"))
        path = folders.writable(folder, name)
        if path.is_dir():
            raise BadInput(f"{name} is a folder.", mend="Give the name of a file.")
        if not path.exists():
            write_whole(path, content)
            return name
        if path.stat().st_size == len(content) and path.read_bytes() == content:
            return name
    raise AssertionError("counting does not end")
