"""A device that every machine has: to the placement it is another than the host, so weights are copied to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
import torch
from torch import Tensor, nn

from safelight.models import placement as placement_module
from safelight.models.memory.homes import Homes
from safelight.models.placement import Placement, Vram, bytes_of

ELSEWHERE = torch.device("cpu:0")


class Moves(Homes):
    """Homes that remember which networks came and went."""

    def __init__(self, device: torch.device) -> None:
        super().__init__(device)
        self.made: list[tuple[nn.Module, str]] = []

    def to_device(self, network: nn.Module) -> None:
        super().to_device(network)
        self.made.append((network, "comes"))

    def to_host(self, network: nn.Module, own: Mapping[str, Tensor], *, pinned: bool) -> None:
        super().to_host(network, own, pinned=pinned)
        self.made.append((network, "goes"))


@dataclass
class Elsewhere:
    """A placement on that device, with room for so many bytes of weights and work.

    Attributes:
        placement: The placement.
        told: What it has told.
        moves: What came and went.
    """

    placement: Placement
    told: list[str]
    moves: Moves

    def there(self) -> set[nn.Module]:
        """The networks on the device."""
        found: set[nn.Module] = set()
        for network, way in self.moves.made:
            (found.add if way == "comes" else found.discard)(network)
        return found

    def ways(self, **names: nn.Module) -> list[str]:
        """What came and went, by the names given to networks."""
        known = {network: name for name, network in names.items()}
        return [f"{known[network]} {way}" for network, way in self.moves.made if network in known]


def elsewhere(monkeypatch: pytest.MonkeyPatch, vram: Vram = "auto", room: int = 2**40) -> Elsewhere:
    """A placement on another device than the host."""
    monkeypatch.setattr(placement_module, "Homes", Moves)
    placement = Placement(ELSEWHERE, vram)
    moves = placement._homes
    assert isinstance(moves, Moves)
    made = Elsewhere(placement, [], moves)
    placement.tell = made.told.append
    monkeypatch.setattr(placement_module, "free_bytes", lambda device: room - sum(map(bytes_of, made.there())))
    return made


def failing_for(address: int) -> Callable[..., Tensor]:
    """`Tensor.to`, for which the tensor at an address does not fit."""
    moved = Tensor.to

    def limited(tensor: Tensor, *where: object, **how: object) -> Tensor:
        if tensor.data_ptr() == address:
            raise torch.OutOfMemoryError
        result: Tensor = moved(tensor, *where, **how)  # type: ignore[call-overload]
        return result

    return limited
