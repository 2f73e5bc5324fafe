"""Networks that wear what is learned: weights are made of it anew for each step, so that gradients flow back."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from safelight.models.lora.changes import Change


@contextmanager
def worn(network: nn.Module, changes: Mapping[str, Change], dtype: torch.dtype) -> Iterator[None]:
    """Within, a network has changed weights, made now; its own are neither written to nor copied for long.

    Args:
        network: Its own weights get no gradients.
        changes: Name of a parameter -> how it is changed.
        dtype: What the changed weights are given in.
    """
    worn_by: list[tuple[nn.Module, str]] = []
    try:
        for name, change in changes.items():
            path, _, leaf = name.rpartition(".")
            module = network.get_submodule(path)
            # an attribute of the object itself is found before the module's parameters, which stay as they are
            module.__dict__[leaf] = changed(module.get_parameter(leaf), change).to(dtype)
            worn_by.append((module, leaf))
        yield
    finally:
        for module, leaf in worn_by:
            del module.__dict__[leaf]


def changed(parameter: Tensor, change: Change) -> Tensor:
    """A weight as its change makes it at full strength, in float32."""
    return change(parameter.detach().to(torch.float32, copy=True, memory_format=torch.contiguous_format), 1.0)


@dataclass(frozen=True, eq=False)
class Taught:
    """Another weight in the place of the network's own: one that is learned as a whole.

    Attributes:
        weight: As the network's, float32.
    """

    weight: Tensor

    def fits(self, shape: torch.Size) -> bool:
        return self.weight.shape == shape

    def __call__(self, weight: Tensor, strength: float) -> Tensor:
        del weight, strength
        return self.weight

    def over(self, weight: Tensor) -> Tensor:
        """The same, as a weight patch."""
        return self.weight.to(weight.device)
