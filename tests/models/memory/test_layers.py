"""Layers that come one at a time: no more than one is there, and the result is the same to the bit."""

import gc
import weakref
from typing import get_args

import pytest
import torch
from torch import Tensor, nn

from safelight.models.memory.layers import ByLayer
from safelight.models.unet_forward import run_unet
from tests import tiny
from tests.models.memory.elsewhere import ELSEWHERE, failing_for
from tests.models.test_unet_forward import random_label, random_network


def addresses(network: nn.Module) -> dict[str, int]:
    return {name: tensor.data_ptr() for name, tensor in network.state_dict(keep_vars=True).items()}


@pytest.mark.parametrize("kind", get_args(tiny.Kind))
def test_a_denoiser_by_layers_answers_as_a_whole_does(kind: tiny.Kind) -> None:
    network, shape, generator = random_network(kind)
    x = torch.randn(2, shape.in_channels, 8, 8, generator=generator)
    arguments = (x, torch.tensor([31.5]), torch.randn(2, 77, shape.context_width, generator=generator))
    label = random_label(shape, 2, generator)
    expected = run_unet(network, *arguments, label)
    at_home = addresses(network)
    by_layer = ByLayer(network, ELSEWHERE)
    with torch.inference_mode():
        assert torch.equal(run_unet(network, *arguments, label), expected)
    assert addresses(network) == at_home
    by_layer.stop()
    assert torch.equal(run_unet(network, *arguments, label), expected)


@pytest.mark.parametrize("kind", get_args(tiny.Kind))
def test_a_denoiser_uses_weights_only_by_calling_their_layers(kind: tiny.Kind) -> None:
    network, shape, generator = random_network(kind)
    x = torch.randn(2, shape.in_channels, 8, 8, generator=generator)
    arguments = (x, torch.tensor([31.5]), torch.randn(2, 77, shape.context_width, generator=generator))
    label = random_label(shape, 2, generator)
    expected = run_unet(network, *arguments, label)
    own = {tensor: tensor.data for tensor in network.state_dict(keep_vars=True).values()}

    def spoil(layer: nn.Module, *_: object) -> None:
        for tensor in layer.parameters(recurse=False):
            tensor.data = torch.full_like(tensor, torch.nan)

    def mend(layer: nn.Module, *_: object) -> None:
        for tensor in layer.parameters(recurse=False):
            tensor.data = own[tensor]

    for layer in network.modules():
        spoil(layer)
        layer.register_forward_pre_hook(mend)
        layer.register_forward_hook(spoil)
    assert torch.equal(run_unet(network, *arguments, label), expected)


def test_only_the_layer_at_work_is_there() -> None:
    first, second = nn.Linear(4, 4), nn.Linear(4, 4)
    network = nn.Sequential(first, second)
    at_home = addresses(network)
    seen: list[list[str]] = []

    def look(*_: object) -> None:
        seen.append([name for name, at in addresses(network).items() if at != at_home[name]])

    by_layer = ByLayer(network, ELSEWHERE)
    for layer in network:
        layer.register_forward_hook(look, prepend=True)
    network(torch.zeros(1, 4))
    assert seen == [["0.weight", "0.bias"], ["1.weight", "1.bias"]]
    by_layer.stop()
    network(torch.zeros(1, 4))
    assert seen[2:] == [[], []]


def test_layers_for_which_there_is_room_stay() -> None:
    network = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 40), nn.Linear(40, 2))
    at_home, own = addresses(network), [parameter.clone() for parameter in network.parameters()]
    by_layer = ByLayer(network, ELSEWHERE, room=500)
    there = [name for name, at in addresses(network).items() if at != at_home[name]]
    assert there == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert by_layer.has_any_stay
    network(torch.zeros(1, 4))
    assert [name for name, at in addresses(network).items() if at != at_home[name]] == there
    by_layer.stop()
    assert addresses(network) == at_home
    assert all(torch.equal(parameter, weight) for parameter, weight in zip(network.parameters(), own, strict=True))


def test_a_network_is_left_alone_where_what_should_stay_does_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    network = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    at_home = addresses(network)
    with monkeypatch.context() as patched:
        patched.setattr(Tensor, "to", failing_for(at_home["1.bias"]))
        with pytest.raises(torch.OutOfMemoryError):
            ByLayer(network, ELSEWHERE, room=1000)
    assert addresses(network) == at_home


def test_a_layer_that_fails_goes_home() -> None:
    linear = nn.Linear(4, 4)
    at_home = addresses(linear)
    by_layer = ByLayer(linear, ELSEWHERE)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="shapes"):
            linear(torch.zeros(1, 5))
        assert addresses(linear) == at_home
    by_layer.stop()


def test_a_layer_that_has_not_the_room_stays_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    linear = nn.Linear(4, 4)
    at_home = addresses(linear)
    ByLayer(linear, ELSEWHERE)
    with monkeypatch.context() as patched:
        patched.setattr(Tensor, "to", failing_for(at_home["bias"]))
        with pytest.raises(torch.OutOfMemoryError):
            linear(torch.zeros(1, 4))
    assert addresses(linear) == at_home
    linear(torch.zeros(1, 4))


def test_the_layers_do_not_keep_their_network_alive() -> None:
    network = nn.Sequential(nn.Linear(4, 4))
    gc.collect()
    gc.disable()
    try:
        by_layer, seen = ByLayer(network, ELSEWHERE), weakref.ref(network)
        del network
        assert seen() is None
        by_layer.stop()
    finally:
        gc.enable()
