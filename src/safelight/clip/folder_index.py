"""Any folder of pictures, looked at once and then searched: what CLIP saw is kept in the home folder's cache.

An index is two files that only grow: a line of JSON for each picture, and the vectors one after another. A line that
was cut off when the program was ended, or whose vector was, is dropped, and its picture looked at again.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from safelight.clip.looking import TOGETHER, Eye, as_bytes
from safelight.files.atomic import write_whole
from safelight.files.hashes import short
from safelight.files.lock import locked
from safelight.files.picture_files import ENDINGS

if TYPE_CHECKING:
    from torch import Tensor

PLACE = "cache/folders"


@dataclass(frozen=True)
class Line:
    """A picture of the folder.

    Attributes:
        name: Its path in the folder, `/` between the parts.
        size: Of the file, in bytes.
        changed: When it was changed last, in nanoseconds since 1970.
        row: Of its vector; -1 where there is none.
        problem: Why there is none.
    """

    name: str
    size: int
    changed: int
    row: int
    problem: str = ""


@dataclass(frozen=True)
class Found:
    """A picture that was found, and how like it is to what was searched for, -1 to 1."""

    path: Path
    likeness: float


class FolderIndex:
    """What a CLIP saw in the pictures of a folder and the folders in it; nothing is written there.

    Args:
        home: The home folder.
        folder: The folder.
        eye: Looks at its pictures.
    """

    def __init__(self, home: Path, folder: Path, eye: Eye) -> None:
        self._folder = folder.resolve()
        self._eye = eye
        key = hashlib.sha256(os.fsencode(self._folder)).hexdigest()
        self._place = home / PLACE / f"{short(key)}-{short(eye.sha256)}"
        self._place.mkdir(parents=True, exist_ok=True)
        self._lines, self._rows = self._read()

    def update(self) -> Iterator[tuple[int, int]]:
        """Look at what is new or has changed; how many pictures are done, and how many there are, as it goes.

        Raises:
            BadInput: Another process does so already.
        """
        there = dict(self._there())
        new = [name for name, stamp in there.items() if self._stamp(name) != stamp]
        done = len(there) - len(new)
        yield done, len(there)
        what, mend = f"The pictures of {self._folder} are being looked at already.", "Wait until that is done."
        with locked(self._place / "lock", what, mend):
            self._cut()
            for start in range(0, len(new), TOGETHER):
                some = new[start : start + TOGETHER]
                vectors, problems = self._eye.look_at([self._folder / name for name in some])
                self._add([(name, *there[name]) for name in some], vectors, problems)
                yield done + start + len(some), len(there)

    def nearest(self, vector: "Tensor", count: int) -> list[Found]:
        """The pictures that are the most like a vector [P], the most alike first; those that are gone are left out."""
        if not self._rows:
            return []
        seen = np.memmap(self._place / "vectors.f32", "<f4", "r", shape=(self._rows, self._eye.model.dims))
        likeness = seen @ vector.numpy()
        names = {line.row: line.name for line in self._lines.values() if line.row >= 0}
        found: list[Found] = []
        for row in np.argsort(-likeness, kind="stable"):
            path = self._folder / names[int(row)] if int(row) in names else None
            if path is not None and path.is_file():
                found.append(Found(path, float(likeness[row])))
                if len(found) == count:
                    break
        return found

    @property
    def unreadable(self) -> list[Line]:
        """Pictures that cannot be read."""
        return [line for line in self._lines.values() if line.problem]

    def _there(self) -> Iterator[tuple[str, tuple[int, int]]]:
        """The pictures of the folder, each with its size and when it was changed."""
        for place, inner, files in os.walk(self._folder):
            inner[:] = sorted(name for name in inner if not name.startswith("."))
            for name in sorted(files):
                path = Path(place, name)
                if path.suffix.lower() in ENDINGS and not name.startswith(".") and path.is_file():
                    status = path.stat()
                    yield path.relative_to(self._folder).as_posix(), (status.st_size, status.st_mtime_ns)

    def _stamp(self, name: str) -> tuple[int, int] | None:
        line = self._lines.get(name)
        return None if line is None else (line.size, line.changed)

    def _read(self) -> tuple[dict[str, Line], int]:
        """The lines that are whole and have their vectors, and how many vectors they have."""
        lines: dict[str, Line] = {}
        rows = 0
        try:
            written = (self._place / "pictures.jsonl").read_bytes().split(b"\n")[:-1]
            vectors = (self._place / "vectors.f32").stat().st_size // (4 * self._eye.model.dims)
        except FileNotFoundError:
            return lines, rows
        for text in written:
            try:
                line = Line(**json.loads(text))
            except (ValueError, TypeError):
                break
            if line.row >= vectors:
                break
            lines[line.name] = line
            rows = max(rows, line.row + 1)
        return lines, rows

    def _cut(self) -> None:
        """Take off what was written in part, and what others have added since."""
        self._lines, self._rows = self._read()
        texts = [json.dumps(asdict(line)) + "\n" for line in self._lines.values()]
        write_whole(self._place / "pictures.jsonl", "".join(texts).encode())
        with (self._place / "vectors.f32").open("ab") as file:
            file.truncate(self._rows * 4 * self._eye.model.dims)

    def _add(self, pictures: Sequence[tuple[str, int, int]], vectors: "Tensor", problems: Sequence[str]) -> None:
        lines = []
        for (name, size, changed), problem in zip(pictures, problems, strict=True):
            lines.append(Line(name, size, changed, -1 if problem else self._rows, problem))
            self._rows += not problem
        with (self._place / "vectors.f32").open("ab") as file:  # first: a line stands for a vector that is there
            file.write(as_bytes(vectors))
        with (self._place / "pictures.jsonl").open("ab") as file:
            file.write("".join(json.dumps(asdict(line)) + "\n" for line in lines).encode())
        self._lines.update((line.name, line) for line in lines)
