"""Results of costly nodes on the disk, by the key of what produced them: for the next process, and for other workers.

A file is written whole or not at all, and says itself whether it is sound, so that any number of workers share the
folder without locks. What cannot be written or read is made again.
"""

import logging
import os
import time
from pathlib import Path

from safelight.files.atomic import whole
from safelight.graph.keys import Key
from safelight.worker.stored import DamagedError, Entry, UnstorableError, pack, read

log = logging.getLogger(__name__)

LEAST_SECONDS = 0.3
"""What took less is made again as quickly as it is found."""
BYTES_PER_SECOND = 100_000_000
"""What has more bytes for each second it took is made again about as quickly as it is read."""
SMALLEST = 16_384  # bytes that a file counts at least, so that there are never too many to look at
KEPT = 0.9  # of the limit, once it was reached
LOOKS = 20  # into the folder while as much is written as may be in it, since others write too
SETTLED = 1_000_000_000  # ns; within less, a folder may change again and still have the same time of change
ENDING = ".safetensors"


class DiskCache:
    """Results up to `limit` bytes, the least recently used out first; the time of change of a file is when that was.

    Args:
        root: The folder of all results.
        kind: The folder in it for what this worker makes: other programs and precisions give other results.
        limit: Of `root`, in bytes.
    """

    def __init__(self, root: Path, kind: str, limit: int) -> None:
        self._root = root
        self._folder = root / kind
        self._limit = limit
        self._keys: set[str] = set()
        self._looked = 0  # when the folder was last changed, as far as `_keys` tells
        self._room = 0  # bytes that may be written before the next look at what there is

    def refresh(self) -> None:
        """See what other workers have written."""
        try:
            changed = self._folder.stat().st_mtime_ns
            if changed != self._looked:
                with os.scandir(self._folder) as files:
                    self._keys = {file.name.removesuffix(ENDING) for file in files if file.name.endswith(ENDING)}
                self._looked = changed if time.time_ns() - changed > SETTLED else 0
        except OSError:
            self._keys.clear()

    def get(self, key: Key) -> Entry | None:
        """The result under `key`, which is then the most recently used."""
        if key is None or key not in self._keys:
            return None
        path = self._path(key)
        try:
            entry = read(path)
            os.utime(path)
        except DamagedError as error:
            log.warning("a result on the disk cannot be used and is removed: %s", error)
            path.unlink(missing_ok=True)
        except OSError as error:
            log.debug("a result on the disk cannot be read: %s", error)  # most often it was the least recently used
        else:
            return entry
        self._keys.discard(key)
        return None

    def put(self, key: Key, entry: Entry, took: float) -> None:
        """Keep a result, if that is worth it and it is plain data.

        Args:
            key: What produced it; nothing is kept under None.
            entry: The result.
            took: Seconds that it took; infinity for what must not be done a second time.
        """
        if key is None or took < LEAST_SECONDS:
            return
        try:
            packed = pack(entry)
        except UnstorableError as error:
            log.debug("a result is not kept on the disk: it holds %s", error)
            return
        if packed.size > min(self._limit, took * BYTES_PER_SECOND):
            return
        try:
            self._make_room(max(packed.size, SMALLEST))
            with whole(self._path(key)) as file:
                packed.write(file)
        except OSError as error:
            log.warning("a result cannot be kept on the disk: %s", error)
            return
        self._keys.add(key)

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}{ENDING}"

    def _make_room(self, size: int) -> None:
        """Remove the least recently used files where `size` more bytes would be too many."""
        self._room -= size
        if self._room >= 0:
            return
        files = sorted(self._files())
        used = size + sum(file_size for _, file_size, _ in files)
        if used > self._limit:
            for _, file_size, path in files:
                path.unlink(missing_ok=True)
                used -= file_size
                if used <= self._limit * KEPT:
                    break
        self._room = min(self._limit - used, self._limit // LOOKS)

    def _files(self) -> list[tuple[int, int, Path]]:
        """(time of use, size, path) of each result, those of other kinds included."""
        found = []
        for path in self._root.glob(f"*/*{ENDING}"):
            try:
                facts = path.stat()
            except FileNotFoundError:  # another worker made room meanwhile
                continue
            found.append((facts.st_mtime_ns, max(facts.st_size, SMALLEST), path))
        return found
