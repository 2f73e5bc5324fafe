"""When a client is told again how far every node is: a message that grows with the workflow."""

MOST_OFTEN = 0.1  # seconds
BYTES_A_SECOND = 100_000


class Pace:
    """Lets such messages through ten times a second, and large ones less often."""

    def __init__(self) -> None:
        self._next = 0.0

    def wait(self, now: float) -> float:
        """Seconds until the next one may be sent; 0 where it may be sent now."""
        return max(0.0, self._next - now)

    def sent(self, now: float, size: int) -> None:
        """Note that one of `size` bytes was sent."""
        self._next = now + max(MOST_OFTEN, size / BYTES_A_SECOND)
