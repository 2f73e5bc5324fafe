"""Tiles cover a picture, and cannot be seen."""

from fractions import Fraction

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.models.tiles import in_tiles


@pytest.mark.parametrize(("height", "width"), [(64, 64), (24, 100), (130, 72), (8, 8)])
@pytest.mark.parametrize(("tile", "overlap"), [(32, 8), (64, 0), (40, 24)])
def test_work_that_sees_no_neighbours_is_the_same_in_tiles(height: int, width: int, tile: int, overlap: int) -> None:
    image = torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(0))
    whole = in_tiles(lambda x: x * 2 + 1, image, tile=tile, overlap=overlap, channels=3, scale=Fraction(1))
    torch.testing.assert_close(whole, image * 2 + 1)


def test_tiles_are_of_the_asked_size_and_stay_inside() -> None:
    seen: list[tuple[int, ...]] = []

    def work(x: Tensor) -> Tensor:
        seen.append(tuple(x.shape))
        return x

    in_tiles(work, torch.zeros(2, 1, 100, 50), tile=40, overlap=8, channels=1, scale=Fraction(1))
    assert set(seen) == {(1, 1, 40, 40)}
    assert len(seen) == 2 * 3 * 2


@pytest.mark.parametrize("scale", [Fraction(8), Fraction(1, 8)])
def test_the_result_is_scaled(scale: Fraction) -> None:
    image = torch.rand(1, 1, 96, 64, generator=torch.Generator().manual_seed(0))

    def work(x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=8.0) if scale > 1 else F.avg_pool2d(x, 8)

    tiled = in_tiles(work, image, tile=32, overlap=16, channels=1, scale=scale)
    torch.testing.assert_close(tiled, work(image))


def test_a_difference_between_tiles_is_spread_over_their_overlap() -> None:
    levels = iter((0.0, 1.0))
    result = in_tiles(
        lambda x: torch.full_like(x, next(levels)),
        torch.zeros(1, 1, 32, 56),
        tile=32,
        overlap=8,
        channels=1,
        scale=Fraction(1),
    )
    row = result[0, 0, 0]
    assert row[:24].eq(0).all()
    assert row[32:].eq(1).all()
    torch.testing.assert_close(row[24:32], torch.arange(1, 9) / 9)
