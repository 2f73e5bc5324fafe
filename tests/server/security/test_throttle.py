from safelight.server.security import throttle
from safelight.server.security.throttle import FIRST_WAIT, FREE, LONGEST_WAIT, MOST_KEPT, Throttle


class Clock:
    """Time as a test sets it."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_some_failures_cost_nothing_and_each_after_them_twice_as_much() -> None:
    clock = Clock()
    guard = Throttle(clock)
    waits = []
    for _ in range(FREE["pair"] + 3):
        clock.now += guard.wait("ann", "1")
        guard.failed("ann", "1")
        waits.append(guard.wait("ann", "1"))
    assert waits == [0.0] * (FREE["pair"] - 1) + [FIRST_WAIT, 2 * FIRST_WAIT, 4 * FIRST_WAIT, 8 * FIRST_WAIT]


def test_nobody_waits_for_ever() -> None:
    guard = Throttle(Clock())
    for _ in range(3000):
        guard.failed("ann", "1")
    assert guard.wait("ann", "1") == LONGEST_WAIT


def test_an_address_that_tries_many_names_is_slowed_down() -> None:
    guard = Throttle(Clock())
    for number in range(FREE["address"]):
        guard.failed(f"name{number}", "1")
    assert guard.wait("another", "1") > 0
    assert guard.wait("another", "2") == 0


def test_many_addresses_that_try_one_name_are_slowed_down() -> None:
    guard = Throttle(Clock())
    for number in range(FREE["name"]):
        guard.failed("ann", str(number))
    assert guard.wait("ann", "new") > 0
    assert guard.wait("ben", "new") == 0


def test_success_and_time_let_go() -> None:
    clock = Clock()
    guard = Throttle(clock)
    for _ in range(FREE["pair"]):
        guard.failed("ann", "1")
    assert guard.wait("ann", "1") > 0
    guard.succeeded("ann", "1")
    assert guard.wait("ann", "1") == 0
    for _ in range(FREE["pair"] + 4):
        guard.failed("ben", "2")
    clock.now += 3 * LONGEST_WAIT
    guard.failed("ben", "2")
    assert guard.wait("ben", "2") == 0


def test_what_is_remembered_is_bounded() -> None:
    guard = Throttle(Clock())
    for number in range(MOST_KEPT):
        guard.failed(f"name{number}", f"address{number}")
    assert len(guard) == MOST_KEPT
    assert throttle.MOST_KEPT * 500 < 10_000_000  # bytes, about
