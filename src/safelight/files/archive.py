"""Several files as one ZIP archive, written while it is sent: pictures are compressed already, so they are stored."""

import io
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, cast
from zipfile import ZIP_STORED, ZipFile, ZipInfo

CHUNK = 1 << 20  # bytes


def archive(files: Iterable[tuple[str, Path]]) -> Iterator[bytes]:
    """The bytes of an archive, piece by piece.

    Args:
        files: Name in the archive, and where the file is. Of equal names all but the first get a number; files that are
            gone are left out.
    """
    taken: set[str] = set()
    pipe = _Pipe()
    with ZipFile(cast(IO[bytes], pipe), "w", ZIP_STORED) as target:
        for name, path in files:
            try:
                source = path.open("rb")
                about = ZipInfo.from_file(path, _free(name, taken), strict_timestamps=False)
            except OSError:
                continue
            with source, target.open(about, "w") as entry:
                while piece := source.read(CHUNK):
                    entry.write(piece)
                    yield pipe.take()
    yield pipe.take()


def _free(name: str, taken: set[str]) -> str:
    """A name that no file in the archive has, on systems that do not tell capitals either."""
    given, free, number = PurePosixPath(name), name, 1
    while free.casefold() in taken:
        number += 1
        free = str(given.with_stem(f"{given.stem} ({number})"))
    taken.add(free.casefold())
    return free


class _Pipe(io.RawIOBase):
    """Takes what is written, and hands it on."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(cast(bytes, data))
        self._written.append(piece)
        return len(piece)

    def take(self) -> bytes:
        """What was written since the last time."""
        taken, self._written = b"".join(self._written), []
        return taken
