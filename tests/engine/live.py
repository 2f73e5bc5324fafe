"""An engine at work, for tests that are not asynchronous themselves."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from safelight.engine.interface import Engine, EngineLost
from safelight.protocol.commands import Command, Run
from safelight.protocol.events import Cancelled, Done, Event, Failed
from safelight.protocol.reports import Idle, Ready, Report, Unfit
from tests.serving import workflow

PATIENCE = 120.0  # seconds; on a busy machine an engine takes many to start

Result = TypeVar("Result")


class Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def do(self, work: Coroutine[Any, Any, Result]) -> Result:
        """What a coroutine gives."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def begin(self, work: Coroutine[Any, Any, object]) -> None:
        """Have a coroutine run."""
        asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()


class Live:
    """An engine whose reports are collected.

    Attributes:
        engine: The engine.
        said: What it has reported; at the end, why it was lost.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.said: list[Report | EngineLost] = []
        self._loop = Loop()
        self._hearing: asyncio.Task[None] | None = None

    def start(self) -> Ready:
        """Start the engine, and wait until it has."""
        begun = len(self.said)
        self._loop.do(self._start())
        ready = self.until(Ready, Unfit, after=begun)
        assert isinstance(ready, Ready), ready
        self.until(Idle, after=begun)
        return ready

    def send(self, command: Command) -> None:
        """Tell the engine what to do."""
        self._loop.do(self.engine.send(command))

    def post(self, command: Command) -> None:
        """Tell the engine what to do, without waiting until it is told."""
        self._loop.begin(self.engine.send(command))

    def run(self, job: str, *, document: dict[str, object] | None = None, previews: bool = False) -> list[Event]:
        """Run a workflow; all events of the job."""
        begun = len(self.said)
        self.send(Run(job, document or workflow(job, steps=2), previews=previews))
        self.until(Done, Failed, Cancelled, after=begun)
        self.until(Idle, after=begun)
        return self.events(job)

    def events(self, job: str) -> list[Event]:
        """What was told of a job so far."""
        return [said for said in self.said if getattr(said, "job", None) == job]  # type: ignore[misc]

    def until(self, *kinds: type, after: int = 0, where: Callable[[Any], bool] = lambda said: True) -> Any:
        """The first report of one of these types, once it is there."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            for said in self.said[after:]:
                if isinstance(said, kinds) and where(said):
                    return said
            time.sleep(0.005)
        raise AssertionError(f"waited in vain for {kinds}; it said {self.said[after:]}")

    def stop(self) -> None:
        """Stop the engine."""
        self._loop.do(self._stop())

    def close(self) -> None:
        """Stop the engine for good."""
        self.stop()
        self._loop.close()

    async def _start(self) -> None:
        await self.engine.start()
        self._hearing = asyncio.create_task(self._hear())

    async def _stop(self) -> None:
        await self.engine.stop()
        if self._hearing is not None:
            await self._hearing

    async def _hear(self) -> None:
        try:
            async for report in self.engine.reports():
                self.said.append(report)
        except EngineLost as lost:
            self.said.append(lost)
