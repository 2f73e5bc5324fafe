"""Names of saved files, and writing that leaves either the whole file or none."""

import errno
import os
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from safelight.errors import SafelightError

BATCH_NUMBER = "%batch_num%"
"""In a name: the picture's place in its batch, filled in for each."""

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
    directory: Path, stem: str, ending: str, counter: int, write: Callable[[BinaryIO], None]
) -> tuple[Path, int]:
    """Write a new file DIRECTORY/STEM_00001_.ENDING, whole or not at all; an existing file is never replaced.

    Args:
        counter: The number to begin with; numbers that others have taken meanwhile are passed over.
        ending: With its dot.
        write: Puts the content into an open file.

    Returns:
        The file, and its number.

    Raises:
        SafelightError: If the file cannot be written.
    """
    part = directory / f".{secrets.token_hex(8)}.part"
    try:
        with part.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        while True:
            path = directory / f"{stem}_{counter:05}_{ending}"
            if _given_name(part, path):
                return path, counter
            counter += 1
    except OSError as error:
        raise SafelightError(
            what=f"{stem}{ending} could not be saved in {directory}: {error.strerror or error}.",
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
