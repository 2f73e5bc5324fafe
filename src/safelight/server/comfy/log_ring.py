"""The last lines of the log, for clients that show them."""

import logging
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from safelight.logs import without_secrets

KEPT = 500  # lines
LONGEST = 2000  # characters of one
TERMINAL = {"cols": 200, "rows": 50}
"""The size of a terminal, as which clients show the log."""


@dataclass(frozen=True)
class Line:
    """One of them.

    Attributes:
        number: Grows by one with each.
        time: When, as clients show it.
        text: The message, ending the line.
    """

    number: int
    time: str
    text: str


class LogRing(logging.Handler):
    """Keeps the last lines. Used from any thread."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._lines: deque[Line] = deque(maxlen=KEPT)
        self._count = 0
        self._adding = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line."""
        when = datetime.fromtimestamp(record.created, UTC).isoformat()
        text = without_secrets(f"{record.levelname.lower()} {record.name}: {record.getMessage()}")[:LONGEST]
        with self._adding:
            self._count += 1
            self._lines.append(Line(self._count, when, text + "\n"))

    def lines(self, after: int = 0) -> list[Line]:
        """Those that came behind the one with the number `after`, oldest first."""
        with self._adding:
            return [line for line in self._lines if line.number > after]

    @property
    def last(self) -> int:
        """The number of the last line."""
        return self._count


def shown_log(lines: Sequence[Line]) -> dict[str, object]:
    """Lines as clients take them."""
    return {"entries": [{"t": line.time, "m": line.text} for line in lines], "size": TERMINAL}
