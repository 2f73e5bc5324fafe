"""Changes single settings of a TOML file that people write too: all other lines, and their comments, stay."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

Setting = str | bool | int | float | list[str]


def changed(text: str, values: Mapping[str, Setting | None]) -> str:
    """The text with other values.

    Args:
        text: A TOML document without tables.
        values: By key; None takes the line out. A key that the document does not have is put at its end.

    Raises:
        ValueError: The text is not TOML, or has tables in it.
    """
    parts, left = [], dict(values)
    for key, part in _parts(text):
        if key not in values:
            parts.append(part)
            continue
        left.pop(key, None)
        value = values[key]
        if value is not None:
            parts.append(f"{key} = {written(value)}{_rest(part)}")
    lines = [f"{key} = {written(value)}\n" for key, value in left.items() if value is not None]
    if lines and parts and not parts[-1].endswith("\n"):
        parts.append("\n")
    return "".join([*parts, *lines])


def written(value: Setting) -> str:
    """A value as TOML has it."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case list():
            return f"[{', '.join(written(each) for each in value)}]"
    return repr(value)


def read_text(path: Path) -> str:
    """The file, with its line endings; nothing where there is none."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """The document in pieces that can be read alone, each with its key; comments and empty lines have none."""
    tomllib.loads(text)
    waiting = ""
    for line in text.splitlines(keepends=True):
        waiting += line
        try:
            read = tomllib.loads(waiting)
        except tomllib.TOMLDecodeError:  # a value of several lines, which is not over yet
            continue
        if any(isinstance(value, dict) for value in read.values()):
            raise ValueError("it has tables, and settings are in none")
        yield next(iter(read), ""), waiting
        waiting = ""


def _rest(part: str) -> str:
    """What stands behind the value: a comment, the end of the line."""
    body = part.rstrip("\r\n")
    end = part[len(body) :]
    read = tomllib.loads(part)
    for place, sign in enumerate(body):
        if sign != "#":
            continue
        try:
            is_comment = tomllib.loads(body[:place]) == read
        except tomllib.TOMLDecodeError:
            continue
        if is_comment:
            value = body[:place].rstrip()
            return body[len(value) :] + end
    return end
