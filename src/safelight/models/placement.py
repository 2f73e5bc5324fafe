"""Which networks are on the device, and how much room is left beside them."""

import gc
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Literal, Protocol

import torch
from torch import Tensor, nn

from safelight.models.device import HOST, empty_cache, memory
from safelight.models.memory.homes import Homes, tensors_of
from safelight.models.memory.layers import ByLayer
from safelight.models.memory.measures import Measures
from safelight.models.weight_patches import UNPATCHED, Wardrobe, WeightPatches

SPARE = 256 * 2**20  # bytes of device memory left alone, for what the driver and the display take at any time

Vram = Literal["auto", "low", "normal", "high"]
"""How much stays on the device.

`high`: networks, until the weights of another need their room. `normal`: those for which there is room beside the
weights and the work of the one in use. `low`: nothing that is not at work, and of the denoiser only the layer that is.
`auto`: as `normal`, and as `low` for a denoiser that does not fit.
"""


class Placement:
    """The networks on one device; the least recently used ones wait on the host when room is needed.

    Where the device is the host itself, everything is always in place.

    Attributes:
        device: The device.
        vram: How much stays on it.
        wardrobe: What weight patches its networks wear.
        tell: Told what was done because memory was short, in a sentence for the person.
    """

    def __init__(self, device: torch.device, vram: Vram = "auto") -> None:
        self.device = device
        self.vram = vram
        self.wardrobe = Wardrobe(device)
        self.tell: Callable[[str], None] = _nobody
        self._homes = Homes(device)
        # networks are held by those who use them; the least recently used first
        self._placed: weakref.WeakKeyDictionary[nn.Module, None] = weakref.WeakKeyDictionary()
        self._by_layer: weakref.WeakKeyDictionary[nn.Module, ByLayer] = weakref.WeakKeyDictionary()
        self._last: weakref.ref[nn.Module] | None = None
        self._at_work: nn.Module | None = None

    def bring(self, network: nn.Module, patches: WeightPatches = UNPATCHED, *, work: int = 0) -> None:
        """Have `network` on the device, with just these patches on its weights; others may leave for it.

        Args:
            network: The network.
            patches: What it is to wear.
            work: Bytes that it will need beside its weights.
        """
        if self.device != HOST:
            if not self._used_last(network):
                self._place(network, work)
            self._use(network)
        self.wardrobe.put_on(network, patches, self._homes.of(network))

    def bring_layers(self, network: nn.Module, patches: WeightPatches, *, work: int, measures: Measures) -> None:
        """Have `network` on the device as `bring` does, or its layers one at a time where that is needed.

        Args:
            network: One that uses the weights of a layer only by calling it.
            patches: What it is to wear.
            work: Bytes that it will need beside its weights.
            measures: What is done to take less memory.
        """
        if self.device != HOST:
            if "alone" in measures or self.vram == "low":
                self.send_away(keep=network)
            if "layers" in measures or self.vram == "low":
                self._place_by_layer(network, room=0)
            elif not self._used_last(network):
                needed = bytes_of(network) + work
                if (
                    self.vram != "auto"
                    or self._is_whole(network)
                    or (room := self._room_for(network, needed)) >= needed
                ):
                    self._place(network, work)
                else:
                    self._place_by_layer(network, room=max(0, room - work))
            self._use(network)
        self.wardrobe.put_on(network, patches, self._homes.of(network))

    @contextmanager
    def at_work(self, network: nn.Module) -> Iterator[None]:
        """Within, `network` does not leave for others, which patches may bring in the midst of its work."""
        self._at_work = network
        try:
            yield
        finally:
            self._at_work = None

    def finished(self, network: nn.Module) -> None:
        """Take note that `network` has done its work for now."""
        if self.vram == "low" and network in self._placed:
            self._send_home(network)

    def place_for(self, size: int) -> torch.device:
        """Where to load a network of so many bytes: on the device if it has or can make room, else on the host."""
        return self.device if self.vram != "low" and self.make_room(size) >= size else HOST

    def note(self, network: nn.Module, device: torch.device, mapped: Mapping[str, Tensor]) -> None:
        """Take a network into account that was loaded.

        Args:
            network: The network.
            device: Where it was loaded, as `place_for` said.
            mapped: Those of its weights that are mapped into memory from their file, by name.
        """
        if self.device != HOST:
            self._homes.keep(network, mapped)
            if device != HOST:
                self._placed[network] = None

    def make_room(self, needed: int, *, keep: nn.Module | None = None) -> int:
        """Send networks to the host until `needed` bytes are free.

        Args:
            needed: Bytes on the device.
            keep: A network that stays.

        Returns:
            The bytes that are free then, which can be less.
        """
        others = [network for network in self._placed if network is not keep and network is not self._at_work]
        while free_bytes(self.device) < needed and others:
            self._send_home(others.pop(0))
        return free_bytes(self.device)

    def has_beside(self, network: nn.Module) -> bool:
        """Whether there are other networks on the device."""
        return any(other is not network for other in self._placed)

    def comes_by_layer(self, network: nn.Module) -> bool:
        """Whether each layer of a network is on the device only while it works."""
        return network in self._by_layer and network not in self._placed

    def could_come_by_layer(self, network: nn.Module) -> bool:
        """Whether that would take less memory than is taken now."""
        return self.device != HOST and not self.comes_by_layer(network)

    def send_away(self, *, keep: nn.Module | None = None) -> None:
        """Send all networks to the host, but for one that stays."""
        for network in [network for network in self._placed if network is not keep]:
            self._send_home(network)

    def free(self) -> None:
        """Have nothing on the device, and on the host nothing but networks as they were loaded."""
        self.send_away()
        for network in list(self._by_layer):
            self._send_home(network)
        self.wardrobe.take_all_off()
        self._last = None
        self.forget_unused()

    def forget_unused(self) -> None:
        """Give back what Python and the device's allocator hold and nobody uses."""
        gc.collect()
        empty_cache(self.device)

    def _place(self, network: nn.Module, work: int) -> None:
        """Have a network on the device as a whole."""
        if network in self._by_layer:
            self._send_home(network)
        size = 0 if network in self._placed else bytes_of(network)
        self.make_room(size if self.vram == "high" else size + work, keep=network)
        if network not in self._placed:
            self._homes.to_device(network)
            self._placed[network] = None

    def _place_by_layer(self, network: nn.Module, room: int) -> None:
        """Have a network's layers come and go, but for those that have the room to stay."""
        if self.comes_by_layer(network) and not room:
            return
        self._send_home(network)
        if self._can_pin(network):
            self._homes.pin(network)
        self._by_layer[network] = ByLayer(network, self.device, room)
        if self._by_layer[network].has_any_stay:
            self._placed[network] = None

    def _is_whole(self, network: nn.Module) -> bool:
        return network in self._placed and network not in self._by_layer

    def _room_for(self, network: nn.Module, needed: int) -> int:
        """The room there is for a network and its work once it has left, and others have."""
        self._send_home(network)
        return self.make_room(needed)

    def _send_home(self, network: nn.Module) -> None:
        """Have nothing of a network on the device."""
        if by_layer := self._by_layer.pop(network, None):
            self.wardrobe.take_off(network)
            by_layer.stop()
        elif network in self._placed:
            self._homes.to_host(network, self.wardrobe.strip(network), pinned=self._can_pin(network))
        self._placed.pop(network, None)
        if self._used_last(network):
            self._last = None
        empty_cache(self.device)

    def _can_pin(self, network: nn.Module) -> bool:
        """Whether the device gains by pinned memory, and the host can spare what nobody else can then have."""
        return self.device.type == "cuda" and free_bytes(HOST) > 2 * bytes_of(network)

    def _used_last(self, network: nn.Module) -> bool:
        return self._last is not None and self._last() is network

    def _use(self, network: nn.Module) -> None:
        self._last = weakref.ref(network)
        if network in self._placed:
            del self._placed[network]
            self._placed[network] = None


class Wearer(Protocol):
    """A network, what is changed in its weights, and where it runs: a `Model`, a `TextEncoder`, a `Vae`."""

    @property
    def network(self) -> nn.Module: ...

    @property
    def weights(self) -> WeightPatches: ...

    @property
    def placement(self) -> Placement: ...


def weight_of(wearer: Wearer, name: str) -> Tensor:
    """A parameter of a network with what is changed in it, in float32."""
    return wearer.placement.wardrobe.weight(wearer.network, name, wearer.weights)


def bytes_of(network: nn.Module) -> int:
    """Size of a network's weights."""
    return sum(tensor.nbytes for _, tensor in tensors_of(network))


def free_bytes(device: torch.device) -> int:
    """Memory that can still be taken on `device`, for the host within the limits of its container."""
    free = memory(device).free
    if device.type == "cpu":
        return free
    if device.type != "mps":  # where what torch holds in reserve does not count as taken
        allocator = getattr(torch, device.type)
        free += allocator.memory_reserved(device) - allocator.memory_allocated(device)
    return max(0, free - SPARE)


def _nobody(message: str) -> None:
    """Hear what nobody listens to."""
