"""How a picture reaches a network: its size, its place in the batch, its strength, its part of the sampling."""

from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor

from safelight.diffusion.control import ControlCall, Residuals
from safelight.models.control.picture_control import PictureControl, fitted
from safelight.models.model import Model
from tests.studio import cond_for, loaded

SIGMA = torch.tensor(3.0)


@dataclass
class Recorder:
    """A network that adds what it saw to everything, and counts how often it looked."""

    looked: list[tuple[int, ...]] = field(default_factory=list)

    def onto(self, model: Model) -> "Recorder":
        return self

    def look(self, picture: Tensor, call: ControlCall) -> tuple[Tensor, ...]:
        self.looked.append(tuple(call.shown.shape))
        return (picture.mean(dim=(1, 2, 3))[:, None, None, None],)

    def steer(self, seen: tuple[Tensor, ...], call: ControlCall) -> Residuals:
        (values,) = seen
        return Residuals(entering=(values,) * 12, middle=values)


def call_for(latents: int = 2, rounds: int = 1, size: tuple[int, int] = (8, 8), **changes: Any) -> ControlCall:
    shown, context = torch.zeros(latents * rounds, 4, *size), torch.zeros(latents * rounds, 77, 64)
    return ControlCall(shown, SIGMA, torch.tensor([1.0]), context, None, rounds=rounds, **changes)


def pictures(*values: float) -> Tensor:
    return torch.tensor(values)[:, None, None, None].expand(-1, 16, 16, 3)


def test_strength_multiplies_what_is_added() -> None:
    found = PictureControl(Recorder(), pictures(0.5), strength=0.3)(call_for())
    assert found.middle is not None
    torch.testing.assert_close(found.middle.flatten(), torch.tensor([0.15]))
    assert found.entering[0] is not None
    torch.testing.assert_close(found.entering[0].flatten(), torch.tensor([0.15]))


@pytest.mark.parametrize(
    ("shown", "latents", "rounds", "expected"),
    [
        ((0.1, 0.2), 2, 1, [0.1, 0.2]),
        ((0.1, 0.2), 2, 2, [0.1, 0.2, 0.1, 0.2]),
        ((0.1, 0.2), 3, 2, [0.1, 0.2, 0.1, 0.1, 0.2, 0.1]),
        ((0.1, 0.2, 0.3), 1, 2, [0.1, 0.1]),
        ((0.1,), 3, 2, [0.1]),
    ],
)
def test_each_latent_gets_its_own_picture(
    shown: tuple[float, ...], latents: int, rounds: int, expected: list[float]
) -> None:
    found = PictureControl(Recorder(), pictures(*shown))(call_for(latents, rounds))
    assert found.middle is not None
    torch.testing.assert_close(found.middle.flatten(), torch.tensor(expected))


def test_a_picture_is_looked_at_once_in_a_run_for_each_size() -> None:
    network = Recorder()
    control = PictureControl(network, pictures(0.5))
    memory: dict[object, Any] = {}
    for size in ((8, 8), (8, 8), (4, 8), (8, 8)):
        control(call_for(size=size, memory=memory))
    assert [shape[-2:] for shape in network.looked] == [(8, 8), (4, 8)]


def test_two_controls_of_one_network_do_not_share_what_they_see() -> None:
    network = Recorder()
    call = call_for()
    for value in (0.1, 0.9):
        found = PictureControl(network, pictures(value))(call)
        assert found.middle is not None
        torch.testing.assert_close(found.middle.flatten(), torch.tensor([value]))


def test_a_wide_picture_is_cut_at_its_sides_and_keeps_its_values() -> None:
    picture = torch.arange(8.0).expand(4, 8)[None, :, :, None] - 3
    found = fitted(picture, 8, 8)
    assert found.shape == (1, 1, 8, 8)
    assert found[0, 0, 0].tolist() == [-1, -1, 0, 0, 1, 1, 2, 2]


def test_a_high_picture_is_cut_above_and_below() -> None:
    picture = torch.arange(8.0)[:, None].expand(8, 4)[None, :, :, None]
    assert fitted(picture, 2, 2)[0, 0, :, 0].tolist() == [3, 5]


@pytest.mark.parametrize(
    ("start", "end", "counts"),
    [(0.0, 1.0, True), (0.0, 0.2, False), (0.6, 1.0, False), (0.2, 0.6, True)],
)
def test_a_control_counts_in_its_part_of_the_sampling(start: float, end: float, counts: bool) -> None:
    model = loaded("sd1").model
    sigma = torch.tensor(model.schedule.percent_to_sigma(0.4))
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    control = PictureControl(Recorder(), pictures(5.0), start=start, end=end)
    context = cond_for("sd1").context
    steered, plain = (model.predict(x, sigma, context, controls=each) for each in ((control,), ()))
    assert torch.equal(steered, plain) is not counts


def test_controls_add_up() -> None:
    model = loaded("sd1").model
    x = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    context = cond_for("sd1").context
    halves = (PictureControl(Recorder(), pictures(0.5)), PictureControl(Recorder(), pictures(1.5)))
    whole = PictureControl(Recorder(), pictures(2.0))
    torch.testing.assert_close(
        model.predict(x, SIGMA, context, controls=halves), model.predict(x, SIGMA, context, controls=(whole,))
    )
