"""Pictures and texts as the process that looks at pictures sees them."""

from pathlib import Path

import pytest
from PIL import Image

from safelight.clip.looking import open_eye, square
from safelight.errors import BadInput
from safelight.settings import read_settings


def test_of_a_picture_the_middle_is_seen_and_what_is_transparent_is_white(tmp_path: Path) -> None:
    wide = Image.new("RGB", (90, 30), "red")
    wide.paste("blue", (30, 0, 60, 30))
    wide.save(tmp_path / "wide.png")
    assert set(square(tmp_path / "wide.png", 16).get_flattened_data()) == {(0, 0, 255)}
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert square(tmp_path / "clear.png", 4).getpixel((1, 1)) == (255, 255, 255)


def test_a_clip_that_is_not_there_is_told_by_the_setting_that_names_it() -> None:
    with pytest.raises(BadInput, match=r"nobody\.safetensors .*`clip_model`"):
        open_eye(read_settings(clip_model="nobody.safetensors"))
