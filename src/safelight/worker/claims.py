"""What a job's files are called, on the disk: a job whose worker was killed is run again, and leaves no file twice."""

import json
import logging
import os
import time
from collections import defaultdict
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path

from safelight.files.naming import Claim

log = logging.getLogger(__name__)

ENDING = ".jsonl"


@dataclass(frozen=True)
class _Record:
    """A name that a file was about to be given; it has got it if what is there is the same file.

    Attributes:
        claimant: Whose file it is.
        number: The how-manieth of them, from 0.
        path: The name.
        inode, changed: Of the file, before it got the name.
    """

    claimant: str
    number: int
    path: str
    inode: int
    changed: int

    def holds(self) -> bool:
        """Whether the file is there."""
        try:
            facts = Path(self.path).stat()
        except OSError:
            return False
        return (facts.st_ino, facts.st_mtime_ns) == (self.inode, self.changed)


class Claims:
    """The files of one job.

    Args:
        folder: Where claims are kept.
        job: The job's id; when it is run again, the same.
    """

    def __init__(self, folder: Path, job: str) -> None:
        # hashed, as clients may choose ids
        self._file = folder / f"{blake2b(job.encode(errors='surrogatepass'), digest_size=16).hexdigest()}{ENDING}"
        self._earlier: dict[tuple[str, int], list[_Record]] = defaultdict(list)
        for record in _read(self._file):
            self._earlier[record.claimant, record.number].append(record)

    def of(self, claimant: str, number: int) -> Claim:
        """The `number`th file of a claimant. An earlier file is found once, so that two never get one name."""
        records = self._earlier[claimant, number]
        path = next((record.path for record in records if record.holds()), None)
        self._earlier[claimant, number] = [record for record in records if record.path != path]
        part = blake2b(f"{self._file.name} {claimant} {number}".encode(), digest_size=8).hexdigest()
        return Claim(None if path is None else Path(path), partial(self._note, claimant, number), part)

    def forget(self) -> None:
        """The job has ended, and will not be run again."""
        with suppress(OSError):
            self._file.unlink(missing_ok=True)

    def _note(self, claimant: str, number: int, part: Path, path: Path) -> None:
        facts = part.stat()
        record = _Record(claimant, number, str(path), facts.st_ino, facts.st_mtime_ns)
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a") as file:
                file.write(f"\n{json.dumps(asdict(record))}\n")  # in lines of its own, even after half a line
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            log.warning("%s may be saved twice if this process is killed now: %s", path.name, error)


def remove_old_claims(folder: Path, older_than: float) -> None:
    """Remove the claims of jobs that were never run again.

    Args:
        folder: Where claims are kept; may be missing.
        older_than: Seconds since the last change.
    """
    changed_before = time.time() - older_than
    for file in folder.glob(f"*{ENDING}"):
        with suppress(OSError):
            if file.stat().st_mtime < changed_before:
                file.unlink()


def _read(file: Path) -> list[_Record]:
    try:
        lines = file.read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    records = []
    for line in lines:
        with suppress(ValueError, TypeError):  # empty, or half a line: the process was killed while it wrote
            records.append(_Record(**json.loads(line)))
    return records
