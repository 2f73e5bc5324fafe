"""Files that a prompt names: embeddings and wildcards."""

from collections.abc import Iterable
from pathlib import Path

from safelight.files.folders import is_plain


def named_file(folder: Path, name: str, endings: Iterable[str]) -> Path | None:
    """The file `name` of `folder` with the first ending that there is; None where there is none.

    Names are taken as written, case included. They may lead into subfolders, and nowhere else, by links neither.
    """
    if not is_plain(name):
        return None
    top = folder.resolve()
    paths = (folder / f"{name}{ending}" for ending in endings)
    return next((path for path in paths if _is_file(path) and path.resolve().is_relative_to(top)), None)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # the prompt's word is longer than a file's name can be
        return False
