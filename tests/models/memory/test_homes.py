"""What was copied into pinned memory stays there; what was not is where it was copied from."""

import pytest
import torch
from torch import Tensor, nn

from safelight.models.device import HOST
from safelight.models.memory import homes as homes_module
from safelight.models.memory.homes import Homes
from tests.models.memory.elsewhere import ELSEWHERE


@pytest.fixture
def pinned(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The addresses of pinned memory, which only machines with an accelerator have: here it is remembered."""
    made: list[int] = []

    def on_host(tensor: Tensor, *, pinned: bool) -> Tensor:
        copy = tensor.clone()
        if pinned:
            made.append(copy.data_ptr())
        return copy

    monkeypatch.setattr(homes_module, "on_host", on_host)
    monkeypatch.setattr(Tensor, "is_pinned", lambda tensor: tensor.data_ptr() in made)
    return made


@pytest.fixture
def linear() -> nn.Linear:
    return nn.Linear(4, 4, bias=False).requires_grad_(False)


def test_what_was_pinned_once_is_not_copied_again(linear: nn.Linear, pinned: list[int]) -> None:
    own, homes = linear.weight.clone(), Homes(ELSEWHERE)
    for _ in range(3):
        homes.to_device(linear)
        homes.to_host(linear, {}, pinned=True)
        assert linear.weight.data_ptr() == pinned[0]
    assert len(pinned) == 1
    assert torch.equal(linear.weight, own)


def test_without_pinned_memory_nothing_is_kept_on_the_host(linear: nn.Linear, pinned: list[int]) -> None:
    homes = Homes(ELSEWHERE)
    homes.to_device(linear)
    homes.to_host(linear, {}, pinned=False)
    assert not pinned
    assert not homes.of(linear)


def test_a_file_is_left_for_pinned_memory_where_weights_come_often(linear: nn.Linear, pinned: list[int]) -> None:
    homes = Homes(ELSEWHERE)
    homes.keep(linear, {"weight": linear.weight.data})
    for _ in range(2):
        homes.pin(linear)
    assert [linear.weight.data_ptr()] == pinned == [homes.of(linear)["weight"].data_ptr()]


def test_weights_that_stand_in_for_others_are_not_what_comes_home(linear: nn.Linear, pinned: list[int]) -> None:
    homes, own = Homes(ELSEWHERE), linear.weight.data
    homes.to_device(linear)
    linear.weight.data = linear.weight * 2
    homes.to_host(linear, {"weight": own}, pinned=True)
    assert linear.weight.data_ptr() == own.data_ptr()
    assert not pinned
    assert linear.weight.device == HOST
