"""Room on the device is made by sending away what was used longest ago."""

import gc

import pytest
import torch
from torch import nn

from safelight.models import placement as placement_module
from safelight.models.device import HOST
from safelight.models.placement import Placement, bytes_of, free_bytes

DEVICE = torch.device("cpu:0")  # another device than the host by name, and yet in every machine
SIZE = 4 * 1000


class Recorded(nn.Linear):
    """A network of 4,000 bytes that remembers where it was sent."""

    def __init__(self) -> None:
        super().__init__(100, 10, bias=False)
        self.where = HOST

    def to(self, device: torch.device) -> "Recorded":  # type: ignore[override]
        self.where = device
        return self


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> list[Recorded]:
    """Three networks, and a device that has room for two."""
    made = [Recorded() for _ in range(3)]

    def free(device: torch.device) -> int:
        assert device == DEVICE
        return int(2.5 * SIZE) - sum(bytes_of(network) for network in made if network.where == DEVICE)

    monkeypatch.setattr(placement_module, "free_bytes", free)
    return made


def places(networks: list[Recorded]) -> list[bool]:
    return [network.where == DEVICE for network in networks]


def test_the_least_recently_used_network_leaves(networks: list[Recorded]) -> None:
    placement = Placement(DEVICE)
    first, second, third = networks
    placement.bring(first)
    placement.bring(second)
    placement.bring(first)
    assert places(networks) == [True, True, False]
    placement.bring(third)
    assert places(networks) == [True, False, True]
    placement.bring(second)
    assert places(networks) == [False, True, True]


def test_making_room_keeps_what_is_at_work(networks: list[Recorded]) -> None:
    placement = Placement(DEVICE)
    for network in networks[:2]:
        placement.bring(network)
    assert placement.make_room(10 * SIZE, keep=networks[0]) == int(1.5 * SIZE)
    assert places(networks) == [True, False, False]


def test_a_network_without_room_is_loaded_onto_the_host(networks: list[Recorded]) -> None:
    placement = Placement(DEVICE)
    assert placement.place_for(SIZE) == DEVICE
    assert placement.place_for(3 * SIZE) == HOST


def test_a_network_that_nothing_uses_is_forgotten(networks: list[Recorded]) -> None:
    placement = Placement(DEVICE)
    placement.bring(networks[0])
    placement.bring(networks[1])
    del networks[0]
    gc.collect()
    assert placement.make_room(3 * SIZE) == int(2.5 * SIZE)


def test_the_host_has_less_free_memory_than_memory() -> None:
    assert 0 < free_bytes(HOST) < 2**50
