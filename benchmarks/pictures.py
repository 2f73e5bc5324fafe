"""The picture that both sides make, and how making it is timed."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from PIL.Image import Image


@dataclass(frozen=True)
class Order:
    """A picture to make.

    Attributes:
        size: Both sides in pixels.
        steps: Of the Euler sampler.
        seed: Of the noise.
    """

    size: int
    steps: int = 20
    seed: int = 0
    prompt: str = "a picture of a cat"
    negative: str = ""
    cfg: float = 5.0


Maker = Callable[[Order, Callable[[], None]], Image]
"""Makes a picture, prompt to pixels; calls the second argument at the end of each step."""


@dataclass(frozen=True)
class Timing:
    """How long a picture took, in seconds.

    Attributes:
        picture: From the prompt to the pixels.
        steps: Each step but the first, whose beginning nobody tells.
    """

    picture: float
    steps: tuple[float, ...]


Clock = Callable[[], float]
"""Seconds: `time.perf_counter`, or `time.process_time` for those that all threads of this process computed."""


def timed(make: Maker, order: Order, clock: Clock = time.perf_counter) -> Timing:
    """Make a picture, and say how long it took."""
    ends: list[float] = []
    gc.collect()
    begin = clock()
    make(order, lambda: ends.append(clock()))
    return Timing(clock() - begin, tuple(after - before for before, after in pairwise(ends)))


def interleaved(
    makers: Mapping[str, Maker], order: Order, rounds: int, clock: Clock = time.perf_counter
) -> dict[str, list[Timing]]:
    """Let everyone make a picture in turn, `rounds` times after one to warm up, so that what disturbs one disturbs all.

    Seeds differ from round to round: nobody can keep a result. Who begins changes from round to round.
    """
    for make in makers.values():
        make(replace(order, steps=2), lambda: None)
    found: dict[str, list[Timing]] = {name: [] for name in makers}
    for number in range(rounds):
        turn = sorted(makers, reverse=bool(number % 2))
        for name in turn:
            found[name].append(timed(makers[name], replace(order, seed=order.seed + number), clock))
    return found


def median_step(timings: list[Timing]) -> float:
    """Seconds of a step, over all pictures."""
    return statistics.median(step for timing in timings for step in timing.steps)


def median_picture(timings: list[Timing]) -> float:
    """Seconds of a picture."""
    return statistics.median(timing.picture for timing in timings)
