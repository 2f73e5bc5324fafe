"""What is on the device: as much as fits, as little as is asked for, and always with its own weights."""

import gc
from pathlib import Path
from typing import get_args

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn

from safelight.models.assemble import Source, fill_from
from safelight.models.device import HOST
from safelight.models.placement import SPARE, Placement, Vram, bytes_of, free_bytes
from safelight.models.weight_patches import UNPATCHED, WeightPatches
from safelight.models.weights import open_weights
from safelight.settings import Settings
from tests.models.memory.elsewhere import ELSEWHERE, Elsewhere, elsewhere, failing_for

SIZE = 4 * 1000
ROOM = int(2.5 * SIZE)


def network(seed: int = 0) -> nn.Linear:
    """A network of 4,000 bytes."""
    torch.manual_seed(seed)
    return nn.Linear(100, 10, bias=False).requires_grad_(False)


@pytest.fixture
def networks() -> list[nn.Linear]:
    return [network(seed) for seed in range(3)]


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    """A device that has room for two of them."""
    return elsewhere(monkeypatch, "normal", ROOM)


def twice(weight: Tensor) -> Tensor:
    return weight * 2


TWICE = WeightPatches({"weight": (twice,)})
TWICE_BOTH = WeightPatches({"0.weight": (twice,), "1.weight": (twice,)})


def test_the_least_recently_used_network_leaves(device: Elsewhere, networks: list[nn.Linear]) -> None:
    first, second, third = networks
    for each in (first, second, first):
        device.placement.bring(each)
    assert device.there() == {first, second}
    device.placement.bring(third)
    assert device.there() == {first, third}
    device.placement.bring(second)
    assert device.there() == {third, second}


def test_making_room_keeps_what_is_at_work(device: Elsewhere, networks: list[nn.Linear]) -> None:
    for each in networks[:2]:
        device.placement.bring(each)
    assert device.placement.make_room(10 * SIZE, keep=networks[0]) == ROOM - SIZE
    assert device.there() == {networks[0]}


@pytest.mark.parametrize(("vram", "stays"), [("normal", False), ("auto", False), ("high", True)])
def test_room_for_work_is_made_ahead_unless_models_are_to_stay(
    vram: Vram, stays: bool, monkeypatch: pytest.MonkeyPatch, networks: list[nn.Linear]
) -> None:
    device = elsewhere(monkeypatch, vram, ROOM)
    first, second, third = networks
    device.placement.bring(first)
    device.placement.bring(second, work=SIZE)
    assert (first in device.there()) == stays
    device.placement.bring(third)
    assert len(device.there()) == 2


def test_room_for_work_is_made_also_for_a_network_that_is_there(device: Elsewhere, networks: list[nn.Linear]) -> None:
    first, second, _ = networks
    device.placement.bring(first)
    device.placement.bring(second)
    device.placement.bring(first, work=SIZE)
    assert device.there() == {first}


def test_a_network_without_room_is_loaded_onto_the_host(device: Elsewhere) -> None:
    assert device.placement.place_for(SIZE) == ELSEWHERE
    assert device.placement.place_for(3 * SIZE) == HOST


def test_a_network_that_nothing_uses_is_forgotten(device: Elsewhere, networks: list[nn.Linear]) -> None:
    for each in networks[:2]:
        device.placement.bring(each)
    device.moves.made.clear()
    del networks[0], each
    gc.collect()
    assert list(device.placement._placed) == networks[:1]


def test_weights_come_home_as_they_left(device: Elsewhere) -> None:
    plain = network()
    own = plain.weight.clone()
    device.placement.bring(plain, TWICE)
    assert torch.equal(plain.weight, own * 2)
    device.placement.send_away()
    assert torch.equal(plain.weight, own)
    device.placement.bring(plain, TWICE)
    assert torch.equal(plain.weight, own * 2)
    device.placement.bring(plain)
    assert torch.equal(plain.weight, own)


def test_a_network_that_does_not_fit_after_all_is_where_it_was(
    device: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = nn.Sequential(network(0), network(1))
    at = [parameter.data_ptr() for parameter in both.parameters()]
    with monkeypatch.context() as patched:
        patched.setattr(Tensor, "to", failing_for(at[1]))
        with pytest.raises(torch.OutOfMemoryError):
            device.placement.bring(both)
    assert [parameter.data_ptr() for parameter in both.parameters()] == at
    device.placement.bring(both)
    assert device.there() == {both}


@pytest.fixture
def mapped(tmp_path: Path) -> tuple[Path, nn.Linear]:
    """A file of weights, and a network on the meta device for them."""
    path = tmp_path / "m.safetensors"
    save_file({"weight": network().weight.data}, path)
    with torch.device("meta"):
        return path, nn.Linear(100, 10, bias=False)


def load(path: Path, linear: nn.Linear, device: Elsewhere) -> int:
    """Fill a network from a file, and say where the weights are in the memory map of it."""
    weights = open_weights(path)
    arguments = {"part": "test", "placement": device.placement, "dtype": torch.float32}
    fill_from(linear, weights, {"weight": "weight"}, Source, **arguments)  # type: ignore[arg-type]
    return weights["weight"].data_ptr()


@pytest.mark.parametrize("vram", get_args(Vram))
def test_a_weight_in_a_file_waits_in_the_file(
    vram: Vram, monkeypatch: pytest.MonkeyPatch, mapped: tuple[Path, nn.Linear]
) -> None:
    path, linear = mapped
    device = elsewhere(monkeypatch, vram, ROOM)
    at = load(path, linear, device)
    assert (linear.weight.data_ptr() == at) == (vram == "low"), "loaded onto the device unless little may be there"
    for patches in (UNPATCHED, TWICE):
        device.placement.bring(linear, patches)
        assert linear.weight.data_ptr() != at
        device.placement.send_away()
        assert linear.weight.data_ptr() == at
    assert torch.equal(linear.weight, network().weight)


def test_a_changed_weight_that_waits_in_a_file_is_not_kept_twice(
    device: Elsewhere, mapped: tuple[Path, nn.Linear]
) -> None:
    path, linear = mapped
    at = load(path, linear, device)
    device.placement.bring(linear, TWICE)
    assert device.placement.wardrobe.strip(linear)["weight"].data_ptr() == at


def test_low_has_nothing_there_that_is_not_at_work(monkeypatch: pytest.MonkeyPatch, networks: list[nn.Linear]) -> None:
    device = elsewhere(monkeypatch, "low")
    text, denoiser, control = networks
    device.placement.bring(text)
    device.placement.finished(text)
    device.placement.bring(control)
    device.placement.bring_layers(denoiser, UNPATCHED, work=0, measures=frozenset())
    assert device.ways(text=text, denoiser=denoiser, control=control) == [
        "text comes",
        "text goes",
        "control comes",
        "control goes",
    ]


@pytest.mark.parametrize(("vram", "whole"), [("low", False), ("auto", False), ("normal", True), ("high", True)])
def test_a_denoiser_larger_than_the_device_comes_by_layers_where_that_is_left_to_us(
    vram: Vram, whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = elsewhere(monkeypatch, vram, SIZE)
    denoiser = network()
    for _ in range(2):
        device.placement.bring_layers(denoiser, UNPATCHED, work=1, measures=frozenset())
    assert device.there() == ({denoiser} if whole else set())
    assert device.placement.could_come_by_layer(denoiser) == whole


def test_a_denoiser_that_fits_comes_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    device = elsewhere(monkeypatch, "auto", 3 * SIZE)
    denoiser = network()
    device.placement.bring_layers(denoiser, UNPATCHED, work=SIZE, measures=frozenset())
    assert device.there() == {denoiser}


def test_a_denoiser_that_came_by_layers_comes_as_a_whole_when_there_is_room_again(
    monkeypatch: pytest.MonkeyPatch, networks: list[nn.Linear]
) -> None:
    device = elsewhere(monkeypatch, "normal")
    denoiser, text, _ = networks
    own = denoiser.weight.clone()
    device.placement.bring_layers(denoiser, TWICE, work=0, measures=frozenset({"layers"}))
    assert torch.equal(denoiser.weight, own * 2)
    assert device.there() == set()
    device.placement.bring(text)
    device.placement.bring_layers(denoiser, UNPATCHED, work=0, measures=frozenset())
    assert device.there() == {denoiser, text}
    assert torch.equal(denoiser.weight, own)
    device.placement.send_away()
    assert torch.equal(denoiser.weight, own)


@pytest.fixture
def halved(monkeypatch: pytest.MonkeyPatch) -> tuple[Elsewhere, nn.Sequential]:
    """A device on which one of the two layers of a denoiser can stay beside its work."""
    device = elsewhere(monkeypatch, "auto", ROOM)
    denoiser = nn.Sequential(network(0), network(1))
    device.placement.bring_layers(denoiser, TWICE_BOTH, work=SIZE, measures=frozenset())
    assert device.placement.has_beside(network())
    assert device.placement.could_come_by_layer(denoiser)
    return device, denoiser


def test_changed_weights_count_where_some_layers_stay(halved: tuple[Elsewhere, nn.Sequential]) -> None:
    device, denoiser = halved
    x = torch.ones(1, 100)
    torch.testing.assert_close(denoiser[0](x), 2 * F.linear(x, network(0).weight))
    torch.testing.assert_close(denoiser[1](x), 2 * F.linear(x, network(1).weight))
    device.placement.bring_layers(denoiser, UNPATCHED, work=SIZE, measures=frozenset())
    assert torch.equal(denoiser.get_parameter("0.weight"), network(0).weight)
    assert torch.equal(denoiser.get_parameter("1.weight"), network(1).weight)


def test_layers_that_stay_leave_when_their_room_is_needed(halved: tuple[Elsewhere, nn.Sequential]) -> None:
    device, denoiser = halved
    device.placement.make_room(2 * ROOM)
    assert not device.placement.has_beside(network())
    assert torch.equal(denoiser.get_parameter("0.weight"), network(0).weight)
    assert torch.equal(denoiser.get_parameter("1.weight"), network(1).weight)


def test_no_layer_stays_once_memory_has_run_out(halved: tuple[Elsewhere, nn.Sequential]) -> None:
    device, denoiser = halved
    for _ in range(2):
        device.placement.bring_layers(denoiser, TWICE_BOTH, work=SIZE, measures=frozenset({"layers"}))
        assert device.placement.comes_by_layer(denoiser)
        assert torch.equal(denoiser.get_parameter("0.weight"), 2 * network(0).weight)


def test_what_is_brought_in_the_midst_of_work_does_not_send_that_away(
    device: Elsewhere, networks: list[nn.Linear]
) -> None:
    first, second, third = networks
    for each in (first, second):
        device.placement.bring(each)
    with device.placement.at_work(first):
        device.placement.bring(third)
    assert device.there() == {first, third}
    device.placement.bring(second)
    assert device.there() == {third, second}


def test_freeing_leaves_nothing_there_and_nothing_changed(device: Elsewhere, networks: list[nn.Linear]) -> None:
    own = [each.weight.clone() for each in networks]
    device.placement.bring(networks[0], TWICE)
    device.placement.bring_layers(networks[1], TWICE, work=0, measures=frozenset({"layers"}))
    device.placement.free()
    assert device.there() == set()
    assert device.placement.could_come_by_layer(networks[1])
    assert all(torch.equal(each.weight, weight) for each, weight in zip(networks, own, strict=True))


def test_freeing_the_host_takes_off_what_networks_wear(placement: Placement) -> None:
    plain = network()
    at = plain.weight.data_ptr()
    placement.bring(plain, TWICE)
    placement.free()
    assert plain.weight.data_ptr() == at


def test_the_host_has_less_free_memory_than_memory() -> None:
    assert 0 < free_bytes(HOST) < 2**50


@pytest.mark.parametrize("kind", ["cuda", "xpu"])
def test_what_torch_holds_in_reserve_on_a_device_is_free(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    backend, gigabyte = getattr(torch, kind), 2**30
    monkeypatch.setattr(backend, "mem_get_info", lambda device: (gigabyte, 8 * gigabyte))
    monkeypatch.setattr(backend, "memory_reserved", lambda device: 5 * gigabyte)
    monkeypatch.setattr(backend, "memory_allocated", lambda device: 3 * gigabyte)
    assert free_bytes(torch.device(kind)) == 3 * gigabyte - SPARE


def test_the_sizes_of_a_network_count_all_that_is_moved() -> None:
    norm = nn.BatchNorm1d(10)
    assert bytes_of(norm) == 4 * 40 + 8


def test_the_setting_knows_the_same_words() -> None:
    assert get_args(Settings.model_fields["vram"].annotation) == get_args(Vram)
