"""How pictures are shown."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from safelight.errors import BadInput
from safelight.runs.data.folder import Example, read_examples
from safelight.training.data.views import View, mask, pixels, view_of
from tests.training.data.drawn import example


def saved(path: Path, picture: Image.Image) -> Example:
    picture.save(path)
    return next(found for found in read_examples(path.parent) if found.picture == path)


def ramp(width: int, height: int) -> Image.Image:
    """Red grows from left to right, green from top to bottom."""
    red = np.tile(np.linspace(0, 255, width), (height, 1))
    green = np.tile(np.linspace(0, 255, height)[:, None], (1, width))
    return Image.fromarray(np.stack([red, green, 0 * red], axis=-1).astype(np.uint8))


def test_a_picture_of_the_size_that_is_shown_is_shown_as_it_is(tmp_path: Path) -> None:
    picture = ramp(64, 48)
    shown = pixels(view_of(saved(tmp_path / "a.png", picture), (64, 48)))
    assert shown.dtype == torch.float32
    torch.testing.assert_close(shown, torch.from_numpy(np.array(picture)).float() / 255, rtol=0, atol=1e-7)


def test_a_larger_picture_is_scaled_smoothly_and_its_middle_is_shown(tmp_path: Path) -> None:
    shown = pixels(view_of(saved(tmp_path / "a.png", ramp(400, 200)), (64, 64)))
    expected = (torch.arange(64) + 32 + 0.5) / 128  # columns 32 to 96 of 128
    torch.testing.assert_close(shown[32, :, 0], expected, rtol=0, atol=0.01)
    torch.testing.assert_close(shown[:, 5, 1], (torch.arange(64) + 0.5) / 64, rtol=0, atol=0.02)


def test_fine_patterns_become_grey_when_scaled_down(tmp_path: Path) -> None:
    checks = np.indices((256, 256)).sum(axis=0) % 2 * 255
    shown = pixels(view_of(saved(tmp_path / "a.png", Image.fromarray(checks.astype(np.uint8))), (64, 64)))
    assert (shown - 0.5).abs().max() < 0.02


def test_a_mirrored_view_is_the_mirror_of_the_crop(tmp_path: Path) -> None:
    found = saved(tmp_path / "a.png", ramp(96, 64))
    plain, mirrored = (view_of(found, (64, 64), place=(0.25, 0), is_flipped=flip) for flip in (False, True))
    torch.testing.assert_close(pixels(mirrored), pixels(plain).flip(1))
    assert (plain.told_crop, mirrored.told_crop) == ((8, 0), (24, 0))


@given(
    size=st.tuples(st.integers(1, 4000), st.integers(1, 4000)),
    shown=st.sampled_from([(64, 64), (128, 64), (48, 96)]),
    place=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_a_crop_lies_within_the_scaled_picture(
    size: tuple[int, int], shown: tuple[int, int], place: tuple[float, float]
) -> None:
    view = view_of(example(size), shown, place=place)
    assert 0 <= view.left <= view.scaled[0] - shown[0]
    assert 0 <= view.top <= view.scaled[1] - shown[1]


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (64, 64), (255, 0, 0, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 32, 64))
    shown = pixels(view_of(saved(tmp_path / "a.png", picture), (64, 64)))
    assert shown[10, 10].tolist() == [1, 1, 1]
    assert shown[10, 50].tolist() == [1, 0, 0]


def test_with_masks_what_is_transparent_keeps_its_colour_and_does_not_count(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (64, 64), (255, 0, 0, 255))
    picture.paste((0, 0, 255, 0), (0, 0, 20, 64))
    view = view_of(saved(tmp_path / "a.png", picture), (64, 64), is_masked=True)
    assert pixels(view)[10, 10].tolist() == [0, 0, 1]
    assert mask(view)[3].tolist() == [0, 0, 0.5, 1, 1, 1, 1, 1]


@pytest.mark.parametrize("is_flipped", [False, True])
def test_a_mask_is_scaled_cropped_and_mirrored_like_its_picture(tmp_path: Path, is_flipped: bool) -> None:
    ramp(192, 128).save(tmp_path / "a.jpg")
    white = Image.new("L", (192, 128))
    white.paste(255, (0, 0, 72, 128))  # of which 32 to 64 are shown: columns 0 to 20 of 64
    white.save(tmp_path / "a.mask.png")
    (found,) = read_examples(tmp_path)
    counts = mask(view_of(found, (64, 64), is_flipped=is_flipped, is_masked=True))
    expected = [1, 1, 0.5, 0, 0, 0, 0, 0]
    assert counts[4].tolist() == (expected[::-1] if is_flipped else expected)


def test_a_mask_of_a_larger_size_is_stretched(tmp_path: Path) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "a.png")
    Image.fromarray(np.repeat([[0, 255]], 2, axis=0).astype(np.uint8)).resize((300, 100), 0).save(
        tmp_path / "a.mask.png"
    )
    (found,) = read_examples(tmp_path)
    assert mask(view_of(found, (64, 64), is_masked=True))[0].tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


def test_without_masks_all_of_a_picture_counts(tmp_path: Path) -> None:
    found = saved(tmp_path / "a.png", Image.new("RGBA", (64, 64)))
    assert mask(view_of(found, (64, 48))).equal(torch.ones(6, 8))
    plain = saved(tmp_path / "b.png", Image.new("RGB", (64, 64)))
    assert mask(view_of(plain, (64, 48), is_masked=True)).equal(torch.ones(6, 8))


@pytest.mark.parametrize(
    ("picture", "grey"),
    [
        (Image.new("L", (9, 9), 51), 0.2),
        (Image.new("1", (9, 9), 1), 1),
        (Image.fromarray(np.full((9, 9), 13107, np.uint16)), 0.2),
        (Image.new("P", (9, 9), 0), 0),
        (Image.new("LA", (9, 9), (0, 0)), 1),
    ],
    ids=["grey", "1 bit", "16 bits", "palette", "transparent grey"],
)
def test_every_sort_of_picture_is_shown_in_red_green_and_blue(
    tmp_path: Path, picture: Image.Image, grey: float
) -> None:
    shown = pixels(view_of(saved(tmp_path / "a.png", picture), (64, 64)))
    torch.testing.assert_close(shown, torch.full((64, 64, 3), float(grey)), rtol=0, atol=1e-6)


def test_a_picture_that_has_changed_is_an_error(tmp_path: Path) -> None:
    found = saved(tmp_path / "a.png", Image.new("RGB", (64, 64)))
    Image.new("RGB", (65, 64)).save(tmp_path / "a.png")
    with pytest.raises(BadInput, match="64 by 64 pixels and is now 65 by 64"):
        pixels(view_of(found, (64, 64)))


def test_views_are_equal_when_they_show_the_same() -> None:
    one, other = (view_of(example((80, 64)), (64, 64), place=(0, place)) for place in (0.0, 1.0))
    assert {one: 1}[other] == 1
    assert isinstance(one, View)
