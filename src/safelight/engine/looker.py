"""The process that looks at pictures, as the server speaks to it: started when it is needed, ended when it is not."""

import asyncio
import contextlib
import itertools
import json
import logging
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from safelight.engine.interface import EngineLost
from safelight.engine.local import LONGEST_LINE, REMEMBERED, why_it_ended
from safelight.errors import BadInput, SafelightError
from safelight.logs import ENGINE
from safelight.protocol import looking
from safelight.protocol.looking import (
    Answer,
    Judge,
    Judged,
    LookAt,
    Question,
    Read,
    Ready,
    Refused,
    Seen,
    WasRead,
)
from safelight.protocol.reports import Unfit
from safelight.settings import Settings

log = logging.getLogger(__name__)

NAME = "looker"
LEFT_ALONE = 600.0  # seconds without a question after which the process ends
OFTEN = 10.0  # seconds between looks at that

Kind = TypeVar("Kind", Seen, WasRead, Judged)


class Looker:
    """Looks at pictures and reads texts, in a process of its own; from the event loop's thread.

    Args:
        settings: Whose `clip_model` it is.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: Process | None = None
        self._ready: asyncio.Future[Ready] | None = None
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._numbers = itertools.count(1)
        self._asked = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def pid(self) -> int | None:
        """Of the process; None where there is none."""
        return self._process.pid if self._process else None

    async def ready(self) -> Ready:
        """Have the process started, and its model loaded.

        Raises:
            BadInput: The model cannot be loaded.
            EngineLost: The process ended.
        """
        self._asked = time.monotonic()
        if self._ready is None:
            self._ready = asyncio.get_running_loop().create_future()
            await self._start(self._ready)
        return await asyncio.shield(self._ready)

    async def look_at(self, pictures: Sequence[Path], *, background: bool = False) -> Seen:
        """Turn pictures into vectors; errors as of `ready`."""
        return await self._ask(LookAt(next(self._numbers), tuple(map(str, pictures)), background), Seen)

    async def read(self, texts: Sequence[str]) -> WasRead:
        """Turn texts into vectors; errors as of `ready`."""
        return await self._ask(Read(next(self._numbers), tuple(texts)), WasRead)

    async def judge(self, how: str, pictures: Sequence[Path], texts: Sequence[str], template: str = "") -> Judged:
        """Say how well pictures and texts fit; arguments as of `Judge`, errors as of `ready`.

        Raises:
            BadInput: Also where a picture cannot be read, or the template has no place for labels.
        """
        question = Judge(next(self._numbers), how, tuple(map(str, pictures)), tuple(texts), template)
        return await self._ask(question, Judged)

    async def stop(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        await asyncio.gather(*tasks, return_exceptions=True)
        self._lost("was ended with the server")

    async def _ask(self, question: Question, kind: type[Kind]) -> Kind:
        await self.ready()
        process = self._process
        if process is None or process.stdin is None:
            raise EngineLost("ended")
        answer = self._waiting[question.ask] = asyncio.get_running_loop().create_future()
        self._asked = time.monotonic()
        try:
            process.stdin.write(json.dumps(looking.question_to_json(question)).encode() + b"\n")
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it is lost, which is told soon
                await process.stdin.drain()
            got = await answer
        finally:
            self._waiting.pop(question.ask, None)
            self._asked = time.monotonic()
        if isinstance(got, Refused):
            raise BadInput(got.what, mend=got.mend)
        if not isinstance(got, kind):
            raise SafelightError(f"The process that looks at pictures answered {type(got).__name__}.")
        return got

    async def _start(self, ready: asyncio.Future[Ready]) -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "safelight.clip.looking"),
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                limit=LONGEST_LINE,
                start_new_session=True,  # Ctrl-C is for the server, which ends it
            )
        except OSError as error:
            self._lost(f"could not be started: {error.strerror}")
            return
        self._process = process
        assert process.stdin is not None, "its input is a pipe"
        settings = self._settings.model_dump(mode="json", exclude={"database"})
        process.stdin.write(json.dumps(settings).encode() + b"\n")
        last_lines: deque[str] = deque(maxlen=REMEMBERED)
        logged = asyncio.create_task(self._read_log(process, last_lines))
        heard = asyncio.create_task(self._hear(process, ready, logged, last_lines))
        leaving = asyncio.create_task(self._leave_when_idle(process, ready))
        for task in (logged, heard, leaving):
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        heard.add_done_callback(lambda _: leaving.cancel())

    async def _hear(
        self, process: Process, ready: asyncio.Future[Ready], logged: asyncio.Task[None], last_lines: deque[str]
    ) -> None:
        """Hand answers to those who wait for them, until the process ends."""
        assert process.stdout is not None, "its output is a pipe"
        while line := await process.stdout.readline():
            try:
                answer = looking.answer_from_json(json.loads(line))
            except (BadInput, ValueError) as error:
                log.warning("what looks at pictures said what is no answer: %s", error)
                continue
            match answer:
                case Ready():
                    self._asked = time.monotonic()
                    ready.set_result(answer)
                case Unfit(what, mend):
                    ready.set_exception(BadInput(what, mend=mend))
                    ready.exception()  # whoever asked is told, and else nobody need be
                case _:
                    waiting = self._waiting.get(answer.ask)
                    if waiting is not None and not waiting.done():
                        waiting.set_result(answer)
        code = await process.wait()
        await logged
        if self._process is process:
            self._process = None
            self._lost(why_it_ended(code, last_lines))

    def _lost(self, why: str) -> None:
        """Tell all who wait that the process is gone; the next question starts another."""
        ready, self._ready = self._ready, None
        for waiting in (ready, *self._waiting.values()):
            if waiting is not None and not waiting.done():
                waiting.set_exception(EngineLost(why))
                waiting.exception()

    async def _leave_when_idle(self, process: Process, ready: asyncio.Future[Ready]) -> None:
        while self._waiting or not ready.done() or time.monotonic() - self._asked < LEFT_ALONE:
            await asyncio.sleep(min(OFTEN, LEFT_ALONE))
        if self._process is process:
            self._process = self._ready = None  # who asks from now on has another one started
            process.kill()

    async def _read_log(self, process: Process, last_lines: deque[str]) -> None:
        """Hand the process's log on, as that of an engine."""
        assert process.stderr is not None, "its log is a pipe"
        ENGINE.set(NAME)
        while line := await process.stderr.readline():
            text = line.decode(errors="replace").rstrip()
            last_lines.append(text)
            if text.startswith("{"):
                print(text, file=sys.stderr, flush=True)
            else:
                log.info("%s", text)
