"""What files say of pictures: NAME.txt and NAME.caption beside them, and metadata.jsonl for a whole folder."""

import json
import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from safelight.errors import BadInput
from safelight.runs.data.problems import Problem, tellable

CAPTION_ENDINGS = (".txt", ".caption")
"""Of caption files; the first that is there counts."""
METADATA = "metadata.jsonl"
MAX_BYTES = 65_536
"""Longest caption file, and longest line of metadata; captions have some hundred bytes."""
TOO_LONG = f"it is longer than {MAX_BYTES:,} bytes"


def named(path: Path, folder: Path) -> str:
    """A path in the folder as people are told it."""
    return tellable(path.relative_to(folder).as_posix())


def read_caption(path: Path, folder: Path, problems: list[Problem]) -> str | None:
    """The caption in a file, lines and spaces joined to single spaces; None where it cannot be read, which is told."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise BadInput(TOO_LONG)
        return _joined(_decoded(content))
    except (OSError, BadInput) as error:
        what = f"The caption cannot be read: {_reason(error)}."
    problems.append(Problem(named(path, folder), what, "Write it anew as plain text in UTF-8.", "caption"))
    return None


def read_metadata(path: Path, folder: Path, problems: list[Problem]) -> dict[str, str]:
    """Captions by the picture, as `named` has it; lines that cannot be read are left out and told."""
    captions: dict[str, str] = {}
    place = named(path.parent, folder)
    try:
        with path.open("rb") as file:
            for number, line in enumerate(_lines(file), start=1):
                if line is not None and not line.strip():
                    continue
                try:
                    picture, text = _entry(line)
                    captions[posixpath.normpath(f"{place}/{picture}")] = text
                except BadInput as error:
                    what = f"Line {number} cannot be read: {_reason(error)}."
                    mend = 'Write a line for each picture: {"file_name": "1.png", "text": "a cat"}.'
                    problems.append(Problem(named(path, folder), what, mend, "caption"))
    except OSError as error:
        what = f"The captions cannot be read: {_reason(error)}."
        problems.append(Problem(named(path, folder), what, "See that you may read the file.", "caption"))
    return captions


def _lines(file: BinaryIO) -> Iterator[bytes | None]:
    """The lines of a file; None for one that is too long, which is not held in memory."""
    while line := file.readline(MAX_BYTES):
        is_whole = line.endswith(b"\n") or len(line) < MAX_BYTES
        yield line if is_whole else None
        while not is_whole and line and not line.endswith(b"\n"):
            line = file.readline(MAX_BYTES)


def _entry(line: bytes | None) -> tuple[str, str]:
    """The picture and the text of a line."""
    if line is None:
        raise BadInput(TOO_LONG)
    text = _decoded(line)
    try:
        entry = json.loads(text)
        picture, text = entry["file_name"], entry.get("text", "")
        is_sound = bool((picture + text).encode()) and "\0" not in picture
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        is_sound = False
    if not is_sound:
        raise BadInput("it is no JSON with a file_name and a text")
    return picture, _joined(text)


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput("it is not written in UTF-8") from error


def _reason(error: OSError | BadInput) -> str:
    return error.what if isinstance(error, BadInput) else str(error.strerror)


def _joined(text: str) -> str:
    return " ".join(text.split())
