"""What a cluster runs beside each engine: an engine of its own machine, spoken to from the server's."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from safelight import __version__
from safelight.engine.files import PIECE, Incoming, NamedFile, find
from safelight.engine.interface import EngineLost
from safelight.engine.local import LocalEngine
from safelight.errors import BadInput, SafelightError
from safelight.files.folders import Folders
from safelight.logs import log_as_json
from safelight.protocol.commands import Command
from safelight.protocol.reports import Report, Unfit
from safelight.settings import DEFAULT_HOME, Settings, read_settings

MARK = "cache/cluster"
"""Below the server's home folder: says, where another machine sees it, that they have the same one."""
OWN_HOME = DEFAULT_HOME / "cluster"


class Relay:
    """Runs on the machine of the engine, as a Ray actor; every method is called from the server's machine."""

    def __init__(self) -> None:
        log_as_json()
        self._engine: LocalEngine | None = None
        self._said: asyncio.Queue[Report | EngineLost] = asyncio.Queue()
        self._hearing: asyncio.Task[None] | None = None
        self._folders: Folders | None = None
        self._incoming: tuple[Incoming, Path] | None = None

    async def begin(self, version: str, server: Mapping[str, object], mark: str, name: str, threads: int) -> bool:
        """Start the engine.

        Args:
            version: Of the server.
            server: Its settings.
            mark: What `MARK` says on its machine.
            name: Of the engine.
            threads: Of the processor that are the engine's.

        Returns:
            Whether it works in the server's home folder, so that no files have to be sent.

        Raises:
            EngineLost: There can be no such process.
        """
        # else it would be one thread: Ray sets that for all that it runs
        os.environ |= {"OMP_NUM_THREADS": str(threads), "OMP_WAIT_POLICY": "PASSIVE"}
        try:
            if version != __version__:
                raise BadInput(
                    f"Its machine has Safelight {__version__}, and the server's has {version}.",
                    mend="Install the same on both.",
                )
            settings, is_shared = settings_here(server, mark)
            self._folders = Folders.at(settings.home, [root for root in settings.model_roots if root.is_dir()])
        except SafelightError as error:
            await self.say([Unfit(error.what, error.mend)])
            return False
        self._engine = LocalEngine(settings, name)
        await self._engine.start()
        self._hearing = asyncio.create_task(self._hear(self._engine))
        return is_shared

    async def stop(self) -> None:
        """End the engine's process, at once and whatever it does."""
        if self._incoming is not None:
            self._incoming[0].abandon()
        if self._engine is not None:
            await self._engine.stop()

    async def take(self, command: Command) -> None:
        """Tell the engine what to do."""
        if self._engine is not None:
            await self._engine.send(command)

    async def say(self, reports: Sequence[Report]) -> None:
        """Have something reported in the engine's place."""
        for report in reports:
            self._said.put_nowait(report)

    async def said(self) -> list[Report | EngineLost]:
        """All that the engine has reported since the last time, or why it is lost; waits for something."""
        reports = [await self._said.get()]
        while not self._said.empty():
            reports.append(self._said.get_nowait())
        return reports

    async def find(self, files: Sequence[NamedFile], user: str) -> list[str | None]:
        """Where files are on this machine, by name and content; None for those that are not.

        Args:
            files: What is looked for.
            user: Whose pictures are meant; empty where there is one person only.
        """

        def look() -> list[str | None]:
            paths = [find(file, self._folders_of(user)) for file in files]
            return [None if path is None else str(path) for path in paths]

        return await asyncio.to_thread(look)

    async def receive(self, file: NamedFile, user: str) -> None:
        """Begin to receive a file, which replaces one of the same name.

        Raises:
            OSError: It cannot be written.
            SafelightError: It may not be.
        """
        if self._incoming is not None:
            self._incoming[0].abandon()
        path = self._folders_of(user).writable(file.folder, file.name)
        self._incoming = Incoming(file, path), path

    async def add(self, piece: bytes) -> None:
        """Receive the next piece.

        Raises:
            OSError: It cannot be written.
        """
        assert self._incoming is not None, "a file has been begun"
        await asyncio.to_thread(self._incoming[0].add, piece)

    async def finish(self) -> str:
        """The file is complete; where it is.

        Raises:
            SafelightError: It is not the one that was begun.
            OSError: It cannot be written.
        """
        assert self._incoming is not None, "a file has been begun"
        (incoming, path), self._incoming = self._incoming, None
        await asyncio.to_thread(incoming.finish)
        return str(path)

    async def read(self, folder: str, name: str, user: str, offset: int) -> bytes:
        """A piece of a file that the engine has made; nothing behind its end.

        Raises:
            SafelightError: There is no such file.
            OSError: It cannot be read.
        """

        def piece() -> bytes:
            with self._folders_of(user).resolve(folder, name).open("rb") as file:
                file.seek(offset)
                return file.read(PIECE)

        return await asyncio.to_thread(piece)

    async def remove(self, folder: str, name: str, user: str) -> None:
        """Remove a file that the engine has made, as the server has it now."""
        self._folders_of(user).resolve(folder, name).unlink(missing_ok=True)

    async def _hear(self, engine: LocalEngine) -> None:
        try:
            async for report in engine.reports():
                self._said.put_nowait(report)
        except EngineLost as lost:
            self._said.put_nowait(lost)

    def _folders_of(self, user: str) -> Folders:
        assert self._folders is not None, "it has begun"
        return self._folders.of_user(user)


def settings_here(server: Mapping[str, object], mark: str) -> tuple[Settings, bool]:
    """The settings of an engine on this machine: the server's, but for where files are.

    The home folder is `SAFELIGHT_HOME` of this machine; else the server's, where this machine sees it too; else one
    for this purpose alone, whose `settings.toml` may name more folders with models.

    Args:
        server: The server's settings.
        mark: What `MARK` says on the server's machine.

    Returns:
        The settings, and whether the home folder is the server's.

    Raises:
        BadInput: A setting of this machine is wrong.
    """
    servers = Path(str(server["home"]))
    home = Path(os.environ.get("SAFELIGHT_HOME") or (servers if _is_marked(servers, mark) else OWN_HOME))
    own = read_settings(home=home)
    if _is_marked(own.home, mark):
        return read_settings(**{**server, "home": own.home}), True
    return read_settings(**{**server, "home": own.home, "model_roots": own.model_roots}), False


def _is_marked(home: Path, mark: str) -> bool:
    try:
        return (home / MARK).read_text() == mark
    except (OSError, UnicodeDecodeError):
        return False
