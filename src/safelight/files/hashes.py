"""SHA-256 of model files: what people quote to say exactly which file made a picture."""

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

from safelight.files.atomic import write_whole

SHORT_DIGITS = 10  # as AUTOMATIC1111 and Civitai quote it


def sha256(path: Path, cache: Path) -> str:
    """The hash of a file, as 64 hexadecimal digits.

    Reading gigabytes takes seconds, so the result is kept, and counts until the file's size or time of
    change differ.

    Args:
        path: The file.
        cache: A folder for results, shared by any number of processes.
    """
    kept = known_sha256(path, cache)
    if kept is not None:
        return kept
    path = path.resolve()
    stamp = _stamp(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    with suppress(OSError):  # a full or read-only disk costs time at the next asking, nothing else
        write_whole(_kept_at(path, cache), json.dumps([*stamp, digest]).encode())
    return digest


def known_sha256(path: Path, cache: Path) -> str | None:
    """The hash of a file where it need not be read for it; arguments as of `sha256`."""
    path = path.resolve()
    stamp = _stamp(path)
    try:
        *kept, digest = json.loads(_kept_at(path, cache).read_text())
    except (OSError, ValueError):
        return None
    return str(digest) if kept == stamp else None


def _stamp(path: Path) -> list[object]:
    status = path.stat()
    return [str(path), status.st_size, status.st_mtime_ns]


def _kept_at(path: Path, cache: Path) -> Path:
    return cache / f"{hashlib.sha256(os.fsencode(path)).hexdigest()}.json"


def short(digest: str) -> str:
    """The first ten digits of a hash."""
    return digest[:SHORT_DIGITS]
