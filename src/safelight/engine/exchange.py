"""Brings files to an engine that does not see the server's home folder, and what it makes from there."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from safelight.engine.arrivals import Arrivals
from safelight.engine.files import PIECE, NamedFile, files_of
from safelight.errors import SafelightError
from safelight.files.folders import MODEL_FOLDERS, Folders
from safelight.graph.catalog import Catalog
from safelight.graph.formats import parse_api
from safelight.protocol.commands import Run
from safelight.protocol.events import Output

log = logging.getLogger(__name__)

Ask = Callable[..., Awaitable[Any]]
"""(name of a method of the engine's `Relay`, its arguments) -> what it gives."""


@dataclass(frozen=True)
class Here:
    """What the engines of a cluster share on the server's side.

    Attributes:
        folders: Those of the server's home folder.
        mark: See `relay.MARK`.
        arrivals: Names what they make.
        sending: By address of a machine, held by the one engine there that files are sent to.
    """

    folders: Folders
    mark: str
    arrivals: Arrivals
    sending: Mapping[str, asyncio.Lock]


class Exchange:
    """The files of one engine's jobs.

    Args:
        ask: Asks its relay.
        name: Of the engine.
        address: Of its machine.
        here: The server's side.
    """

    def __init__(self, ask: Ask, name: str, address: str, here: Here) -> None:
        self._ask = ask
        self._name = name
        self._address = address
        self._here = here
        self._paths: dict[str, str] = {}  # of models: there -> here
        self._brought: list[tuple[str, str, str]] = []  # folders, names and users of files that are here now

    def path_here(self, path: str) -> str:
        """What a model's path on that machine is here."""
        return self._paths.get(path, path)

    async def send(self, run: Run, catalog: Catalog) -> None:
        """Send what a job names and that machine lacks.

        Raises:
            EngineLost: The engine is gone.
            SafelightError, OSError: A file cannot be sent.
        """
        folders = self._here.folders.of_user(run.user)
        workflow, _ = parse_api(run.workflow)
        async with self._here.sending[self._address]:
            files = await asyncio.to_thread(files_of, workflow, catalog, folders)
            found = await self._ask("find", files, run.user)
            for file, there in zip(files, found, strict=True):
                path = there or await self._send_file(file, run.user)
                if file.folder in MODEL_FOLDERS:
                    self._paths[path] = file.path

    async def bring(self, output: Output, user: str) -> Output:
        """Bring a file that a job has made.

        Args:
            output: The file.
            user: Whose job it is; empty where there is one person only.

        Returns:
            The same with the file's name here.

        Raises:
            EngineLost: The engine is gone.
            SafelightError, OSError: The file cannot be brought, or cannot be kept here.
        """
        with TemporaryFile(dir=self._here.folders.home) as content:
            size = 0
            while piece := await self._ask("read", output.folder, output.path, user, size):
                size += await asyncio.to_thread(content.write, piece)
            content.seek(0)
            place = output.job, output.node, user, output.folder, output.path
            name = await asyncio.to_thread(self._here.arrivals.put, *place, content)
        self._brought.append((output.folder, output.path, user))
        return replace(output, path=name)

    async def tidy(self) -> None:
        """Remove there what was brought here; once a job has ended, as its nodes may look at what they made.

        Raises:
            EngineLost: The engine is gone.
        """
        while self._brought:
            with suppress(SafelightError, OSError):  # somebody has removed it
                await self._ask("remove", *self._brought[-1])
            self._brought.pop()

    async def _send_file(self, file: NamedFile, user: str) -> str:
        """Send a file; where it is then."""
        log.info("%s is sent to %s", file.name, self._name)
        await self._ask("receive", file, user)
        with await asyncio.to_thread(Path(file.path).open, "rb") as opened:
            while piece := await asyncio.to_thread(opened.read, PIECE):
                await self._ask("add", piece)
        return str(await self._ask("finish"))
