"""Two pictures compared pixel by pixel."""

from pathlib import Path

import pytest
from PIL import Image

from safelight.errors import BadInput
from safelight.files.picture_differences import difference_picture, pixel_difference


def saved(path: Path, *pixels: tuple[int, ...], mode: str = "RGB") -> Path:
    """A picture of two pixels by half as many as are given."""
    picture = Image.new(mode, (2, len(pixels) // 2))
    picture.putdata(pixels)
    picture.save(path)
    return path


def test_the_same_pixels_are_told_whatever_the_files(tmp_path: Path) -> None:
    one = saved(tmp_path / "a.png", (1, 2, 3), (4, 5, 6))
    found = pixel_difference(one, saved(tmp_path / "b.bmp", (1, 2, 3), (4, 5, 6)))
    assert found.is_none
    assert (found.mean, found.most, found.changed) == (0, 0, 0)


def test_mean_largest_and_share_are_those_of_the_pixels(tmp_path: Path) -> None:
    one = saved(tmp_path / "a.png", *[(10, 10, 10)] * 4)
    other = saved(tmp_path / "b.png", *[(10, 10, 10)] * 3, (10, 13, 61))
    found = pixel_difference(one, other)
    assert (found.mean, found.most, found.changed) == (54 / 12, 51, 0.25)


def test_transparency_counts(tmp_path: Path) -> None:
    one = saved(tmp_path / "a.png", (1, 2, 3), (4, 5, 6))
    other = saved(tmp_path / "b.png", (1, 2, 3, 255), (4, 5, 6, 0), mode="RGBA")
    assert pixel_difference(one, other).most == 255


def test_pictures_of_two_sizes_are_not_compared(tmp_path: Path) -> None:
    one = saved(tmp_path / "a.png", *[(0, 0, 0)] * 2)
    other = saved(tmp_path / "b.png", *[(0, 0, 0)] * 4)
    found = pixel_difference(one, other)
    assert (found.size, found.other_size, found.mean, found.is_none) == ((2, 1), (2, 2), None, False)
    with pytest.raises(BadInput, match="two sizes"):
        difference_picture(one, other)


def test_the_largest_difference_is_white_in_its_picture(tmp_path: Path) -> None:
    one = saved(tmp_path / "a.png", (10, 10, 10), (10, 10, 10))
    other = saved(tmp_path / "b.png", (10, 10, 10), (10, 27, 61))
    picture, found = difference_picture(one, other)
    assert [picture.getpixel((0, 0)), picture.getpixel((1, 0))] == [(0, 0, 0), (0, 85, 255)]
    assert found.gain == 5
