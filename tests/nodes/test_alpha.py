import pytest
import torch
from torch import Tensor

from safelight.nodes.alpha import (
    MODES,
    join_image_with_alpha,
    porter_duff_image_composite,
    split_image_with_alpha,
)

SOURCE, SOURCE_ALPHA = 0.8, 0.5
DESTINATION, DESTINATION_ALPHA = 0.2, 0.75


def even(value: float, rows: int = 4, columns: int = 4) -> Tensor:
    return torch.full((1, rows, columns, 3), value)


def composite(mode: str) -> tuple[float, float]:
    image, mask = porter_duff_image_composite(
        source=even(SOURCE),
        source_alpha=1 - even(SOURCE_ALPHA)[..., 0],
        destination=even(DESTINATION),
        destination_alpha=1 - even(DESTINATION_ALPHA)[..., 0],
        mode=mode,
    )
    return image[0, 0, 0, 0].item(), 1 - mask[0, 0, 0].item()


@pytest.mark.parametrize(
    ("mode", "color", "alpha"),
    # By hand: s = 0.8 * 0.5 = 0.4 and d = 0.2 * 0.75 = 0.15, premultiplied; Porter & Duff 1984, table 1
    [
        ("CLEAR", 0.0, 0.0),
        ("SRC", 0.8, 0.5),
        ("DST", 0.2, 0.75),
        ("SRC_OVER", 0.475 / 0.875, 0.875),
        ("DST_OVER", 0.25 / 0.875, 0.875),
        ("SRC_IN", 0.8, 0.375),
        ("DST_IN", 0.2, 0.375),
        ("SRC_OUT", 0.8, 0.125),
        ("DST_OUT", 0.2, 0.375),
        ("SRC_ATOP", 0.375 / 0.75, 0.75),
        ("DST_ATOP", 0.175 / 0.5, 0.5),
        ("XOR", 0.175 / 0.5, 0.5),
        ("ADD", 0.55, 1.0),
        ("MULTIPLY", 0.06 / 0.375, 0.375),
        ("SCREEN", 0.49 / 0.875, 0.875),
        ("DARKEN", (0.1 + 0.075 + 0.15) / 0.875, 0.875),
        ("LIGHTEN", (0.1 + 0.075 + 0.4) / 0.875, 0.875),
        ("OVERLAY", 2 * 0.4 * 0.15 / 0.875, 0.875),
    ],
)
def test_a_mode_gives_the_colour_and_alpha_of_its_formula(mode: str, color: float, alpha: float) -> None:
    assert composite(mode) == pytest.approx((color, alpha), abs=1e-6)


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_gives_a_picture_of_the_destinations_size(mode: str) -> None:
    image, mask = porter_duff_image_composite(
        source=even(0.5, 9, 5),
        source_alpha=even(0.5, 7, 7)[..., 0],
        destination=even(0.5, 4, 6),
        destination_alpha=even(0.5, 3, 3)[..., 0],
        mode=mode,
    )
    assert (image.shape, mask.shape) == ((1, 4, 6, 3), (1, 4, 6))
    assert image.isfinite().all()


def test_splitting_undoes_joining() -> None:
    picture, mask = torch.rand(2, 4, 4, 3), torch.rand(2, 4, 4)
    split = split_image_with_alpha(image=join_image_with_alpha(image=picture, alpha=mask))
    torch.testing.assert_close(split.image, picture)
    torch.testing.assert_close(split.mask, mask)


def test_a_picture_without_alpha_has_nothing_transparent() -> None:
    assert split_image_with_alpha(image=even(0.5)).mask.max() == 0


def test_a_mask_is_scaled_and_repeated_to_fit_its_pictures() -> None:
    joined = join_image_with_alpha(image=torch.rand(3, 4, 4, 3), alpha=torch.full((1, 9, 9), 0.25))
    torch.testing.assert_close(joined[..., 3], torch.full((3, 4, 4), 0.75))
