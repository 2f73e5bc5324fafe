"""Which tokens are merged (Bolya & Hoffman 2023), and what they get back."""

import pytest
import torch

from safelight.models.patching.token_merging import merge_alike, token_merging
from tests.models.patching.sites import random, site


def draws() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("size", [(8, 8), (7, 9), (2, 3)])
def test_tokens_that_are_the_same_are_merged_first_and_get_back_what_they_were(size: tuple[int, int]) -> None:
    cells = size[0] * size[1]
    staying = (size[0] // 2) * (size[1] // 2)
    x = random(1, 1, 5).expand(2, cells, 5)
    merging = merge_alike(x, size, cells, draws())
    assert merging.count == staying
    torch.testing.assert_close(merging.unmerge(merging.merge(x)), x)


def test_a_merged_token_is_the_mean_of_its_own() -> None:
    x = random(2, 16, 5)
    merging = merge_alike(x, (4, 4), 6, draws())
    merged = merging.merge(x)
    assert merged.shape == (2, 10, 5)
    for row in range(2):
        for owner in range(10):
            torch.testing.assert_close(merged[row, owner], x[row, merging.owner[row] == owner].mean(dim=0))


def test_the_tokens_most_alike_are_the_ones_that_are_merged() -> None:
    x = torch.eye(16)[None].clone()
    x[0, 15] = x[0, 14] = x[0, 11] = x[0, 10]  # a square of four, one of which stays
    merging = merge_alike(x, (4, 4), 3, draws())
    assert len(set(merging.owner[0, [10, 11, 14, 15]].tolist())) == 1


def test_only_the_finest_level_is_merged_and_keys_stay_whole() -> None:
    (around,) = token_merging(0.5).self_attention
    x = random(1, 64, 5)
    shapes: list[tuple[int, int]] = []

    def attend(x: torch.Tensor, key_input: torch.Tensor, value_input: torch.Tensor) -> torch.Tensor:
        shapes.append((x.shape[1], key_input.shape[1]))
        return x

    around(site(8, 8), attend, x, x, x)
    around(site(8, 8, latent=(16, 16)), attend, x, x, x)
    assert shapes == [(32, 64), (64, 64)]
