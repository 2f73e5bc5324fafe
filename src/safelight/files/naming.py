"""Names of saved files, and writing that leaves either the whole file or none."""

import errno
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from safelight.errors import SafelightError

BATCH_NUMBER = "%batch_num%"
"""In a name: the picture's place in its batch, filled in for each."""

Note = Callable[[Path, Path], None]
"""(finished file under a name of its own, name that it is about to get) -> None."""


@dataclass(frozen=True)
class Claim:
    """One file of a job that is run again when its worker is killed, and is then to get the same name.

    Attributes:
        earlier: What an earlier run called it; None where that run did not come so far, or the file is gone.
        note: Remembers its name for later runs.
        part: Names the file while it is written: 16 hexadecimal digits, the same at each run, so that what a run has
            left that was killed is written over.
    """

    earlier: Path | None
    note: Note
    part: str = field(default_factory=lambda: secrets.token_hex(8))


# Tokens of a date format, longest first, as in `%date:yyyy-MM-dd%`.
DATE_PARTS: Mapping[str, Callable[[datetime], str]] = {
    "yyyy": lambda now: f"{now.year:04}",
    "yy": lambda now: f"{now.year % 100:02}",
    "MM": lambda now: f"{now.month:02}",
    "M": lambda now: str(now.month),
    "dd": lambda now: f"{now.day:02}",
    "d": lambda now: str(now.day),
    "hh": lambda now: f"{now.hour:02}",
    "h": lambda now: str(now.hour),
    "mm": lambda now: f"{now.minute:02}",
    "m": lambda now: str(now.minute),
    "ss": lambda now: f"{now.second:02}",
    "s": lambda now: str(now.second),
}

_DATE_PART = re.compile("|".join(DATE_PARTS))
_DATE = re.compile(r"%date(?::([^%]*))?%")
_PART = re.compile(r"\.[0-9a-f]{16}\.part")


def filled_in(prefix: str, *, width: int, height: int, now: datetime) -> str:
    """A file name prefix with its tokens filled in.

    Args:
        prefix: May hold %width% %height% %year% %month% %day% %hour% %minute% %second%, %date% and
            %date:FORMAT% with FORMAT of yyyy yy MM M dd d hh h mm m ss s.
        width, height: Of the picture, in pixels.
        now: The time that the name tells.
    """
    tokens = {
        "width": str(width),
        "height": str(height),
        "year": DATE_PARTS["yyyy"](now),
        "month": DATE_PARTS["MM"](now),
        "day": DATE_PARTS["dd"](now),
        "hour": DATE_PARTS["hh"](now),
        "minute": DATE_PARTS["mm"](now),
        "second": DATE_PARTS["ss"](now),
    }
    for token, value in tokens.items():
        prefix = prefix.replace(f"%{token}%", value)
    return _DATE.sub(lambda date: formatted_date(date[1] or "yyyy-MM-dd", now), prefix)


def formatted_date(pattern: str, now: datetime) -> str:
    """`now` by a pattern of the tokens in `DATE_PARTS`."""
    return _DATE_PART.sub(lambda part: DATE_PARTS[part[0]](now), pattern)


def next_counter(directory: Path, stem: str) -> int:
    """One more than the highest number among the files named STEM_00001_… in a directory; 1 where there is none."""
    before = r"\d+".join(re.escape(part) for part in stem.split(BATCH_NUMBER))
    numbered = re.compile(rf"{before}_(\d+)_")
    found = (numbered.match(entry.name) for entry in os.scandir(directory))
    return max((int(match[1]) for match in found if match), default=0) + 1


def write_numbered(
    directory: Path,
    stem: str,
    ending: str,
    counter: int,
    write: Callable[[BinaryIO], None],
    claim: Claim | None = None,
) -> tuple[Path, int]:
    """Write a new file DIRECTORY/STEM_00001_.ENDING, whole or not at all; an existing file is never replaced.

    Args:
        counter: The number to begin with; numbers that others have taken meanwhile are passed over.
        ending: With its dot.
        write: Puts the content into an open file.
        claim: Whose file it is, of a job that may be run again.

    Returns:
        The file, and its number.

    Raises:
        SafelightError: If the file cannot be written.
    """
    with _finished_part(directory, f"{stem}{ending}", write, claim) as part:
        while True:
            path = directory / f"{stem}_{counter:05}_{ending}"
            if claim is not None and not path.exists():
                claim.note(part, path)
            if _given_name(part, path):
                return path, counter
            counter += 1


def write_again(path: Path, write: Callable[[BinaryIO], None], claim: Claim | None = None) -> None:
    """Write a file in place of the one that an earlier run of the job wrote, whole or not at all.

    Args:
        path: The file.
        write: Puts the content into an open file.
        claim: Whose file it is, of a job that may be run again.

    Raises:
        SafelightError: If the file cannot be written.
    """
    with _finished_part(path.parent, path.name, write, claim) as part:
        if claim is not None:
            claim.note(part, path)
        part.replace(path)


def remove_parts(directory: Path, older_than: float) -> None:
    """Remove what processes that were killed have left half written, at any depth below a directory.

    Args:
        directory: May be missing.
        older_than: Seconds since the last change, below which a file may still be written to.
    """
    begun_before = time.time() - older_than
    for place, _, files in os.walk(directory):
        for part in [Path(place, name) for name in files if _PART.fullmatch(name)]:
            with suppress(OSError):
                if part.stat().st_mtime < begun_before:
                    part.unlink()


@contextmanager
def _finished_part(
    directory: Path, name: str, write: Callable[[BinaryIO], None], claim: Claim | None
) -> Iterator[Path]:
    """A file that is written and on the disk, to be given its name; afterwards its first name is gone."""
    part = directory / f".{claim.part if claim else secrets.token_hex(8)}.part"
    try:
        with part.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        yield part
    except OSError as error:
        raise SafelightError(
            what=f"{name} could not be saved in {directory}: {error.strerror or error}.",
            mend="Free some space, or choose a folder that can be written to.",
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _given_name(part: Path, path: Path) -> bool:
    """Give a finished file its name, unless that is taken."""
    try:
        path.hardlink_to(part)
    except FileExistsError:
        return False
    except OSError as error:
        # File systems without hard links (FAT, some network shares).
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
            raise
        if path.exists():
            return False
        part.rename(path)
    return True
