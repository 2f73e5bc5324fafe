"""What an engine is to the rest of the server, wherever it runs."""

from collections.abc import AsyncIterator
from typing import Protocol

from safelight.protocol.commands import Command
from safelight.protocol.reports import Report


class EngineLost(Exception):  # noqa: N818 (says what it is where it is raised)
    """An engine's process is gone.

    Attributes:
        why: In words, as the end of a sentence: `was killed by the system, which ran out of memory`.
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Engine(Protocol):
    """One process that runs jobs on one device, one after another. It can be started again once it is lost or stopped.

    Attributes:
        name: What people call it: `cpu`, `cuda:0`, `studio-2/cuda:1`.
    """

    name: str

    async def start(self) -> None:
        """Start the process. That it has started is told by the report `Ready`, and that it cannot by `Unfit`.

        Raises:
            EngineLost: There can be no such process.
        """
        ...

    async def send(self, command: Command) -> None:
        """Tell it what to do; nothing happens where it is lost, which `reports` tells."""
        ...

    def reports(self) -> AsyncIterator[Report]:
        """What it says, as it comes, until it is stopped.

        Raises:
            EngineLost: The process is gone, without having been stopped.
        """
        ...

    async def stop(self) -> None:
        """End the process, at once and whatever it does."""
        ...


class Fleet(Protocol):
    """Where engines come from."""

    async def first(self) -> list[Engine]:
        """The engines to begin with; at least one."""
        ...

    def more(self, engine: Engine, devices: tuple[str, ...]) -> list[Engine]:
        """Engines for the devices of a machine, once the first of it has told which there are; all but the first."""
        ...
