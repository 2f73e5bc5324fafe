"""Where the files are that were deleted and can be restored: out of everybody's folders, each under its asset's id."""

import contextlib
import errno
import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from safelight.errors import SafelightError
from safelight.files.folders import Folders

FOLDER = "cache/bin"
"""In the home folder."""


def place_in_bin(home: Path, asset: str) -> Path:
    """Where the file of an asset is, or would be, while that is in the bin."""
    return home / FOLDER / asset[:2] / asset


def put_away(folders: Folders, folder: str, name: str, asset: str) -> None:
    """Move a file into the bin; nothing happens where somebody has moved it away before.

    Args:
        folders: Of its owner.
        folder, name: Of the file.
        asset: Its id.

    Raises:
        BadInput: The name leads out of the folder, by itself or by a link.
        SafelightError: It cannot be moved.
    """
    path = folders.place(folder, name)
    if path.is_file():
        kept = place_in_bin(folders.home, asset)
        with _explained(name):
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, kept)


def put_back(folders: Folders, folder: str, name: str, asset: str, is_taken: Callable[[str], bool]) -> str:
    """Move a file from the bin to where it was, or beside that where another file is there now.

    Args:
        folders: Of its owner.
        folder, name: Of the file, as it was.
        asset: Its id.
        is_taken: Whether the books have another file of a name.

    Returns:
        Its name from now on.

    Raises:
        BadInput: The name leads out of the folder by now, by a link.
        SafelightError: It cannot be moved.
    """
    kept = place_in_bin(folders.home, asset)
    given = PurePosixPath(name)
    for number in itertools.count():
        free = name if number == 0 else str(given.with_stem(f"{given.stem} ({number})"))
        path = folders.place(folder, free)
        if is_taken(free):
            continue
        if not kept.is_file():  # somebody has moved it away, and may bring it back
            return free
        with _explained(name):
            path.parent.mkdir(parents=True, exist_ok=True)
            if _moved(kept, path):
                return free
    raise AssertionError("counting does not end")


def remove(home: Path, asset: str) -> None:
    """Remove a file from the bin for good."""
    place_in_bin(home, asset).unlink(missing_ok=True)


def in_bin(home: Path) -> dict[str, Path]:
    """The files in the bin, by the id of their asset."""
    return {path.name: path for path in (home / FOLDER).glob("??/*") if path.is_file()}


def _moved(kept: Path, path: Path) -> bool:
    """Move a file; False where there is one already, which stays."""
    try:
        path.hardlink_to(kept)
    except FileExistsError:
        return False
    except OSError as error:
        # another disk, or a file system without hard links
        if error.errno not in (errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
            raise
        if path.exists():
            return False
        shutil.move(kept, path)
        return True
    kept.unlink()
    return True


@contextlib.contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SafelightError(
            f"{name} cannot be moved: {error.strerror or error}.",
            mend="See that the disk has room, and that the folders can be written to.",
        ) from error
