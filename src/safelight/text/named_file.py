"""Files that a prompt names: embeddings and wildcards."""

from collections.abc import Iterable
from pathlib import Path, PurePath


def named_file(folder: Path, name: str, endings: Iterable[str]) -> Path | None:
    """The file `name` of `folder` with the first ending that there is; None where there is none.

    Names are taken as written, case included. They may lead into subfolders, and through links that somebody put
    there, but not upwards or to an absolute path.
    """
    if not name or PurePath(name).anchor or ".." in PurePath(name).parts:
        return None
    paths = (folder / f"{name}{ending}" for ending in endings)
    return next((path for path in paths if _is_file(path)), None)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # the prompt's word is longer than a file's name can be
        return False
