import pytest
import torch
from torch import Tensor

from safelight.nodes.image_effects import (
    BLENDS,
    image_add_noise,
    image_blend,
    image_blur,
    image_curves,
    image_invert,
    image_quantize,
    image_sharpen,
    morphology,
)

RANDOM = torch.rand(2, 16, 12, 3, generator=torch.Generator().manual_seed(0))
LEVELS = torch.arange(256.0).reshape(1, 16, 16, 1).expand(-1, -1, -1, 3) / 255


def even(value: float, batch: int = 1) -> Tensor:
    return torch.full((batch, 4, 4, 3), value)


@pytest.mark.parametrize(
    ("mode", "a", "b", "wanted"),
    # By hand, after W3C "Compositing and Blending", section 9
    [
        ("normal", 0.2, 0.6, 0.6),
        ("multiply", 0.5, 0.6, 0.3),
        ("screen", 0.5, 0.6, 0.8),
        ("overlay", 0.25, 0.6, 0.3),
        ("overlay", 0.75, 0.6, 0.8),
        ("soft_light", 0.5, 0.25, 0.375),
        ("soft_light", 0.64, 0.75, 0.72),
        ("soft_light", 0.25, 1.0, 0.5),
        ("difference", 0.75, 0.5, 0.25),
    ],
)
def test_a_blend_gives_the_value_of_its_formula(mode: str, a: float, b: float, wanted: float) -> None:
    blended = image_blend(image1=even(a), image2=even(b), blend_factor=1.0, blend_mode=mode)
    torch.testing.assert_close(blended, even(wanted))


@pytest.mark.parametrize("mode", BLENDS)
def test_a_blend_of_nothing_leaves_the_first_picture(mode: str) -> None:
    blended = image_blend(image1=RANDOM, image2=torch.rand(1, 30, 20, 4), blend_factor=0.0, blend_mode=mode)
    torch.testing.assert_close(blended, RANDOM)


def test_inverting_twice_is_nothing() -> None:
    torch.testing.assert_close(image_invert(image=image_invert(image=RANDOM)), RANDOM)


def test_a_blur_keeps_the_shape_and_calms_the_picture() -> None:
    blurred = image_blur(image=RANDOM, blur_radius=31, sigma=10.0)
    assert blurred.shape == RANDOM.shape
    assert blurred.std() < RANDOM.std() / 5


def test_sharpening_stays_within_the_range_of_pictures() -> None:
    sharpened = image_sharpen(image=RANDOM, alpha=5.0)
    assert sharpened.min() == 0
    assert sharpened.max() == 1


@pytest.mark.parametrize("dither", ["none", "floyd-steinberg", "bayer-2", "bayer-4", "bayer-8", "bayer-16"])
def test_a_quantized_picture_has_no_more_colours_than_asked_for(dither: str) -> None:
    quantized = image_quantize(image=LEVELS, colors=4, dither=dither)
    assert quantized.shape == LEVELS.shape
    assert len({tuple(pixel) for pixel in quantized.reshape(-1, 3).tolist()}) <= 4


@pytest.mark.parametrize("dither", ["floyd-steinberg", "bayer-2", "bayer-4", "bayer-8", "bayer-16"])
def test_dithering_keeps_the_mean_of_an_area(dither: str) -> None:
    # Half black and half white gives the palette; the grey third is suggested by a mix of the two.
    picture = torch.cat([torch.zeros(1, 32, 32, 3), torch.full((1, 32, 32, 3), 0.5), torch.ones(1, 32, 32, 3)], dim=2)
    quantized = image_quantize(image=picture, colors=2, dither=dither)
    assert abs(quantized[:, :, 40:56].mean() - 0.5) < 0.15


def test_noise_is_that_of_its_seed() -> None:
    grey = torch.full((1, 64, 64, 3), 0.5)
    first, again, other = (image_add_noise(image=grey, seed=seed, strength=0.1) for seed in (2**64 - 1, 2**64 - 1, 5))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert abs((first - grey).std() - 0.1) < 0.005


@pytest.mark.parametrize("operation", ["open", "close"])
def test_opening_and_closing_twice_is_the_same_as_once(operation: str) -> None:
    once = morphology(image=RANDOM, operation=operation, kernel_size=3)
    assert torch.equal(morphology(image=once, operation=operation, kernel_size=3), once)


def test_the_hats_and_the_gradient_are_differences_of_the_others() -> None:
    by_name = {
        name: morphology(image=RANDOM, operation=name, kernel_size=5)
        for name in ("erode", "dilate", "open", "close", "gradient", "top_hat", "bottom_hat")
    }
    torch.testing.assert_close(by_name["gradient"], by_name["dilate"] - by_name["erode"])
    torch.testing.assert_close(by_name["top_hat"], RANDOM - by_name["open"])
    torch.testing.assert_close(by_name["bottom_hat"], by_name["close"] - RANDOM)


def test_straight_curves_leave_a_picture_as_it_is() -> None:
    assert torch.equal(image_curves(image=RANDOM), RANDOM)
    assert torch.equal(image_curves(image=RANDOM, red=((0, 0), (1, 1)), blue=((0, 0), (1, 1))), RANDOM)


def test_a_curve_below_the_diagonal_darkens_all_colours_by_its_height() -> None:
    darker = image_curves(image=LEVELS, curve=((0, 0), (0.5, 0.25), (1, 1)))
    assert (darker <= LEVELS).all()
    torch.testing.assert_close(image_curves(image=even(0.25), curve=((0, 0), (0.5, 0.25), (1, 1))), even(0.09375))


def test_the_curve_of_a_colour_comes_before_that_of_all_and_transparency_stays() -> None:
    gray = torch.full((1, 2, 2, 4), 0.25)
    changed = image_curves(image=gray, curve=((0, 0), (0.5, 0.25), (1, 1)), green=((0, 0.5), (1, 0.5)))
    assert changed[0, 0, 0].tolist() == pytest.approx([0.09375, 0.25, 0.09375, 0.25])
    assert (gray == 0.25).all(), "the picture that was given is not written into"


def test_inverted_ends_make_a_negative() -> None:
    torch.testing.assert_close(image_curves(image=LEVELS, curve=((0, 1), (1, 0))), image_invert(image=LEVELS))
