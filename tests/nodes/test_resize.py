import math

import pytest
import torch

from safelight.nodes.resize import (
    IMAGE_METHODS,
    LATENT_METHODS,
    METHODS,
    bislerp,
    center_crop,
    crop_to_multiple,
    match,
    resize,
    slerp,
)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_keeps_an_even_picture_even(method: str) -> None:
    even = torch.full((2, 3, 10, 14), 51 / 255)
    torch.testing.assert_close(resize(even, 21, 5, method), torch.full((2, 3, 5, 21), 51 / 255))


@pytest.mark.parametrize("method", METHODS)
def test_a_picture_brought_to_its_own_size_stays_as_it_is(method: str) -> None:
    picture = torch.arange(2 * 3 * 8 * 6).reshape(2, 3, 8, 6).remainder(256) / 255
    torch.testing.assert_close(resize(picture, 6, 8, method), picture)


def test_the_methods_of_latents_and_of_pictures_are_all_there() -> None:
    assert set(LATENT_METHODS) | set(IMAGE_METHODS) == set(METHODS)


def test_bislerp_keeps_the_length_of_vectors_of_one_length() -> None:
    angles = torch.rand(1, 1, 6, 7, generator=torch.Generator().manual_seed(0)) * 2
    unit = torch.cat([angles.cos(), angles.sin()], dim=1)
    lengths = torch.linalg.vector_norm(bislerp(unit, 17, 13), dim=1)
    torch.testing.assert_close(lengths, torch.ones(1, 13, 17))


def test_slerp_halfway_between_perpendicular_vectors_is_their_bisector() -> None:
    a, b = torch.tensor([[2.0, 0.0]])[..., None], torch.tensor([[0.0, 4.0]])[..., None]
    wanted = 3 * torch.tensor([[math.sqrt(0.5), math.sqrt(0.5)]])[..., None]
    torch.testing.assert_close(slerp(a, b, torch.tensor([0.5])), wanted)


@pytest.mark.parametrize("factor", [1.0, 3.0, -1.0])
def test_slerp_between_vectors_on_one_line_mixes_them_plainly(factor: float) -> None:
    a = torch.tensor([[1.0, 2.0]])[..., None]
    torch.testing.assert_close(slerp(a, factor * a, torch.tensor([0.25])), a * (0.75 + 0.25 * factor))


def test_slerp_between_blank_cells_is_blank() -> None:
    blank = torch.zeros(1, 4, 3)
    torch.testing.assert_close(slerp(blank, blank, torch.full((3,), 0.5)), blank)


def test_a_center_crop_has_the_wanted_shape_about_the_middle() -> None:
    columns = torch.arange(12.0).expand(1, 1, 4, 12)
    assert center_crop(columns, 4 / 4)[0, 0, 0].tolist() == [4, 5, 6, 7]
    assert center_crop(columns.transpose(2, 3), 4 / 8)[0, 0, :, 0].tolist() == [2, 3, 4, 5, 6, 7, 8, 9]


def test_a_picture_is_cut_to_a_multiple_evenly_from_both_sides() -> None:
    rows = torch.arange(21.0).reshape(1, 1, 21, 1).expand(1, 1, 21, 16)
    cut = crop_to_multiple(rows, 8)
    assert cut.shape == (1, 1, 16, 16)
    assert cut[0, 0, 0, 0] == 2


def test_match_gives_size_and_batch_of_the_other() -> None:
    assert match(torch.rand(2, 4, 8, 16), torch.zeros(3, 4, 8, 8)).shape == (3, 4, 8, 8)
