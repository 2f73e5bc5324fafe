import pytest
import torch
from torch import Tensor

from safelight.nodes.images import (
    empty_image,
    get_image_size,
    image_composite_masked,
    image_crop,
    image_flip,
    image_pad_for_outpaint,
    image_rotate,
    image_scale,
    image_scale_by,
    image_scale_to_max_dimension,
    image_scale_to_total_pixels,
    image_stitch,
    resize_and_pad_image,
)
from tests.nodes.running import RecordedRun


def even(value: float, rows: int = 8, columns: int = 8, batch: int = 1, channels: int = 3) -> Tensor:
    return torch.full((batch, rows, columns, channels), value)


def numbered(rows: int = 4, columns: int = 6) -> Tensor:
    return (
        (torch.arange(rows * columns, dtype=torch.float32) / (rows * columns))
        .reshape(1, rows, columns, 1)
        .expand(-1, -1, -1, 3)
    )


def test_an_empty_picture_has_the_colour_it_is_given() -> None:
    picture = empty_image(width=5, height=3, batch_size=2, color=0xFF8000)
    assert picture.shape == (2, 3, 5, 3)
    torch.testing.assert_close(picture[1, 2, 4], torch.tensor([1.0, 128 / 255, 0.0]))


@pytest.mark.parametrize(
    ("width", "height", "size"), [(0, 0, (4, 6)), (12, 0, (8, 12)), (0, 2, (2, 3)), (5, 7, (7, 5)), (0, 1, (1, 2))]
)
def test_a_side_of_zero_keeps_the_shape(width: int, height: int, size: tuple[int, int]) -> None:
    scaled = image_scale(image=numbered(), upscale_method="area", width=width, height=height, crop="disabled")
    assert scaled.shape == (1, *size, 3)


def test_scaling_by_a_small_factor_leaves_a_pixel() -> None:
    assert image_scale_by(image=numbered(), upscale_method="bilinear", scale_by=0.01).shape == (1, 1, 1, 3)


def test_a_megapixel_has_1024_rows_and_columns() -> None:
    scaled = image_scale_to_total_pixels(image=even(0.5, 20, 80), upscale_method="nearest-exact", megapixels=1.0)
    assert scaled.shape == (1, 512, 2048, 3)


@pytest.mark.parametrize(("rows", "columns", "size"), [(10, 20, (32, 64)), (20, 10, (64, 32)), (9, 9, (64, 64))])
def test_the_longer_side_gets_the_largest_size(rows: int, columns: int, size: tuple[int, int]) -> None:
    scaled = image_scale_to_max_dimension(image=even(0.0, rows, columns), upscale_method="area", largest_size=64)
    assert scaled.shape[1:3] == size


@pytest.mark.parametrize(
    ("x", "y", "width", "height", "size"), [(1, 2, 3, 1, (1, 3)), (4, 0, 512, 512, (4, 2)), (99, 99, 5, 5, (1, 1))]
)
def test_a_crop_ends_at_the_edges(x: int, y: int, width: int, height: int, size: tuple[int, int]) -> None:
    assert image_crop(image=numbered(), width=width, height=height, x=x, y=y).shape[1:3] == size


def test_flipping_about_the_x_axis_swaps_top_and_bottom() -> None:
    flipped = image_flip(image=numbered(), flip_method="x-axis: vertically")
    assert torch.equal(flipped[:, 0], numbered()[:, -1])


def test_a_quarter_turn_is_clockwise() -> None:
    turned = image_rotate(image=numbered(), rotation="90 degrees")
    assert turned.shape == (1, 6, 4, 3)
    assert torch.equal(turned[0, 0], numbered()[0, :, 0].flip(0))


def test_a_fitted_picture_stands_in_the_middle_of_its_canvas() -> None:
    padded = resize_and_pad_image(
        image=even(0.5, 4, 8), target_width=16, target_height=16, padding_color="white", interpolation="bilinear"
    )
    assert padded[0, :, 3, 0].tolist() == [1.0] * 4 + [0.5] * 8 + [1.0] * 4


def test_outpainting_keeps_the_picture_and_masks_the_margin() -> None:
    padded = image_pad_for_outpaint(image=even(0.2, 32, 32), left=8, bottom=16, feathering=0)
    assert padded.image.shape == (1, 48, 40, 3)
    torch.testing.assert_close(padded.image[:, :32, 8:], even(0.2, 32, 32))
    assert padded.image[0, 40, 20, 0] == 0.5
    assert padded.mask[0, :32, 8:].max() == 0
    assert padded.mask[0, 32:].min() == padded.mask[0, :, :8].min() == 1


def test_the_outpainting_mask_fades_as_a_square_from_the_sides_that_grow() -> None:
    mask = image_pad_for_outpaint(image=even(0.2, 32, 32), left=8, feathering=4).mask[0, 16, 8:]
    torch.testing.assert_close(mask[:5], torch.tensor([1.0, 9 / 16, 4 / 16, 1 / 16, 0.0]))
    assert mask[-1] == 0


@pytest.mark.parametrize(
    ("direction", "shape", "corner"),
    [("right", (8, 20), 0.0), ("left", (8, 20), 1.0), ("down", (20, 8), 0.0), ("up", (20, 8), 1.0)],
)
def test_a_second_picture_goes_where_it_is_told(direction: str, shape: tuple[int, int], corner: float) -> None:
    stitched = image_stitch(image1=even(0.0), image2=even(1.0), direction=direction, spacing_width=3)
    assert stitched.shape[1:3] == shape
    assert stitched[0, 0, 0, 0] == corner


def test_a_stitched_picture_is_scaled_to_the_side_that_meets() -> None:
    stitched = image_stitch(image1=even(0.0), image2=even(1.0, 16, 24), direction="right")
    assert stitched.shape == (1, 8, 20, 3)


def test_an_unscaled_smaller_picture_is_padded_with_the_bars_colour() -> None:
    stitched = image_stitch(
        image1=even(0.0), image2=even(0.5, 4, 4, batch=3), match_image_size=False, spacing_width=2, spacing_color="red"
    )
    assert stitched.shape == (3, 8, 14, 3)
    assert stitched[2, 0, 13].tolist() == stitched[2, 0, 9].tolist() == [1.0, 0.0, 0.0]
    assert stitched[2, 4, 13].tolist() == [0.5, 0.5, 0.5]


def test_a_picture_alone_is_given_on() -> None:
    assert image_stitch(image1=even(0.25)).equal(even(0.25))


def test_a_picture_with_alpha_is_laid_over_one_without() -> None:
    result = image_composite_masked(destination=even(0.0), source=even(1.0, 4, 4, channels=4), x=6, y=6)
    assert result.shape == (1, 8, 8, 3)
    assert result.sum() == 2 * 2 * 3


def test_an_opaque_picture_covers_one_with_alpha() -> None:
    result = image_composite_masked(destination=even(0.0, channels=4), source=even(0.5))
    torch.testing.assert_close(result[..., 3], torch.ones(1, 8, 8))


def test_the_size_is_told_as_width_height_and_number(run: RecordedRun) -> None:
    assert get_image_size(image=even(0.0, 3, 5, batch=2), run=run) == (5, 3, 2)
    assert "width: 5" in run.texts[0]
