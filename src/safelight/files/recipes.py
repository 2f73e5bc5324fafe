"""Finds the model file that a recipe means: by the short hash it quotes, else by name."""

import hashlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from safelight.files.folders import Folders
from safelight.files.hashes import sha256

_OLD_DIGITS = 8  # of AUTOMATIC1111's first hashes, which were of a small part of the file
_OLD_START, _OLD_LENGTH = 0x100000, 0x10000


def find_model(folders: Folders, folder: str, name: str, digest: str = "") -> tuple[str, bool] | None:
    """The file in `folder` that a recipe means.

    Files of the quoted name are hashed first, then the others; hashes are kept in the home folder.

    Args:
        folders: Where files are.
        folder: A folder of models.
        name: As the recipe quotes it, usually without ending and sub-folder; "" where it does not.
        digest: The first digits of the file's SHA-256; or the 8 digits that were usual before 2023. "" for unknown.

    Returns:
        The name as it is listed, and whether the hash says that it is the file (False: only its name does, or the
        hashes even differ); None where neither hash nor name fits.
    """
    names = folders.list(folder)
    called = [listed for listed in names if name and same_name(listed, name)]
    wanted = digest.lower()
    if wanted:
        for listed in dict.fromkeys([*called, *names]):
            path = folders.resolve(folder, listed)
            is_old = len(wanted) == _OLD_DIGITS
            found = old_hash(path) if is_old else sha256(path, folders.home / "cache" / "hashes")
            if found.startswith(wanted):
                return listed, True
    return (called[0], False) if called else None


def named(names: Sequence[str], name: str) -> str | None:
    """The one of `names` that is the file called `name`, whatever its ending, folder and case."""
    return next((listed for listed in names if same_name(listed, name)), None)


def same_name(listed: str, name: str) -> bool:
    """Whether a listed file is the one called `name`, with or without ending and sub-folder."""
    path = PurePosixPath(listed)
    forms = {listed, path.name, path.stem, str(path.with_suffix(""))}
    return name.replace("\\", "/").casefold() in {form.casefold() for form in forms}


def old_hash(path: Path) -> str:
    """The 8 digits by which AUTOMATIC1111 first quoted files: the SHA-256 of 64 KiB, 1 MiB into the file."""
    with path.open("rb") as file:
        file.seek(_OLD_START)
        return hashlib.sha256(file.read(_OLD_LENGTH)).hexdigest()[:_OLD_DIGITS]
