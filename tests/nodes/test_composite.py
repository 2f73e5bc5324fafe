import pytest
import torch

from safelight.nodes.composite import paste

BASE = torch.zeros(2, 1, 4, 6)
OVER = torch.ones(1, 1, 3, 3)


@pytest.mark.parametrize(
    ("x", "y", "cells"), [(0, 0, 9), (4, 2, 4), (-1, 0, 6), (-2, -2, 1), (6, 0, 0), (0, 4, 0), (-3, 0, 0)]
)
def test_what_reaches_beyond_an_edge_is_cut_off(x: int, y: int, cells: int) -> None:
    result = paste(BASE, OVER, x, y)
    assert result.sum(dim=(1, 2, 3)).tolist() == [cells, cells]
    assert BASE.sum() == 0


def test_a_source_cut_at_the_left_shows_its_right_part() -> None:
    source = torch.arange(3.0).expand(1, 1, 3, 3)
    assert paste(BASE, source, -2, 0)[0, 0, 0].tolist() == [2, 0, 0, 0, 0, 0]


def test_a_mask_shows_as_much_of_the_source_as_it_says() -> None:
    result = paste(BASE, OVER, 1, 1, torch.full((1, 1, 8, 8), 0.25))
    torch.testing.assert_close(result[:, :, 1:, 1:4], torch.full((2, 1, 3, 3), 0.25))


def test_a_fitted_source_covers_everything() -> None:
    assert paste(BASE, OVER, 0, 0, fit=True).min() == 1


def test_a_short_batch_of_sources_is_repeated() -> None:
    source = torch.stack([torch.full((1, 4, 6), 1.0), torch.full((1, 4, 6), 2.0)])
    assert paste(torch.zeros(3, 1, 4, 6), source, 0, 0)[:, 0, 0, 0].tolist() == [1, 2, 1]
