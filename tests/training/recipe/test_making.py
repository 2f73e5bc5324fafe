"""A whole recipe, tiny, from a handful of SVG files that are drawn here: stage by stage, stopped, gone on with."""

import json
from pathlib import Path

import pytest
from PIL import Image

from safelight.clip.model import open_clip_model
from safelight.errors import BadInput, Cancelled
from safelight.files.header import read_header
from safelight.inspect.opening import open_checkpoint
from safelight.runs.folder import RunFolder
from safelight.training.recipe.drawings import gather
from safelight.training.recipe.making import Kitchen, make
from safelight.training.recipe.painting import paint
from safelight.training.recipe.scenes import BACKGROUNDS, Placed, Scene
from safelight.training.recipe.told import read_recipe
from tests.training.test_run import Watcher

pytest.importorskip("resvg_py", reason="the extra `recipe` is not installed")

RECIPE = """
title = "Toys"

[[pictures]]
name = "many"
count = 1200
side = 32

[[pictures]]
name = "few"
count = 400
side = 32
scenes = "things"
backgrounds = ["white", "blue"]
things = { sun = ["sun"], kite = ["moon", "red-kite"] }

[[stages]]
pictures = "many"
[stages.settings]
name = "toy-clip"
kind = "clip"
clip = { side = 32, patch = 8, width = 64, layers = 1, text_width = 64, text_layers = 1, projection = 32 }
run = { steps = 300, batch = 4 }

[[stages]]
pictures = "many"
[stages.settings]
name = "toy-vae"
kind = "vae"
data = { resolution = 32 }
vae = { channels = [32, 32, 32, 32], blocks = 1 }
samples = { every = 0 }
run = { steps = 300, batch = 4 }

[[stages]]
pictures = "few"
[stages.settings]
name = "toys"
kind = "denoiser"
data = { resolution = 32 }
denoiser = { vae = "toy-vae.safetensors", clip = "toy-clip.safetensors", channels = [32], blocks = 1, attention = [0] }
samples = { every = 1000, steps = 2, prompts = ["a sun"] }
run = { steps = 300, batch = 4 }

[[results]]
stage = "toy-clip"
file = "clip.safetensors"

[[results]]
stage = "toys"
file = "toys.safetensors"
metadata = { "modelspec.title" = "Toys", "modelspec.usage_hint" = "steps 7" }
"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20">{}</svg>'
DRAWN = {
    "sun": '<circle cx="10" cy="10" r="8" fill="#fa0"/>',
    "red-kite": '<path d="M10 0 20 10 10 20 0 10z" fill="#d22"/>',
    "flat/box": '<rect x="2" y="2" width="16" height="16" fill="#26a"/>',
    "flat/bar": '<defs><linearGradient id="a"><stop stop-color="#000"/><stop offset="1" stop-color="#0f0"/>'
    '</linearGradient></defs><rect y="7" width="20" height="6" fill="url(#a)"/>',
}
SCALE = 0.01


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    for name, body in DRAWN.items():
        path = tmp_path / "drawn" / f"{name}.svg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SVG.format(body), encoding="utf-8")
    (tmp_path / "drawn" / "LICENSE").write_text("Do as you please.\nSigned: the test.\n", encoding="utf-8")
    (tmp_path / "toys.toml").write_text(RECIPE, encoding="utf-8")
    return tmp_path / "drawn"


def test_a_recipe_makes_files_that_load_and_say_where_they_come_from(drawn: Path, tmp_path: Path) -> None:
    recipe, kitchen = read_recipe(str(tmp_path / "toys.toml")), Kitchen(tmp_path / "into", drawn, "cpu")
    said: list[str] = []

    def stop(where: str) -> None:
        said.append(where)
        if where in places:
            places.remove(where)
            raise Cancelled

    places = ["progress 1", "step 2"]  # while pictures are drawn, and in the first run
    for _ in range(2):
        with pytest.raises(Cancelled):
            make(recipe, SCALE, kitchen, Watcher(stop))
    made = make(recipe, SCALE, kitchen, Watcher(stop))
    assert [path.name for path in made] == ["clip.safetensors", "toys.safetensors", "NOTICE"]
    lines = (kitchen.folder / "pictures" / "many" / "metadata.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 12
    few = [json.loads(line)["text"] for line in (kitchen.folder / "pictures/few/metadata.jsonl").open(encoding="utf-8")]
    assert ["sun" in few[0], "kite" in few[1], "blue background" in few[2], "blue background" in few[3]] == [True] * 4
    steps = [line.step for line in RunFolder.of(kitchen.folder, "toy-clip").lines()]
    assert steps == [1, 2, 3]

    assert open_clip_model(made[0]).dims == 32
    opened = open_checkpoint(made[1])
    assert opened.model.contents.native_size == (32, 32)
    assert opened.model.contents.recommended is not None
    assert opened.model.contents.recommended.steps == 7
    told = read_header(made[1]).metadata
    assert told["modelspec.title"] == "Toys"
    assert told["training_data"] == "drawn: Do as you please."
    notice = made[2].read_text(encoding="utf-8")
    assert "drawn, 4 SVG files; its licence is below" in notice
    assert "Signed: the test." in notice

    said.clear()
    stamps = [path.stat().st_mtime_ns for path in kitchen.folder.rglob("*.png")]
    assert make(recipe, SCALE, kitchen, Watcher(stop)) == made  # once more: nothing is left to do
    assert not [each for each in said if each.startswith("step")]
    assert [path.stat().st_mtime_ns for path in kitchen.folder.rglob("*.png")] == stamps
    with pytest.raises(BadInput, match="was begun with another recipe, scale or sources"):
        make(recipe, 1.0, kitchen, Watcher())


def test_a_drawing_stands_where_its_scene_says(drawn: Path) -> None:
    gathered = gather(read_recipe(str(drawn.parent / "toys.toml")), drawn, drawn)
    by_name = {drawing.icon: drawing for drawing in gathered.drawings}
    assert by_name["box"].styles == ("flat style",)
    assert by_name["red-kite"].name.label == "red kite"
    white, teal = BACKGROUNDS["white"], BACKGROUNDS["teal"]
    box = Placed(by_name["box"], 0.25, 0.75, 0.5)
    picture = paint(Scene((box,), (white, white), "", ""), 64)
    assert picture.getpixel((16, 48)) == (0x22, 0x66, 0xAA)
    assert picture.getpixel((48, 16)) == white
    bar = Placed(by_name["bar"], 0.5, 0.5, 1.0)
    left, right = (8, 32), (55, 32)
    plain, mirrored, tinted = (
        paint(Scene((Placed(bar.drawing, 0.5, 0.5, 1.0, is_mirrored=m, tint=t),), (white, teal), "down", ""), 64)
        for m, t in ((False, None), (True, None), (False, (225, 45, 45)))
    )
    assert _green(plain, right) > 3 * _green(plain, left)
    assert _green(mirrored, left) > 3 * _green(mirrored, right)
    red, green, _ = _colour(tinted, right)
    assert red > green
    assert plain.getpixel((0, 0)) == white
    assert plain.getpixel((0, 63)) == teal


def _colour(picture: Image.Image, place: tuple[int, int]) -> tuple[int, ...]:
    colour = picture.getpixel(place)
    assert isinstance(colour, tuple)
    return tuple(map(int, colour))


def _green(picture: Image.Image, place: tuple[int, int]) -> int:
    return _colour(picture, place)[1]
