"""Texts in pictures, as the programs that made them wrote them."""

import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from safelight.errors import BadInput
from safelight.files.embedded import embedded
from safelight.files.pictures import write_animated_png, write_animated_webp, write_png

PROMPT, WORKFLOW = json.dumps({"1": {"class_type": "Größe", "inputs": {}}}), '{"nodes": [], "links": []}'
FRAME = np.zeros((4, 4, 3), np.uint8)


def exif(tags: dict[int, str], comment: bytes = b"") -> Image.Exif:
    tagged = Image.Exif()
    for tag, value in tags.items():
        tagged[tag] = value
    if comment:
        tagged.get_ifd(0x8769)[0x9286] = comment
    return tagged


def test_what_is_written_into_pictures_here_is_read_again(tmp_path: Path) -> None:
    texts = {"prompt": PROMPT, "workflow": WORKFLOW}
    with (tmp_path / "a.png").open("wb") as file:
        write_png(file, FRAME, texts)
    with (tmp_path / "b.png").open("wb") as file:
        write_animated_png(file, [FRAME, FRAME + 1], texts, fps=4)
    with (tmp_path / "c.webp").open("wb") as file:
        write_animated_webp(file, [FRAME, FRAME + 1], texts, fps=4, lossless=True, quality=50, method=0)
    for name in ("a.png", "b.png", "c.webp"):
        assert embedded(tmp_path / name) == texts


@pytest.mark.parametrize("ending", ["jpg", "webp", "png"])
def test_exif_tags_are_read_whatever_their_number(ending: str, tmp_path: Path) -> None:
    tags = {0x0110: f"prompt:{PROMPT}", 0x010F: f"Workflow: {WORKFLOW}", 0x010E: "a picture: of a cat"}
    Image.new("RGB", (4, 4)).save(tmp_path / f"a.{ending}", exif=exif(tags))
    assert embedded(tmp_path / f"a.{ending}") == {"prompt": PROMPT, "workflow": WORKFLOW}


@pytest.mark.parametrize(
    "comment",
    [
        b"UNICODE\0" + "a cat ö\nSteps: 20".encode("utf-16-be"),
        b"UNICODE\0" + "a cat ö\nSteps: 20".encode("utf-16-le"),
        b"ASCII\0\0\0" + "a cat ö\nSteps: 20".encode(),
        b"\0\0\0\0\0\0\0\0" + "a cat ö\nSteps: 20".encode(),
    ],
)
@pytest.mark.parametrize("ending", ["jpg", "webp"])
def test_a_user_comment_is_the_parameters_text_in_any_code(comment: bytes, ending: str, tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / f"a.{ending}", exif=exif({}, comment))
    assert embedded(tmp_path / f"a.{ending}") == {"parameters": "a cat ö\nSteps: 20"}


def test_packed_and_unicode_texts_of_a_png_are_read(tmp_path: Path) -> None:
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("parameters", "plain", zip=True)
    chunks.add_itxt("prompt", "größe 猫", zip=True)
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png", pnginfo=chunks)
    assert embedded(tmp_path / "a.png") == {"parameters": "plain", "prompt": "größe 猫"}


def test_a_text_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    data = b"prompt\0\0" + zlib.compress(b" " * 200_000_000)
    chunk = struct.pack(">I", len(data)) + b"zTXt" + data + struct.pack(">I", zlib.crc32(b"zTXt" + data))
    (tmp_path / "a.png").write_bytes(content[:33] + chunk + content[33:])
    with pytest.raises(BadInput):
        embedded(tmp_path / "a.png")


def test_a_picture_without_texts_has_none(tmp_path: Path) -> None:
    for ending in ("png", "jpg", "webp", "gif"):
        Image.new("RGB", (4, 4)).save(tmp_path / f"a.{ending}")
        assert embedded(tmp_path / f"a.{ending}") == {}


def test_a_missing_or_damaged_file_is_an_error_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"a\.png"):
        embedded(tmp_path / "a.png")
    Image.effect_noise((64, 64), 50).save(tmp_path / "a.png")
    content = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(content[: len(content) // 2])
    with pytest.raises(BadInput, match=r"a\.png"):
        embedded(tmp_path / "a.png")
