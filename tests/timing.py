"""How long something takes, in a process that other tests have filled."""

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """No garbage is looked for inside: a look walks all that the process holds, which can outlast the work."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def processor_seconds(work: Callable[[], object], turns: int = 3) -> float:
    """The least processor time of this process that `work` took in several turns, in seconds."""
    times = []
    with uncollected():
        for _ in range(turns):
            begin = time.process_time()
            work()
            times.append(time.process_time() - begin)
    return min(times)
