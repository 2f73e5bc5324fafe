"""Which pictures lie in a folder and in those below it, told so quickly that one may ask all the time."""

import os
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from safelight.files.folders import is_plain
from safelight.files.picture_files import ENDINGS

SETTLED = 2.0  # seconds without a change, after which a file is taken to be finished and a folder to be told whole


@dataclass(frozen=True)
class Lying:
    """What lies in a folder.

    Attributes:
        names: Of the pictures, `/` between the parts; what begins with a dot is hidden, and links are not followed, as
            whoever deletes one would delete what it leads to.
        changed: When each folder was changed last, in nanoseconds since 1970; None where that is only just now.
    """

    names: tuple[str, ...] = ()
    changed: dict[str, int | None] = field(default_factory=dict)


def lying_in(top: Path, without: Collection[Path]) -> Lying:
    """Look into a folder.

    Args:
        top: The folder; may be missing.
        without: Folders in it that are passed over.
    """
    passed_over = {str(path) for path in without}
    names: list[str] = []
    start = str(top.resolve())
    changed: dict[str, int | None] = {start: None}
    waiting = [start]
    for place in waiting:  # grows while it is walked
        try:
            before = Path(place).stat().st_mtime_ns
            with os.scandir(place) as entries:
                inside = [entry for entry in entries if not entry.name.startswith(".")]
        except OSError:  # it has gone, or is not for us
            continue
        changed[place] = None if is_fresh(before / 1e9) else before
        above = "" if place == start else f"{place[len(start) + 1 :].replace(os.sep, '/')}/"
        for entry in inside:
            if entry.is_dir(follow_symlinks=False):
                if entry.path not in passed_over:
                    waiting.append(entry.path)
            elif f".{entry.name.rpartition('.')[2].lower()}" in ENDINGS and not entry.is_symlink():
                names.append(above + entry.name)
    return Lying(tuple(names), changed)


def is_as_before(lying: Lying) -> bool:
    """Whether nothing has come into the folders or gone from them since."""
    try:
        return all(Path(place).stat().st_mtime_ns == before for place, before in lying.changed.items())
    except OSError:
        return False


def is_fresh(changed: float) -> bool:
    """Whether something was changed so lately, in seconds since 1970, that more may follow."""
    return 0 <= time.time() - changed < SETTLED


def can_be_listed(name: str) -> bool:
    """Whether a name is one that the folders of a person take."""
    return "\\" not in name and is_plain(name)
