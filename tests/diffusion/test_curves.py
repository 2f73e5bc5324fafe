"""Curves go through their points, and nowhere beyond them. The browser draws by the same numbers."""

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

from safelight.diffusion.curves import STRAIGHT, Points, monotone_cubic

# by hand for those with a point or two; the others by the basis of Hermite, with the slopes of the paper
TABLE = json.loads(Path(__file__).with_name("curves.json").read_text())
CURVES = TABLE["curves"]
EVERYWHERE = torch.linspace(0, 1, 1001, dtype=torch.float64)


def heights(points: Points, at: list[float]) -> Tensor:
    return monotone_cubic(points, torch.tensor(at, dtype=torch.float64))


@pytest.mark.parametrize("name", CURVES)
def test_a_curve_has_the_heights_of_the_table(name: str) -> None:
    wanted = torch.tensor(CURVES[name]["heights"], dtype=torch.float64)
    torch.testing.assert_close(heights(CURVES[name]["points"], TABLE["at"]), wanted, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", CURVES)
def test_a_curve_goes_through_its_points(name: str) -> None:
    points = CURVES[name]["points"]
    assert heights(points, [x for x, _ in points]).tolist() == pytest.approx([y for _, y in points], abs=1e-12)


def test_between_two_points_a_curve_rises_and_falls_as_they_do() -> None:
    draw = torch.Generator().manual_seed(0)
    for _ in range(20):
        xs = torch.rand(12, generator=draw, dtype=torch.float64).sort().values
        ys = torch.rand(12, generator=draw, dtype=torch.float64)
        curve = list(zip(xs.tolist(), ys.tolist(), strict=True))
        for place, rise in enumerate(ys.diff()):
            inside = monotone_cubic(curve, torch.linspace(float(xs[place]), float(xs[place + 1]), 50).double())
            assert (inside.diff() * rise.sign() > -1e-6).all()


def test_the_straight_curve_gives_what_it_was_given_to_the_last_bit() -> None:
    x = torch.rand(2, 100, generator=torch.Generator().manual_seed(0))
    assert torch.equal(monotone_cubic(STRAIGHT, x), x)


def test_points_that_all_but_meet_are_a_step() -> None:
    step = [(0.0, 0.0), (0.5, 0.0), (0.500001, 1.0), (1.0, 1.0)]
    assert set(monotone_cubic(step, EVERYWHERE.float()).tolist()) == {0.0, 1.0}
