"""A run that gets by with the memory there is: what fails for want of it is tried again in a more frugal way."""

from collections.abc import Callable, Collection
from typing import TypeVar

import torch
from torch import nn

from safelight.models.device import HOST
from safelight.models.memory.measures import ORDER, Measure, Measures, out_of_memory
from safelight.models.placement import Placement

Result = TypeVar("Result")

_APPLIES: dict[Measure, Callable[[Placement, nn.Module], bool]] = {
    "alone": Placement.has_beside,
    "layers": Placement.could_come_by_layer,
}
"""Measures that do not always make a difference."""


class Thrift:
    """The measures that a run has taken. They hold to its end, so that not every step has to fail first.

    Args:
        placement: Where it runs; told of each measure.
        network: What runs.
        helpful: The measures that its work heeds, beside `alone`, which is taken here.
    """

    def __init__(self, placement: Placement, network: nn.Module, helpful: Collection[Measure] = ()) -> None:
        self._placement = placement
        self._network = network
        self._left = [measure for measure in ORDER if measure == "alone" or measure in helpful]
        self._taken: Measures = frozenset()

    def attempt(self, work: Callable[[Measures], Result], *, useless: Collection[Measure] = ()) -> Result:
        """Do something, as often as memory runs out and there is a measure left.

        Args:
            work: Given the measures taken.
            useless: Measures that make no difference to it.

        Raises:
            MemoryError: Nothing helped, and it is the host's memory.
            torch.OutOfMemoryError: Nothing helped, and it is the device's.
        """
        while True:
            try:
                return work(self._taken)
            except (MemoryError, RuntimeError) as error:
                if not out_of_memory(error):
                    raise
                following = next((measure for measure in self._left if self._helps(measure, useless)), None)
                if following is None:
                    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
                        raise
                    kind = MemoryError if self._placement.device == HOST else torch.OutOfMemoryError
                    raise kind(str(error)) from error
            # only here, where the error is forgotten, is what the failed work held free
            self.take(following)

    def take(self, measure: Measure) -> None:
        """Take a measure, whether or not memory has run out."""
        self._left.remove(measure)
        self._taken |= {measure}
        if measure == "alone":
            self._placement.send_away(keep=self._network)
        self._placement.forget_unused()
        self._placement.tell(f"Memory is short: {ORDER[measure]}.")

    def _helps(self, measure: Measure, useless: Collection[Measure]) -> bool:
        if measure in useless:
            return False
        return measure not in _APPLIES or _APPLIES[measure](self._placement, self._network)
