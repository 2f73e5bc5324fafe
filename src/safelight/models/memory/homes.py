"""Where weights wait while their network is not on the device.

A weight that its file has as it is run stays memory-mapped there: to send it away is to forget the copy on the
device, and the system reads it from disk again when it has had to drop the pages. Any other is copied to the host when
it leaves. What is copied into pinned memory, which the device reads by itself, stays there from then on.
"""

from collections.abc import Iterator, Mapping
from itertools import chain
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from safelight.models.device import HOST


class Homes:
    """The places on the host of the weights that have one, however often their networks come and go.

    Args:
        device: Where the networks run.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._of: WeakKeyDictionary[nn.Module, dict[str, Tensor]] = WeakKeyDictionary()

    def of(self, network: nn.Module) -> Mapping[str, Tensor]:
        """A network's own weights that are on the host wherever the network is, by name."""
        return self._of.get(network, {})

    def keep(self, network: nn.Module, mapped: Mapping[str, Tensor]) -> None:
        """Let weights of a network have their home in the file that they are mapped from."""
        self._of[network] = dict(mapped)

    def to_device(self, network: nn.Module) -> None:
        """Bring a network that is on the host; where it does not fit, it is there as before.

        Raises:
            RuntimeError: The device has not the room.
        """
        before = {name: tensor.data for name, tensor in tensors_of(network)}
        try:
            with torch.inference_mode(False):
                for _, tensor in tensors_of(network):
                    tensor.data = tensor.data.to(self._device, non_blocking=True)
        except BaseException:
            for name, tensor in tensors_of(network):
                tensor.data = before[name]
            raise

    def to_host(self, network: nn.Module, own: Mapping[str, Tensor], *, pinned: bool) -> None:
        """Send a network from the device home.

        Args:
            network: The network.
            own: Its own weights, on the host, where others stand in their places on the device.
            pinned: Whether what has no home is to wait in pinned memory.
        """
        homes = self._of.setdefault(network, {})
        with torch.inference_mode(False):
            for name, tensor in tensors_of(network):
                home = homes.get(name, own.get(name))
                if home is None:
                    home = on_host(tensor.data, pinned=pinned)
                    if pinned:
                        homes[name] = home
                tensor.data = home

    def pin(self, network: nn.Module) -> None:
        """Have a network that is on the host wait in pinned memory, as it will come often."""
        homes = self._of.setdefault(network, {})
        with torch.inference_mode(False):
            for name, tensor in tensors_of(network):
                if not tensor.is_pinned():
                    homes[name] = tensor.data = on_host(tensor.data, pinned=True)


def on_host(tensor: Tensor, *, pinned: bool) -> Tensor:
    """A copy of a tensor on the host."""
    return torch.empty_like(tensor, device=HOST, pin_memory=pinned).copy_(tensor)


def tensors_of(network: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """The weights and the fixed tensors of a network, by name."""
    return chain(network.named_parameters(), network.named_buffers())
