"""Which cells see which under HyperTile; the recorded workflow of tests/parity has the figures."""

import pytest
import torch
from torch import Tensor

from safelight.models.patches import Site
from safelight.models.patching.hypertile import hypertile
from tests.models.patching.sites import random, site


def seen(place: Site, tile: int, *, choices: int = 1, depth: int = 0, grows: bool = False) -> list[tuple[int, ...]]:
    """Shapes of what attention is asked with."""
    shapes: list[tuple[int, ...]] = []

    def attend(x: Tensor, key_input: Tensor, value_input: Tensor) -> Tensor:
        shapes.extend(tuple(each.shape) for each in (x, key_input, value_input))
        return x

    (around,) = hypertile(tile, choices, depth, grows=grows).self_attention
    x = random(2, place.size[0] * place.size[1], 3)
    assert torch.equal(around(place, attend, x, x, x), x)
    return shapes


def test_a_picture_is_cut_into_the_smallest_tiles_that_divide_it() -> None:
    assert seen(site(16, 24), 8) == [(2 * 2 * 3, 64, 3)] * 3
    assert seen(site(20, 16), 8) == [(2 * 2 * 2, 80, 3)] * 3


def test_sides_without_a_divisor_are_left_whole() -> None:
    assert seen(site(17, 23), 8) == [(2, 17 * 23, 3)] * 3


def test_a_tile_asks_for_a_square_of_cells_and_sees_a_band_of_the_picture() -> None:
    (around,) = hypertile(2, 1, 0, grows=False).self_attention
    cells = torch.arange(16.0).reshape(1, 16, 1)
    asks: list[list[int]] = []
    sees: list[list[int]] = []

    def attend(x: Tensor, key_input: Tensor, value_input: Tensor) -> Tensor:
        asks.extend(x[..., 0].long().tolist())
        sees.extend(key_input[..., 0].long().tolist())
        return x

    around(site(4, 4), attend, cells, cells, cells)
    assert asks[1] == [2, 3, 6, 7]
    assert sees[1] == [4, 5, 6, 7]


@pytest.mark.parametrize(("depth", "tokens"), [(0, 64), (1, 16)])
def test_coarser_levels_are_tiled_if_asked_for(depth: int, tokens: int) -> None:
    assert seen(site(8, 8, latent=(16, 16)), 4, depth=depth)[0][1] == tokens


def test_a_level_at_which_a_side_was_rounded_is_left_whole() -> None:
    assert seen(site(8, 8, latent=(15, 16)), 4, depth=1)[0][1] == 64


def test_a_wide_picture_is_cut_as_if_it_were_a_tall_one() -> None:
    """As other programs do; what they recorded is of square pictures."""
    (around,) = hypertile(2, 1, 0, grows=False).self_attention
    asks: list[list[int]] = []

    def attend(x: Tensor, key_input: Tensor, value_input: Tensor) -> Tensor:
        asks.extend(x[..., 0].long().tolist())
        return x

    cells = torch.arange(32.0).reshape(1, 32, 1)
    around(site(4, 8), attend, cells, cells, cells)
    assert asks[1] == [2, 3, 6, 7]


def test_tiles_grow_with_the_level_if_asked_for() -> None:
    assert seen(site(8, 8, latent=(16, 16)), 4, depth=1, grows=True)[0][1] == 64


def test_the_largest_of_the_sizes_is_not_drawn() -> None:
    (around,) = hypertile(4, 3, 0, grows=False).self_attention
    place, x = site(32, 8), random(1, 256, 3)
    heights: set[int] = set()

    def attend(x: Tensor, key_input: Tensor, value_input: Tensor) -> Tensor:
        heights.add(x.shape[1] // 4)
        return x

    for _ in range(30):
        around(place, attend, x, x, x)
    assert heights == {4, 8}  # of 4, 8 and 16


def test_what_other_patches_have_cut_already_is_left_to_them() -> None:
    (around,) = hypertile(2, 1, 0, grows=False).self_attention
    x, whole = random(1, 10, 3), random(1, 16, 3)
    assert around(site(4, 4), lambda x, k, v: x + len(x), x, whole, whole).equal(x + 1)
