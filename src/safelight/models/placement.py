"""Which networks are on the device, and how much room is left beside them."""

import os
from itertools import chain
from pathlib import Path
from typing import Protocol
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from safelight.models.device import HOST
from safelight.models.weight_patches import UNPATCHED, Wardrobe, WeightPatches

SPARE = 256 * 2**20  # bytes of device memory left alone, for what the driver and the display take at any time


class Placement:
    """The networks on one device; the least recently used ones wait on the host when room is needed.

    Where the device is the host itself, everything is always in place.

    Attributes:
        device: The device.
        wardrobe: What weight patches its networks wear.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.wardrobe = Wardrobe()
        self._placed: WeakKeyDictionary[nn.Module, None] = WeakKeyDictionary()  # least recently used first

    def bring(self, network: nn.Module, patches: WeightPatches = UNPATCHED) -> None:
        """Have `network` on the device, with just these patches on its weights; others may leave for it."""
        if self.device != HOST:
            if network not in self._placed:
                self.make_room(bytes_of(network))
                network.to(self.device)
            self._placed.pop(network, None)
            self._placed[network] = None
        self.wardrobe.put_on(network, patches)

    def place_for(self, size: int) -> torch.device:
        """Where to load a network of so many bytes: on the device if it has or can make room, else on the host."""
        return self.device if self.make_room(size) >= size else HOST

    def note(self, network: nn.Module) -> None:
        """Take a network that was loaded onto the device into account."""
        if self.device != HOST and next(network.parameters()).device.type == self.device.type:
            self._placed[network] = None

    def make_room(self, needed: int, *, keep: nn.Module | None = None) -> int:
        """Send networks to the host until `needed` bytes are free.

        Args:
            needed: Bytes on the device.
            keep: A network that stays.

        Returns:
            The bytes that are free then, which can be less.
        """
        others = [network for network in self._placed if network is not keep]
        while free_bytes(self.device) < needed and others:
            leaving = others.pop(0)
            leaving.to(HOST)
            del self._placed[leaving]
            torch.cuda.empty_cache()
        return free_bytes(self.device)


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
    return sum(tensor.nbytes for tensor in chain(network.parameters(), network.buffers()))


def free_bytes(device: torch.device) -> int:
    """Memory that can still be taken on `device`, for the host within the limits of its container."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        idle = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return max(0, free + idle - SPARE)
    return min(_host_bytes(), _container_bytes())


def _host_bytes() -> int:
    """What Linux says can be had without swapping; elsewhere half of what is built in."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    sizes = dict(line.split(":", 1) for line in lines)
    return int(sizes["MemAvailable"].split()[0]) * 1024


def _container_bytes() -> int:
    """What is left under the control group's limit; without one, more than any machine has."""
    unlimited = 2**62
    root = Path("/sys/fs/cgroup")
    try:
        limit = (root / "memory.max").read_text(encoding="ascii").strip()
        used = int((root / "memory.current").read_text(encoding="ascii"))
    except OSError:
        return unlimited
    return unlimited if limit == "max" else max(0, int(limit) - used)
