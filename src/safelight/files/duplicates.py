"""Model files that are there twice, told by a few samples of what is in them."""

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from safelight.errors import BadInput
from safelight.files.folders import MODEL_FOLDERS, Folders
from safelight.files.hashes import known_sha256

SAMPLES = 64
SAMPLE = 4096  # bytes
REMEMBERED = 4096  # files
_FILES = tuple(name for name, kind in MODEL_FOLDERS.items() if not kind.marked_by)


@dataclass(frozen=True)
class ListedFile:
    """A model file by one of its names.

    Attributes:
        folder, name: As its folder lists it.
        path: Where it is, links followed.
        size: In bytes.
    """

    folder: str
    name: str
    path: Path
    size: int

    @property
    def title(self) -> str:
        """What people call it where several folders are meant."""
        return f"{self.folder}/{self.name}"


@dataclass(frozen=True)
class Twins:
    """Files that have the same content.

    Attributes:
        files: At least two.
        certain: Whether their hashes say so; else it is size and samples that are the same.
    """

    files: tuple[ListedFile, ...]
    certain: bool


def twins(folders: Folders, cache: Path) -> list[Twins]:
    """All files that are there twice, the largest first; one file under two names is no twin of itself.

    Args:
        folders: Where files are.
        cache: Folder of the hashes that are known.
    """
    by_size: dict[int, dict[object, ListedFile]] = defaultdict(dict)
    for folder in _FILES:
        for name in folders.list(folder):
            try:
                path = folders.resolve(folder, name)
                facts = path.stat()
            except (BadInput, OSError):  # gone meanwhile
                continue
            if facts.st_size:
                one = ListedFile(folder, name, path, facts.st_size)
                by_size[facts.st_size].setdefault((facts.st_dev, facts.st_ino), one)
    found: list[Twins] = []
    for _, files in sorted(by_size.items(), reverse=True):
        if len(files) > 1:
            found += _told_apart(list(files.values()), cache)
    return found


def _told_apart(files: list[ListedFile], cache: Path) -> list[Twins]:
    """Which of some files of one size have the same content."""
    alike: dict[object, list[ListedFile]] = defaultdict(list)
    for file in files:
        try:
            facts = file.path.stat()
            alike[_sampled(file.path, facts.st_size, facts.st_mtime_ns)].append(file)
        except OSError:
            continue
    found = []
    for group in alike.values():
        hashes = {file: known_sha256(file.path, cache) for file in group}
        known = set(hashes.values()) - {None}
        if len(known) < 2:
            parts = [group]
        else:
            parts = [[file for file in group if hashes[file] == digest] for digest in hashes.values()]
            parts = [part for number, part in enumerate(parts) if part not in parts[:number]]
        found += [
            Twins(tuple(part), certain=len({hashes[file] for file in part}) == 1 and hashes[part[0]] is not None)
            for part in parts
            if len(part) > 1
        ]
    return found


@lru_cache(maxsize=REMEMBERED)
def _sampled(path: Path, size: int, written: int) -> bytes:
    """Stands for the content of a file: its beginning, its end, and pieces between them."""
    del written  # another time is another file
    digest = blake2b(digest_size=16)
    with path.open("rb", buffering=0) as file:
        for number in range(SAMPLES):
            file.seek(max(0, size - SAMPLE) * number // (SAMPLES - 1))
            digest.update(file.read(SAMPLE))
    return digest.digest()
