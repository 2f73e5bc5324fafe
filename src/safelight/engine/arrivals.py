"""Files that engines on other machines have made, as they come to the server's."""

import re
import shutil
from collections import Counter
from functools import partial
from pathlib import Path
from typing import BinaryIO

from safelight.files.folders import Folders
from safelight.files.naming import next_counter, write_again, write_numbered

_NUMBERED = re.compile(r"(?P<stem>.+)_\d{5,}_")


class Arrivals:
    """Gives such files their names, as every machine begins to count at 1. From any thread, for each job one.

    A job that is run again, because its engine was lost, leaves no file twice.

    Args:
        folders: Those of the server's home folder.
    """

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._paths: dict[str, dict[tuple[str, int], Path]] = {}  # by job: (node, how-manieth of its files)
        self._counts: dict[str, Counter[str]] = {}  # by job: files of this run by node

    def begin(self, job: str) -> None:
        """The job is run, for the first time or again."""
        self._paths.setdefault(job, {})
        self._counts[job] = Counter()

    def end(self, job: str) -> None:
        """The job has ended, and will not be run again."""
        self._paths.pop(job, None)
        self._counts.pop(job, None)

    def put(self, job: str, node: str, user: str, folder: str, name: str, content: BinaryIO) -> str:
        """Keep the next file of a node.

        Args:
            job: A job that has begun.
            node: Who made it.
            user: Whose it is; empty where there is one person only.
            folder: `output` or `temp`.
            name: What it is called where it was made.
            content: Open at its beginning.

        Returns:
            What it is called here.

        Raises:
            SafelightError: It cannot be written.
        """
        place = node, self._counts[job][node]
        self._counts[job][node] += 1
        folders = self._folders.of_user(user)
        write = partial(shutil.copyfileobj, content)
        path = self._paths[job].get(place)
        if path is not None:
            write_again(path, write)
        else:
            there = folders.writable(folder, name)
            numbered = _NUMBERED.fullmatch(there.stem)
            stem = numbered["stem"] if numbered else there.stem
            counter = next_counter(there.parent, stem)
            path, _ = write_numbered(there.parent, stem, there.suffix, counter, write)
            self._paths[job][place] = path
        return path.relative_to(folders.directories[folder][0].resolve()).as_posix()
