"""Slows down those who guess passwords."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MOST_KEPT = 10_000  # names and addresses that are remembered; the oldest is forgotten first
FREE = {"pair": 5, "address": 20, "name": 50}
"""Failures that cost nothing: of a name from one address, of an address, of a name from anywhere.

The last is the largest, or a stranger could keep a person out by failing in their name."""
FIRST_WAIT, LONGEST_WAIT = 2.0, 900.0  # seconds; doubled with each failure


@dataclass(frozen=True)
class _Failures:
    count: int
    until: float


class Throttle:
    """Failed attempts of late, by name and address. Used from any thread.

    Args:
        clock: Seconds, growing.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[tuple[str, str], _Failures] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, name: str, address: str) -> float:
        """Seconds until another attempt is looked at; 0 for at once."""
        now = self._clock()
        with self._lock:
            waits = [kept.until - now for key in _keys(name, address) if (kept := self._kept.get(key))]
        return max(0.0, *waits) if waits else 0.0

    def failed(self, name: str, address: str) -> None:
        """Note a failed attempt."""
        now = self._clock()
        with self._lock:
            for key in _keys(name, address):
                before = self._kept.pop(key, None)
                count = 1 if before is None or now > before.until + LONGEST_WAIT else before.count + 1
                over = count - FREE[key[0]]
                wait = 0.0 if over < 0 else min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(over, 30))
                self._kept[key] = _Failures(count, now + wait)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of a name from one address."""
        with self._lock:
            self._kept.pop(("pair", f"{name} {address}"), None)

    def __len__(self) -> int:
        return len(self._kept)


def _keys(name: str, address: str) -> tuple[tuple[str, str], ...]:
    return ("pair", f"{name} {address}"), ("address", address), ("name", name)
