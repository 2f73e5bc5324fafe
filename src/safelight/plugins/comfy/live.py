"""The node of a pack that runs now, for helper functions that packs call from anywhere."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from contextvars import ContextVar
from dataclasses import dataclass

from safelight.errors import Cancelled, SafelightError
from safelight.nodes.run import Run


@dataclass
class Live:
    """A running node.

    Attributes:
        run: Its hold on the worker.
        stopped: Whether the pack itself has asked for the job to be stopped.
    """

    run: Run
    stopped: bool = False

    def check(self) -> None:
        """Raise `Cancelled` when the person, or the pack, has stopped the job."""
        if self.stopped:
            raise Cancelled
        self.run.check()


_live: ContextVar[Live | None] = ContextVar("live", default=None)


@contextmanager
def living(run: Run) -> Iterator[Live]:
    """Make `run` the running node's; what packs print does not mix with what the program does."""
    live = Live(run)
    token = _live.set(live)
    try:
        with redirect_stdout(sys.stderr):
            yield live
    finally:
        _live.reset(token)


def current() -> Live | None:
    """The running node; None while packs are imported, and in threads that they start."""
    return _live.get()


def current_run() -> Run:
    """The running node's hold on the worker.

    Raises:
        SafelightError: None runs.
    """
    if (live := _live.get()) is None:
        raise SafelightError(
            "A node pack used a function that works only while one of its nodes runs.",
            mend="This is a fault of the pack, or of a thread that it started; tell its author.",
        )
    return live.run
