"""FreeU's two factors (Si et al. 2023)."""

import pytest
import torch

from safelight.models.patching.freeu import by_structure, evenly, freeu
from tests.models.patching.sites import random, site

WIDTH = 4


def test_half_of_the_features_are_raised_at_the_two_coarsest_levels() -> None:
    (change,) = freeu(WIDTH, (1.5, 1.0), (3.0, 1.0), evenly).up
    for channels, factor in ((16, 1.5), (8, 3.0), (4, 1.0)):
        x = random(2, channels, 5, 6)
        raised, _ = change(site(5, 6, way="up"), x, x)
        torch.testing.assert_close(raised[:, : channels // 2], x[:, : channels // 2] * factor)
        assert torch.equal(raised[:, channels // 2 :], x[:, channels // 2 :])


def test_by_structure_the_weakest_place_is_left_alone_and_the_strongest_gets_the_whole_factor() -> None:
    x = random(2, 8, 5, 6)
    gain = by_structure(x, 1.4)
    mean = x.mean(dim=1).flatten(1)
    assert isinstance(gain, torch.Tensor)
    flat = gain.flatten(1)
    assert torch.equal(flat.argmax(dim=1), mean.argmax(dim=1))
    assert flat.amin(dim=1).tolist() == pytest.approx([1, 1])
    assert flat.amax(dim=1).tolist() == pytest.approx([1.4, 1.4])


def test_by_structure_features_of_a_single_cell_are_left_alone() -> None:
    assert torch.equal(by_structure(random(1, 8, 1, 1), 1.4), torch.ones(1, 1, 1, 1))


@pytest.mark.parametrize("size", [(8, 8), (5, 6), (1, 3)])
def test_the_mean_of_what_came_over_is_scaled_and_fine_detail_is_not(size: tuple[int, int]) -> None:
    (change,) = freeu(WIDTH, (1.0, 0.3), (1.0, 1.0), evenly).up
    x = random(1, 16, *size)
    _, skip = change(site(*size, way="up"), x, x)
    torch.testing.assert_close(skip.mean(dim=(2, 3)), 0.3 * x.mean(dim=(2, 3)))
    stripes = torch.ones(1, 16, 4, 8)
    stripes[..., 1::2] = -1
    _, kept = change(site(4, 8, way="up"), stripes, stripes)
    torch.testing.assert_close(kept, stripes)
