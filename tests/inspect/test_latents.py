"""Latent space: ways between latents keep what they should, and figures of the VAE are those of its definition."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from safelight.errors import BadInput
from safelight.inspect.latents import (
    between,
    between_conds,
    channels_of,
    reconstruct,
    spherical,
    straight,
)
from tests.studio import cond_for, loaded


def draw(seed: int, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("way", [spherical, straight])
def test_a_way_begins_at_the_first_and_ends_at_the_second(way: object) -> None:
    first, second = draw(0, 2, 4, 8, 8), 3 * draw(1, 2, 4, 8, 8)
    assert callable(way)
    torch.testing.assert_close(way(first, second, 0.0), first)
    torch.testing.assert_close(way(first, second, 1.0), second)


def test_the_arc_of_a_right_angle_is_sine_and_cosine() -> None:
    first, second = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    found = spherical(first, second, 1 / 3)
    torch.testing.assert_close(found, torch.tensor([[3**0.5 / 2, 0.5]]))


def test_along_an_arc_the_length_goes_evenly_from_one_to_the_other() -> None:
    first, second = draw(0, 1, 4, 8, 8), 3 * draw(1, 1, 4, 8, 8)
    lengths = [spherical(first, second, share).norm() for share in (0.0, 0.25, 0.5, 1.0)]
    expected = [first.norm() + (second.norm() - first.norm()) * share for share in (0.0, 0.25, 0.5, 1.0)]
    torch.testing.assert_close(torch.stack(lengths), torch.stack(expected))
    assert straight(first, second, 0.5).norm() < 0.9 * lengths[2]


@pytest.mark.parametrize("factor", [2.0, -1.0, 0.0])
def test_where_no_arc_leads_the_way_is_straight(factor: float) -> None:
    first = draw(0, 1, 4, 4, 4)
    torch.testing.assert_close(spherical(first, factor * first, 0.25), torch.lerp(first, factor * first, 0.25))


def test_a_film_has_both_ends_and_even_steps() -> None:
    first, second = torch.zeros(4, 2, 2), torch.ones(4, 2, 2)
    film = between(first, second, 5, "linear")
    assert film[:, 0, 0, 0].tolist() == [0.0, 0.25, 0.5, 0.75, 1.0]
    with pytest.raises(BadInput, match="differ in size"):
        between(first, torch.ones(4, 2, 3), 5)


def test_between_two_prompts_lies_a_prompt_with_the_limits_of_the_first() -> None:
    first, second = replace(cond_for("sdxl", 1), strength=0.5), cond_for("sdxl", 2, tokens=154)
    (mixed,) = between_conds((first,), (second,), 0.25, "linear")
    assert mixed.context.shape[1] == 154  # the shorter one twice
    torch.testing.assert_close(mixed.context[:, :77], torch.lerp(first.context, second.context[:, :77], 0.25))
    pooled = [each.pooled for each in (mixed, first, second) if each.pooled is not None]
    torch.testing.assert_close(pooled[0], torch.lerp(pooled[1], pooled[2], 0.25))
    assert mixed.strength == 0.5
    with pytest.raises(BadInput, match="numbers per token"):
        between_conds((first,), (cond_for("sd1"),), 0.5)


def test_each_channel_is_drawn_from_its_own_lowest_to_its_own_highest() -> None:
    latent = torch.stack([torch.tensor([[1.0, 3.0], [2.0, 1.0]]), torch.full((2, 2), -4.0)])
    found = channels_of(latent)
    assert found.pictures.tolist() == [[[0.0, 1.0], [0.5, 0.0]], [[0.0, 0.0], [0.0, 0.0]]]
    assert (found.low.tolist(), found.high.tolist()) == ([1.0, -4.0], [3.0, -4.0])


def test_sixteen_channels_are_sixteen_pictures_and_lead_to_one_another() -> None:
    first, second = draw(0, 16, 8, 6), draw(1, 16, 8, 6)
    assert channels_of(first).pictures.shape == (16, 8, 6)
    assert between(first, second, 3).shape == (3, 16, 8, 6)
    with pytest.raises(BadInput, match=r"16 channels .* 4 of"):
        between(first, draw(1, 4, 8, 6), 3)


def test_the_figures_of_a_reconstruction_are_those_of_its_error() -> None:
    vae = loaded("sd1").vae
    assert vae is not None
    picture = torch.rand(37, 41, 3, generator=torch.Generator().manual_seed(0))
    found = reconstruct(vae, picture)
    assert found.picture.shape == found.reconstruction.shape == (32, 40, 3)
    np.testing.assert_array_equal(found.picture, picture[2:34, :40].numpy())
    difference = found.reconstruction.astype(np.float64) - found.picture
    assert found.psnr == pytest.approx(-10 * np.log10((difference**2).mean()))
    assert found.max_error == pytest.approx(np.abs(difference).max())
    np.testing.assert_allclose((found.error**2).mean(), (difference**2).mean(), rtol=1e-5)
    assert (found.numbers_in, found.numbers_out) == (32 * 40 * 3, 4 * 5 * 4)
    assert (found.fewer_numbers, found.fewer_bits) == (48, 24)
