"""Small pictures of pictures."""

import os
from pathlib import Path

import pytest
from PIL import Image

from safelight.errors import BadInput
from safelight.files.thumbnails import Side, forget, thumbnail


@pytest.mark.parametrize(
    ("size", "side", "small"),
    [((1000, 500), Side.MIDDLE, (256, 128)), ((10, 20), Side.SMALL, (10, 20)), ((512, 4096), Side.LARGE, (64, 512))],
)
@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_a_picture_is_made_to_fit_and_never_larger(
    kind: str, size: tuple[int, int], side: Side, small: tuple[int, int], tmp_path: Path
) -> None:
    Image.new("RGB", size, "red").save(tmp_path / f"a.{kind}")
    made = Image.open(thumbnail(tmp_path / f"a.{kind}", side, tmp_path / "cache", "key"))
    assert (made.format, made.size) == ("WEBP", small)


def test_it_is_made_once_and_again_when_the_picture_has_changed(tmp_path: Path) -> None:
    picture, cache = tmp_path / "a.png", tmp_path / "cache"
    Image.new("RGBA", (10, 10), (255, 0, 0, 0)).save(picture)
    first = thumbnail(picture, Side.SMALL, cache, "key")
    assert Image.open(first).mode == "RGBA"
    written = first.stat().st_mtime_ns
    assert thumbnail(picture, Side.SMALL, cache, "key").stat().st_mtime_ns == written
    os.utime(picture, (1, 1))
    assert thumbnail(picture, Side.SMALL, cache, "key") != first
    forget(cache, "key")
    assert not list(cache.rglob("*.webp"))


def test_what_is_damaged_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    picture = tmp_path / "a.png"
    Image.radial_gradient("L").save(picture)
    picture.write_bytes(picture.read_bytes()[:-2000])
    with pytest.raises(BadInput, match="cannot be read"):
        thumbnail(picture, Side.SMALL, tmp_path / "cache", "key")
    assert not (tmp_path / "cache").exists()
