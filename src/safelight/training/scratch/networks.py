"""Networks that are learned as a whole, from the first number on."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from safelight.models.device import find_device
from safelight.models.placement import Placement
from safelight.models.precision import PrecisionName
from safelight.models.saving import Entry
from safelight.training.wearing import Taught, worn


@dataclass(frozen=True)
class Networks:
    """What one run from scratch learns; a `work.Taught`.

    Attributes:
        networks: By the beginning of their parameters' names in `learned`; a network is not changed itself.
        learned: As of `Lesson`. What belongs to none of the networks is worn by nobody.
        entries: As of `Lesson`.
        placement: Where they are.
        dtype: What they work in.
        width: As of `trainer.Learner`.
    """

    networks: Mapping[str, nn.Module]
    learned: dict[str, Tensor]
    entries: Callable[[Mapping[str, Tensor]], Iterator[Entry]]
    placement: Placement
    dtype: torch.dtype
    width: int

    @property
    def device(self) -> torch.device:
        return self.placement.device

    def groups(self) -> dict[str, list[Tensor]]:
        """What is learned, by whose rate it learns at."""
        groups: dict[str, list[Tensor]] = {"image": [], "text": []}
        for name, tensor in self.learned.items():
            groups["text" if name.startswith("text.") else "image"].append(tensor)
        return groups

    @contextmanager
    def worn(self, known: Mapping[str, Tensor] | None = None) -> Iterator[None]:
        """Within, the networks are as what has been learned makes them, or as `known` does: a mean of it, say."""
        known = self.learned if known is None else known
        with ExitStack() as stack:
            for prefix, network in self.networks.items():
                self.placement.bring(network)
                changes = {name: Taught(known[prefix + name]) for name, _ in network.named_parameters()}
                stack.enter_context(worn(network, changes, self.dtype))
            yield


def copies(networks: Mapping[str, nn.Module], device: torch.device) -> dict[str, Tensor]:
    """All parameters of networks in float32, as leaves that learn, by prefix and name."""
    return {
        prefix + name: parameter.detach().to(device, torch.float32, copy=True).requires_grad_()
        for prefix, network in networks.items()
        for name, parameter in network.named_parameters()
    }


def place_and_numbers(device: str, dtype: PrecisionName) -> tuple[torch.device, PrecisionName]:
    """The device that a setting means, and what networks are trained in there."""
    place = find_device(device)
    if dtype == "auto":
        has_bf16 = place.type == "cuda" and torch.cuda.is_bf16_supported()
        dtype = "fp32" if place.type == "cpu" else "bf16" if has_bf16 else "fp16"
    return place, dtype
