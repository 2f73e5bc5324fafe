"""Changes of weights (LoRA, merging): put onto a network when it is next used, and taken off to the bit."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from safelight.models.device import HOST
from safelight.models.memory.homes import on_host

WeightPatch = Callable[[Tensor], Tensor]
"""A weight in float32, where it is -> the changed one, of the same shape.

What it is given is a contiguous copy, which it may write to and give back; so may the next patch with what it gives.
"""


@dataclass(frozen=True, eq=False)
class WeightPatches:
    """What is changed in a network.

    Attributes:
        of: Name of a parameter -> its patches, in the order in which they are laid on.
    """

    of: Mapping[str, tuple[WeightPatch, ...]] = field(default_factory=dict)

    def plus(self, more: Mapping[str, WeightPatch]) -> "WeightPatches":
        """These, and one more on each of some parameters."""
        return WeightPatches({**self.of, **{name: (*self.of.get(name, ()), patch) for name, patch in more.items()}})


UNPATCHED = WeightPatches()


@dataclass
class _Worn:
    """What a network wears now.

    Attributes:
        patches: The patches.
        originals: The weights that it had before.
        made: Parameters whose patched weights were made here, so that nothing else holds them: the next ones are
            written over them, which takes half the time of new memory.
    """

    patches: WeightPatches
    originals: dict[str, Tensor]
    made: set[str] = field(default_factory=set)


class Wardrobe:
    """Which weight patches each network wears; the only one who changes the weights of a loaded network.

    Args:
        device: Where patches are laid on; networks may wait for them on the host.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._worn: WeakKeyDictionary[nn.Module, _Worn] = WeakKeyDictionary()

    def put_on(self, network: nn.Module, patches: WeightPatches, homes: Mapping[str, Tensor]) -> None:
        """Have a network wear just these patches. Should laying one on fail, it wears none.

        Args:
            network: The network.
            patches: What it is to wear.
            homes: Those of its own weights that are on the host as well, by name.
        """
        worn = self._worn.get(network)
        if (worn.patches if worn else UNPATCHED) is patches:
            return
        parameters = dict(network.named_parameters())
        if worn:
            for name, original in worn.originals.items():
                if name not in patches.of:
                    parameters[name].data = original.to(parameters[name].device)
        originals = {name: worn.originals[name] for name in patches.of if name in worn.originals} if worn else {}
        made = worn.made if worn else set()
        self._worn[network] = now = _Worn(patches, originals)
        try:
            with torch.no_grad():
                for name, chain in patches.of.items():
                    parameter = parameters[name]
                    if name not in now.originals:
                        # on a device there is seldom room for both, so what is taken off waits on the host
                        now.originals[name] = homes[name] if name in homes else parameter.data.to(HOST)
                    copy = _copied(now.originals[name], self._device, parameter.data if name in made else None)
                    parameter.data = _beside(parameter, patched(copy, chain).to(parameter.dtype))
                    if parameter.data_ptr() == copy.data_ptr():
                        now.made.add(name)
        except BaseException:
            self._worn[network] = _Worn(patches, now.originals)
            self.take_off(network)
            raise

    def take_off(self, network: nn.Module) -> None:
        """Give a network its own weights back."""
        worn = self._worn.pop(network, None)
        if worn:
            parameters = dict(network.named_parameters())
            for name, original in worn.originals.items():
                parameters[name].data = original.to(parameters[name].device)

    def take_all_off(self) -> None:
        """Give all networks their own weights back."""
        for network in list(self._worn):
            self.take_off(network)

    def strip(self, network: nn.Module) -> Mapping[str, Tensor]:
        """Forget what a network wears, which keeps it on; the weights that it had before, on the host."""
        worn = self._worn.pop(network, None)
        return worn.originals if worn else {}

    def weight(self, network: nn.Module, name: str, patches: WeightPatches) -> Tensor:
        """A parameter as it would be under `patches`, whatever the network wears now; in float32."""
        worn = self._worn.get(network)
        kept = worn.originals.get(name) if worn else None
        with torch.no_grad():
            own = network.get_parameter(name).data if kept is None else kept
            return patched(_copied(own, own.device), patches.of.get(name, ()))

    def weights(self, network: nn.Module, patches: WeightPatches) -> Iterator[tuple[str, Tensor]]:
        """All parameters under `patches`, one at a time, in the dtype of the network."""
        for name, parameter in network.named_parameters():
            yield name, self.weight(network, name, patches).to(parameter.dtype)


def patched(weight: Tensor, chain: tuple[WeightPatch, ...]) -> Tensor:
    """A weight in float32, which may be written to, with patches laid on."""
    for patch in chain:
        weight = patch(weight)
    return weight


def _copied(weight: Tensor, device: torch.device, onto: Tensor | None = None) -> Tensor:
    """A weight in float32 on a device, written over `onto` where that may be."""
    if onto is None or onto.is_inference():  # what was made in inference mode cannot be written to outside it
        return weight.to(device, torch.float32, copy=True, memory_format=torch.contiguous_format)
    return onto.copy_(weight)


def _beside(parameter: Tensor, weight: Tensor) -> Tensor:
    """A weight where a parameter is, and in memory of its kind."""
    if parameter.device.type == weight.device.type:
        return weight
    return on_host(weight, pinned=parameter.is_pinned())
