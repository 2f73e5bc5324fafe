import pytest
import torch

from safelight.errors import BadInput
from safelight.nodes.masks import (
    crop_mask,
    feather_mask,
    grow_mask,
    image_color_to_mask,
    image_to_mask,
    invert_mask,
    mask_composite,
    mask_to_image,
    solid_mask,
    threshold_mask,
)

RISING = torch.linspace(0, 1, 5).expand(1, 4, 5)


def test_a_mask_without_a_batch_becomes_a_grey_picture() -> None:
    picture = mask_to_image(mask=RISING[0])
    assert picture.shape == (1, 4, 5, 3)
    assert torch.equal(picture[..., 1], RISING)


def test_a_channel_becomes_a_mask() -> None:
    picture = torch.tensor([0.1, 0.2, 0.3, 0.4]).expand(1, 2, 2, 4)
    for channel, value in (("red", 0.1), ("green", 0.2), ("blue", 0.3), ("alpha", 0.4)):
        torch.testing.assert_close(image_to_mask(image=picture, channel=channel), torch.full((1, 2, 2), value))


def test_a_missing_alpha_channel_is_named() -> None:
    with pytest.raises(BadInput, match="no alpha"):
        image_to_mask(image=torch.zeros(1, 2, 2, 3), channel="alpha")


def test_a_colour_is_masked_where_all_three_channels_have_it() -> None:
    picture = torch.tensor([[[[1.0, 0.5, 0.0], [1.0, 0.5, 0.1], [1.0, 0.502, 0.0]]]])
    assert image_color_to_mask(image=picture, color=0xFF8000).tolist() == [[[1.0, 0.0, 1.0]]]


def test_a_solid_mask_inverted_is_what_is_missing_to_one() -> None:
    torch.testing.assert_close(invert_mask(mask=solid_mask(value=0.25, width=3, height=2)), torch.full((1, 2, 3), 0.75))


def test_a_crop_ends_at_the_edges() -> None:
    assert crop_mask(mask=RISING, x=3, y=1, width=512, height=2).tolist() == [[[0.75, 1.0]] * 2]


@pytest.mark.parametrize(
    ("operation", "wanted"),
    [
        ("multiply", [0.0, 0.125, 0.25, 0.75, 1.0]),
        ("add", [0.0, 0.75, 1.0, 1.0, 1.0]),
        ("subtract", [0.0, 0.0, 0.0, 0.0, 0.0]),
        ("and", [0.0, 0.0, 0.0, 1.0, 1.0]),
        ("or", [0.0, 0.0, 0.0, 1.0, 1.0]),
        ("xor", [0.0, 0.0, 0.0, 0.0, 0.0]),
    ],
)
def test_masks_are_combined_where_they_overlap(operation: str, wanted: list[float]) -> None:
    source = torch.tensor([0.5, 0.5, 1.0, 1.0]).expand(1, 9, 4)
    result = mask_composite(destination=RISING, source=source, x=1, y=2, operation=operation)
    torch.testing.assert_close(result[0, 3], torch.tensor(wanted))
    assert torch.equal(result[:, :2], RISING[:, :2])


def test_a_mask_laid_wholly_outside_changes_nothing() -> None:
    assert torch.equal(mask_composite(destination=RISING, source=RISING, x=50, y=0, operation="add"), RISING)


def test_one_mask_is_combined_with_each_of_a_batch() -> None:
    batch = torch.stack([torch.zeros(4, 5), torch.ones(4, 5)])
    assert mask_composite(destination=RISING, source=batch, operation="or").shape == (2, 4, 5)


def test_a_feathered_mask_rises_evenly_from_each_edge() -> None:
    feathered = feather_mask(mask=torch.ones(1, 6, 8), left=4, right=2, top=3)
    torch.testing.assert_close(feathered[0, 5], torch.tensor([0.25, 0.5, 0.75, 1, 1, 1, 1, 0.5]))
    torch.testing.assert_close(feathered[0, :, 4], torch.tensor([1 / 3, 2 / 3, 1, 1, 1, 1]))


def test_a_feather_wider_than_the_mask_rises_all_the_way() -> None:
    torch.testing.assert_close(
        feather_mask(mask=torch.ones(1, 1, 4), left=99)[0, 0], torch.tensor([0.25, 0.5, 0.75, 1])
    )


def test_shrinking_undoes_growing_of_a_square() -> None:
    square = torch.zeros(1, 20, 20)
    square[:, 8:12, 8:12] = 1
    grown = grow_mask(mask=square, expand=3, tapered_corners=False)
    assert grown.sum() == 10 * 10
    assert torch.equal(grow_mask(mask=grown, expand=-3, tapered_corners=False), square)


def test_a_threshold_is_itself_left_out() -> None:
    assert threshold_mask(mask=RISING, value=0.5)[0, 0].tolist() == [0, 0, 0, 1, 1]
