import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from safelight.errors import BadInput
from safelight.files import picture_files
from safelight.files.picture_files import read_text, white_part
from safelight.files.pictures import read_picture, write_png


def test_camera_orientation_is_applied(tmp_path: Path) -> None:
    picture = Image.new("RGB", (4, 2))
    picture.putpixel((0, 0), (255, 255, 255))
    exif = picture.getexif()
    exif[0x0112] = 6  # turn clockwise to see it upright
    picture.save(tmp_path / "a.png", exif=exif)
    rgb = read_picture(tmp_path / "a.png").rgb
    assert rgb.shape == (1, 4, 2, 3)
    assert rgb[0, 0, 1].tolist() == [1.0, 1.0, 1.0]


def test_a_16_bit_picture_keeps_its_fine_levels(tmp_path: Path) -> None:
    levels = np.array([[0, 1, 257], [32768, 65000, 65535]], np.uint16)
    Image.fromarray(levels).save(tmp_path / "a.png")
    rgb = read_picture(tmp_path / "a.png").rgb
    np.testing.assert_allclose(rgb[0, ..., 1], levels / 65535, rtol=1e-6)


def test_a_float_picture_is_cut_to_the_range_of_pictures(tmp_path: Path) -> None:
    Image.fromarray(np.array([[-1.0, 0.25, 7.0]], np.float32)).save(tmp_path / "a.tiff")
    assert read_picture(tmp_path / "a.tiff").rgb[0, 0, :, 0].tolist() == [0.0, 0.25, 1.0]


def test_a_palette_with_a_transparent_colour_gives_colours_and_alpha(tmp_path: Path) -> None:
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 40, 50, 60])
    picture.putpixel((1, 0), 1)
    picture.save(tmp_path / "a.png", transparency=1)
    decoded = read_picture(tmp_path / "a.png")
    np.testing.assert_allclose(decoded.rgb[0, 0] * 255, [[10, 20, 30], [40, 50, 60]], rtol=1e-6)
    assert decoded.alpha is not None
    assert decoded.alpha[0, 0].tolist() == [1.0, 0.0]


@pytest.mark.parametrize(("mode", "color"), [("L", 51), ("1", 255), ("LA", (51, 255)), ("CMYK", (0, 0, 0, 204))])
def test_grey_and_print_pictures_become_rgb(mode: str, color: int | tuple[int, ...], tmp_path: Path) -> None:
    Image.new(mode, (3, 2), color).save(tmp_path / "a.tiff")
    rgb = read_picture(tmp_path / "a.tiff").rgb
    assert rgb.shape == (1, 2, 3, 3)
    np.testing.assert_allclose(rgb, 1.0 if mode == "1" else 0.2, rtol=1e-6)


def test_frames_of_another_size_are_left_out(tmp_path: Path) -> None:
    pages = [Image.new("RGB", size) for size in ((4, 4), (5, 4), (4, 4))]
    pages[0].save(tmp_path / "a.tiff", save_all=True, append_images=pages[1:])
    assert read_picture(tmp_path / "a.tiff").rgb.shape == (2, 4, 4, 3)


def test_frames_without_transparency_are_opaque_beside_others(tmp_path: Path) -> None:
    pages = [Image.new("RGB", (4, 4)), Image.new("RGBA", (4, 4), (0, 0, 0, 51))]
    pages[0].save(tmp_path / "a.tiff", save_all=True, append_images=pages[1:])
    alpha = read_picture(tmp_path / "a.tiff").alpha
    assert alpha is not None
    assert alpha[:, 0, 0].tolist() == pytest.approx([1.0, 0.2])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.png", b"<html>Not found</html>"),
        ("empty.png", b""),
        ("noise.jpg", bytes(range(256))),
        ("script.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n"),
    ],
)
def test_a_file_that_is_no_picture_is_named(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=f"{name} is not a picture"):
        read_picture(tmp_path / name)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"no file cat\.png"):
        read_picture(tmp_path / "cat.png")


def test_a_picture_that_was_cut_short_is_named(tmp_path: Path) -> None:
    whole = io.BytesIO()
    Image.effect_noise((64, 64), 50).save(whole, "PNG")
    (tmp_path / "half.png").write_bytes(whole.getvalue()[:2000])
    with pytest.raises(BadInput, match=r"half\.png cannot be read"):
        read_picture(tmp_path / "half.png")


def test_a_picture_beyond_the_limit_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    content = struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    data = b"IDAT" + zlib.compress(b"")
    content += struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + content)
    with pytest.raises(BadInput, match=r"bomb\.png is too large"):
        read_picture(tmp_path / "bomb.png")


@pytest.mark.parametrize(("limit", "value"), [("MAX_BYTES", 50), ("MAX_PIXELS", 100), ("MAX_FRAMES", 2)])
def test_each_limit_is_held(limit: str, value: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = [Image.new("RGB", (6, 6), (value, 0, 0)) for value in (0, 100, 200)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert len(read_picture(tmp_path / "a.gif").rgb) == 3
    monkeypatch.setattr(picture_files, limit, value)
    with pytest.raises(BadInput, match=r"a\.gif"):
        read_picture(tmp_path / "a.gif")


def test_texts_of_any_language_and_length_are_read_as_written(tmp_path: Path) -> None:
    text = {"prompt": '{"1": {}}' * 300_000, "parameters": "рыжая лиса 🦊\nSteps: 20", "latin": "Füchse"}
    with (tmp_path / "a.png").open("wb") as file:
        write_png(file, np.zeros((2, 2, 3), np.uint8), text)
    assert read_text(tmp_path / "a.png") == text


def test_a_jpeg_has_no_texts(tmp_path: Path) -> None:
    Image.new("RGB", (2, 2)).save(tmp_path / "a.jpg")
    assert read_text(tmp_path / "a.jpg") == {}


def test_the_white_part_of_a_mask_is_told_in_shares_of_its_sides(tmp_path: Path) -> None:
    mask = Image.new("L", (200, 100))
    Image.new("RGB", (8, 8)).save(tmp_path / "none.png")
    mask.paste(40, (50, 25, 100, 75))
    mask.save(tmp_path / "mask.png")
    assert white_part(tmp_path / "mask.png") == (0.25, 0.25, 0.5, 0.75)
    assert white_part(tmp_path / "none.png") is None
