"""Changes of weights (LoRA, merging): put onto a network when it is next used, and taken off to the bit."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from safelight.models.device import HOST

WeightPatch = Callable[[Tensor], Tensor]
"""A weight in float32, where it is -> the changed one, of the same shape. What it is given must not be written to."""


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
    """What a network wears now, and the weights that it had before."""

    patches: WeightPatches
    originals: dict[str, Tensor]


class Wardrobe:
    """Which weight patches each network wears; the only one who writes to the weights of a loaded network."""

    def __init__(self) -> None:
        self._worn: WeakKeyDictionary[nn.Module, _Worn] = WeakKeyDictionary()

    def put_on(self, network: nn.Module, patches: WeightPatches) -> None:
        """Have `network` wear just these patches. Should laying one on fail, it wears none."""
        worn = self._worn.get(network)
        if (worn.patches if worn else UNPATCHED) is patches:
            return
        parameters = dict(network.named_parameters())
        if worn:
            for name, original in worn.originals.items():
                if name not in patches.of:
                    parameters[name].data = original.to(parameters[name].device)
        originals = {name: worn.originals[name] for name in patches.of if name in worn.originals} if worn else {}
        self._worn[network] = now = _Worn(patches, originals)
        try:
            with torch.no_grad():
                for name, chain in patches.of.items():
                    parameter = parameters[name]
                    # on a device there is seldom room for both, so what is taken off waits on the host
                    original = now.originals.setdefault(name, parameter.data.to(HOST))
                    parameter.data = patched(original.to(parameter.device), chain).to(parameter.dtype)
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

    def weight(self, network: nn.Module, name: str, patches: WeightPatches) -> Tensor:
        """A parameter as it would be under `patches`, whatever the network wears now; in float32."""
        worn = self._worn.get(network)
        kept = worn.originals.get(name) if worn else None
        with torch.no_grad():
            own = network.get_parameter(name).data if kept is None else kept
            return patched(own, patches.of.get(name, ()))

    def weights(self, network: nn.Module, patches: WeightPatches) -> Iterator[tuple[str, Tensor]]:
        """All parameters under `patches`, one at a time, in the dtype of the network."""
        for name, parameter in network.named_parameters():
            yield name, self.weight(network, name, patches).to(parameter.dtype)


def patched(weight: Tensor, chain: tuple[WeightPatch, ...]) -> Tensor:
    """A weight with patches laid on, in float32."""
    weight = weight.float()
    for patch in chain:
        weight = patch(weight)
    return weight
