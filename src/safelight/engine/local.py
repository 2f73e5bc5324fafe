"""Engines as processes of this machine, spoken to through pipes."""

import asyncio
import json
import logging
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Sequence

from safelight.engine.interface import Engine, EngineLost
from safelight.errors import BadInput
from safelight.logs import ENGINE
from safelight.protocol import commands, reports
from safelight.protocol.commands import Command
from safelight.protocol.reports import Report
from safelight.settings import Settings

log = logging.getLogger(__name__)

LONGEST_LINE = 256 * 2**20  # bytes; a report with a catalog or a preview is far below it
REMEMBERED = 20  # last lines of a process's log, to say why it ended
SIGNALS = {
    signal.SIGKILL: "was killed, which systems do to a program when memory runs out",
    signal.SIGSEGV: "crashed in native code (segmentation fault)",
    signal.SIGBUS: "crashed in native code (bus error: perhaps a model file was changed while it was in use)",
    signal.SIGABRT: "crashed in native code (aborted)",
    signal.SIGFPE: "crashed in native code (arithmetic error)",
    signal.SIGILL: "crashed in native code (an instruction that this processor does not have)",
    signal.SIGTERM: "was told to end by another program",
}
"""How a process was ended from outside -> what a person is told."""


class LocalEngine:
    """A worker process of this machine; see `Engine`.

    Args:
        settings: For the worker; its device is the engine's.
        name: What people call it.
    """

    def __init__(self, settings: Settings, name: str) -> None:
        self.name = name
        self._settings = settings
        self._process: Process | None = None
        self._log: asyncio.Task[None] | None = None
        self._last_lines: deque[str] = deque(maxlen=REMEMBERED)

    @property
    def pid(self) -> int | None:
        """Of the process; None where there is none."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        self._last_lines.clear()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "safelight.worker"),
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                limit=LONGEST_LINE,
                start_new_session=True,  # Ctrl-C is for the server, which tells its engines
            )
        except OSError as error:
            raise EngineLost(f"could not be started: {error.strerror}") from error
        self._log = asyncio.create_task(self._read_log(self._process))
        settings = self._settings.model_dump(mode="json", exclude={"database"})
        await self._write(settings)

    async def send(self, command: Command) -> None:
        await self._write(commands.to_json(command))

    async def reports(self) -> AsyncIterator[Report]:
        process = self._process
        assert process is not None, "an engine reports once it is started"
        assert process.stdout is not None, "its output is a pipe"
        while line := await process.stdout.readline():
            try:
                yield reports.from_json(json.loads(line))
            except (BadInput, ValueError) as error:
                log.warning("an engine said what is no report: %s", error)
        code = await process.wait()
        if self._process is process:
            raise EngineLost(why_it_ended(code, self._last_lines))

    async def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        await process.wait()
        if self._log is not None:
            await self._log

    async def _write(self, message: object) -> None:
        process = self._process
        if process is None or process.stdin is None or process.returncode is not None:
            return
        try:
            process.stdin.write(json.dumps(message).encode() + b"\n")
            await process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError):  # it is lost, which `reports` tells
            return

    async def _read_log(self, process: Process) -> None:
        """Hand the process's log on: what is a line of our own as it is, what others print as a record."""
        assert process.stderr is not None, "its log is a pipe"
        ENGINE.set(self.name)
        while line := await process.stderr.readline():
            text = line.decode(errors="replace").rstrip()
            self._last_lines.append(text)
            if text.startswith("{"):
                print(text, file=sys.stderr, flush=True)
            else:
                log.info("%s", text)


def why_it_ended(code: int, last_lines: Sequence[str]) -> str:
    """Why a process ended, as the end of a sentence.

    Args:
        code: As it ended with; negative for a signal.
        last_lines: Of its log.
    """
    if code < 0:
        try:
            return SIGNALS.get(signal.Signals(-code)) or f"was ended by {signal.Signals(-code).name}"
        except ValueError:
            return f"was ended by signal {-code}"
    last = next((line for line in reversed(last_lines) if line.strip()), "")
    return f"ended by itself (code {code})" + (f": {last[:300]}" if last else "")


class LocalFleet:
    """The devices of this machine; see `Fleet`.

    Args:
        settings: With `auto` as device, every accelerator has an engine; else that device alone.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def first(self) -> list[Engine]:
        return [LocalEngine(self._settings, self._settings.device)]

    def more(self, engine: Engine, devices: tuple[str, ...]) -> list[Engine]:
        if self._settings.device != "auto":
            return []
        others = devices[1:]
        return [LocalEngine(self._settings.model_copy(update={"device": device}), device) for device in others]
