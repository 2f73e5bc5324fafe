"""`/upload`: pictures and masks that clients bring."""

import json
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from tests.server.comfy.talking import png
from tests.serving import Served, serving

Answer = Any


def upload(served: Served, content: bytes, name: str = "cat.png", route: str = "image", **fields: str) -> Answer:
    return served.http.post(f"/upload/{route}", files={"image": (name, content, "image/png")}, data=fields)


def in_input(served: Served, name: str) -> Path:
    return served.settings.home / "input" / name


def test_a_picture_is_kept_in_the_input_folder(served: Served) -> None:
    answer = upload(served, png())
    assert answer.json() == {"name": "cat.png", "subfolder": "", "type": "input"}
    assert Image.open(in_input(served, "cat.png")).size == (8, 6)
    assert "cat.png" in served.http.get("/object_info/LoadImage").json()["LoadImage"]["input"]["required"]["image"][0]


def test_the_same_picture_again_keeps_its_name_and_another_gets_a_number(served: Served) -> None:
    names = [
        upload(served, png(colour), "dog.png").json()["name"] for colour in ("red", "red", "blue", "blue", "green")
    ]
    assert names == ["dog.png", "dog.png", "dog (1).png", "dog (1).png", "dog (2).png"]


@pytest.mark.parametrize("overwrite", ["true", "1"])
def test_a_picture_may_be_put_in_place_of_another(served: Served, overwrite: str) -> None:
    upload(served, png("red"), "fox.png")
    assert upload(served, png("blue"), "fox.png", overwrite=overwrite).json()["name"] == "fox.png"
    assert Image.open(in_input(served, "fox.png")).getpixel((0, 0)) == (0, 0, 255)


def test_folder_and_sub_folder_are_chosen_by_the_form(served: Served) -> None:
    answer = upload(served, png(), type="temp", subfolder="a/b")
    assert answer.json() == {"name": "cat.png", "subfolder": "a/b", "type": "temp"}
    assert (served.settings.home / "temp/a/b/cat.png").is_file()


def test_the_workflow_inside_survives(served: Served) -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("workflow", '{"nodes": ["ä"]}')
    upload(served, png(pnginfo=texts), "recipe.png")
    assert Image.open(in_input(served, "recipe.png")).info["workflow"] == '{"nodes": ["ä"]}'


def test_what_is_no_part_of_the_picture_is_not_kept(served: Served) -> None:
    upload(served, png() + b"<script>alert(1)</script>", "tail.png")
    assert b"script" not in in_input(served, "tail.png").read_bytes()


@pytest.mark.parametrize(
    ("name", "kept"),
    [("a/b/c.png", "c.png"), ("C:\\x\\d.png", "d.png"), ("page.html", "page.html.png"), ("plain", "plain.png")],
)
def test_a_name_is_only_a_name(served: Served, name: str, kept: str) -> None:
    assert upload(served, png(), name).json()["name"] == kept


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        (b"", {}),
        (b"no picture", {}),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", {}),
        (b"<html></html>", {}),
        (png()[:40], {}),
        (png(), {"type": "models"}),
        (png(), {"subfolder": "../.."}),
        (png(), {"subfolder": "/etc"}),
        (png(), {"subfolder": "a\0b"}),
    ],
)
def test_what_cannot_be_kept_is_refused_in_words(served: Served, content: bytes, fields: dict[str, str]) -> None:
    answer = upload(served, content, "x.png", **fields)
    assert answer.status_code == 400
    assert answer.json()["error"]["details"]


def test_a_form_without_a_picture_is_refused(served: Served) -> None:
    assert served.http.post("/upload/image", data={"type": "input"}).status_code == 400
    assert served.http.post("/upload/image", files={"other": ("a.png", png())}).status_code == 400
    assert served.http.post("/upload/image", content=b"x").status_code == 400
    broken = {"content-type": "multipart/form-data"}
    assert served.http.post("/upload/image", content=b"x", headers=broken).status_code == 400


def test_a_decompression_bomb_is_refused(served: Served) -> None:
    plain = png()
    head = b"IHDR" + struct.pack(">II", 60_000, 60_000) + plain[24:29]
    bomb = plain[:12] + head + struct.pack(">I", zlib.crc32(head)) + plain[33:]
    answer = upload(served, bomb)
    assert answer.status_code == 400
    assert "too large" in answer.json()["error"]["details"]


def test_a_file_that_is_too_large_is_answered_with_413(tmp_path: Path) -> None:
    with serving(tmp_path, upload_bytes=20_000) as served:
        assert upload(served, b"x" * 40_000).status_code == 413


def test_a_mask_becomes_the_transparency_of_its_picture(served: Served) -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("prompt", "{}")
    upload(served, png("red", pnginfo=texts), "scene.png")
    reference = json.dumps({"filename": "scene.png", "subfolder": "", "type": "input"})
    mask = png((0, 0, 0, 77), mode="RGBA")
    answer = upload(served, mask, "scene-mask.png", "mask", original_ref=reference, subfolder="masks")
    assert answer.json() == {"name": "scene-mask.png", "subfolder": "masks", "type": "input"}
    masked = Image.open(in_input(served, "masks/scene-mask.png"))
    assert masked.getpixel((0, 0)) == (255, 0, 0, 77)
    assert masked.info["prompt"] == "{}"


@pytest.mark.parametrize(
    "reference",
    [
        *("", "no", "[]", "{}"),
        '{"filename": "none.png", "type": "input"}',
        '{"filename": "../safelight.db"}',
        '{"filename": "example.png", "type": "input"}',  # of another size
    ],
)
def test_a_mask_needs_its_picture(served: Served, reference: str) -> None:
    assert upload(served, png((0, 0, 0, 9), mode="RGBA"), "m.png", "mask", original_ref=reference).status_code == 400
