"""Pictures of strangers are written anew: what was understood stays, and nothing else."""

import contextlib
import io
import random
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from safelight.errors import BadInput
from safelight.files import picture_files
from safelight.files.rewriting import name_for, rewritten

PICTURE = Image.effect_noise((24, 16), 80)


def saved(kind: str, picture: Image.Image = PICTURE, **options: Any) -> bytes:
    """A file of some kind."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def read(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF"])
def test_a_picture_keeps_its_kind_and_its_pixels(kind: str) -> None:
    data = saved(kind, PICTURE.convert("RGB"))
    again = rewritten(data)
    assert again.mime == Image.MIME[kind]
    assert (again.width, again.height) == (24, 16)
    before, after = read(data).convert("RGB"), read(again.content).convert("RGB")
    worst = max(abs(a - b) for a, b in zip(before.tobytes(), after.tobytes(), strict=True))
    assert worst <= (8 if kind == "JPEG" else 0)  # which is rounded once more


@pytest.mark.parametrize("kind", ["TGA", "PPM", "ICO", "AVIF"])
def test_other_kinds_become_png(kind: str) -> None:
    assert rewritten(saved(kind, PICTURE.convert("RGB"))).mime == "image/png"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_a_png_keeps_its_mode(mode: str) -> None:
    picture = Image.new("I;16", (4, 4), 40_000) if mode == "I;16" else PICTURE.convert("RGBA").convert(mode)
    again = read(rewritten(saved("PNG", picture)).content)
    assert again.mode == mode
    assert again.tobytes() == picture.tobytes()


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_an_animation_stays_one(kind: str) -> None:
    others = [PICTURE.rotate(angle) for angle in (40, 80)]
    again = read(rewritten(saved(kind, save_all=True, append_images=others, duration=120)).content)
    assert getattr(again, "n_frames", 1) == 3


def test_texts_stay_where_editors_look_for_them() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("prompt", "{}")
    texts.add_text("workflow", "ünï")
    texts.add(b"comf", b"workflow\0{}", after_idat=True)
    again = read(rewritten(saved("PNG", pnginfo=texts)).content)
    assert isinstance(again, PngImagePlugin.PngImageFile)
    assert again.text == {"prompt": "{}", "workflow": "ünï"}
    assert again.private_chunks[0][:2] == (b"comf", b"workflow\0{}")


def test_how_a_camera_was_held_stays() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert read(rewritten(saved("JPEG", exif=exif)).content).getexif()[0x0112] == 6


def test_what_stands_behind_the_picture_does_not_stay() -> None:
    for kind in ("PNG", "JPEG", "GIF"):
        assert b"script" not in rewritten(saved(kind) + b"<script>").content


def test_the_same_picture_is_written_the_same_way() -> None:
    assert rewritten(saved("PNG")) == rewritten(saved("PNG"))


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"<svg/>", b"%!PS-Adobe-3.0 EPSF-3.0", saved("PNG")[:60]])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput, match="The file"):
        rewritten(data)


def test_limits_are_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture_files, "MAX_PIXELS", 100)
    with pytest.raises(BadInput, match="too large"):
        rewritten(saved("PNG"))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "ICO"])
def test_damage_is_refused_in_words_whatever_it_does_to_the_decoder(kind: str) -> None:
    draw, whole = random.Random(7), saved(kind, PICTURE.convert("RGB"))
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(draw.randint(1, 8)):
            data[draw.randrange(len(data))] = draw.randrange(256)
        with contextlib.suppress(BadInput):
            rewritten(bytes(data))


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("cat.PNG", "cat.PNG"),
        ("a/b\\c.jpg", "c.jpg"),
        ("x.html", "x.html.png"),
        ("", "picture.png"),
        ("..", "picture.png"),
        (".hidden.png", "hidden.png"),
    ],
)
def test_a_name_ends_as_a_picture_does(given: str, name: str) -> None:
    assert name_for(given) == name
