"""Where a recipe's drawings come from: packages of npm that are what the recipe means, named as people name things."""

import base64
import hashlib
import io
import json
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from safelight.errors import BadInput
from safelight.files.folders import STARTER
from safelight.training.recipe.drawings import Drawing, Name, gather, words
from safelight.training.recipe.making import notice_of
from safelight.training.recipe.scenes import Stock, scene_at
from safelight.training.recipe.told import Pictures, Recipe, read_recipe

SQUARE = '<rect width="24" height="24"/>'


def packed(path: Path, files: dict[str, Any]) -> str:
    """An archive as npm packs it; its integrity."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            data = json.dumps(content).encode()
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return "sha512-" + base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()


def recipe_of(folder: Path, *, licence: str = "MIT") -> Recipe:
    """A recipe whose packages lie in a folder."""
    icons = {
        name: {"body": SQUARE.replace("24", str(24 - place))}
        for place, name in enumerate(("cat-face", "hand", "hand-light-skin-tone", "hand-medium", "keycap", "ufo-2"))
    }
    icons["copy"] = dict(icons["hand"])
    icons["lettered"] = {"body": "<text>a</text>"}
    sets = {
        "info.json": {"prefix": "toys", "license": {"spdx": licence}},
        "icons.json": {"width": 24, "height": 24, "icons": icons},
    }
    base = {
        "en/messages.json": {"groups": [{"order": 3, "message": "animals & nature"}], "subgroups": []},
        "en/data.json": [{"label": "Cat\u2019s face", "hexcode": "1", "emoji": "c", "group": 3, "tags": ["pet", "ca"]}],
        **{f"en/shortcodes/{name}.json": {} for name in ("cldr", "iamcal", "joypixels", "emojibase")},
        "en/shortcodes/github.json": {"1": ["cat_face", "pussycat1"]},
    }
    told = {"version": "1.0.0", "licence": "MIT", "author": "A", "title": "Toys"}
    return Recipe.model_validate(
        {
            "title": "Toys",
            "sources": [
                {
                    **told,
                    "package": "@iconify-json/toys",
                    "integrity": packed(folder / "iconify-json-toys-1.0.0.tgz", sets),
                    "styles": ["toy style"],
                    "weight": 0.5,
                    "is_numbered": True,
                    "group": "objects",
                }
            ],
            "words": {
                "packages": [
                    {**told, "package": "base", "integrity": packed(folder / "base-1.0.0.tgz", base)},
                    {
                        **told,
                        "package": "lib",
                        "integrity": packed(folder / "lib-1.0.0.tgz", {"dist/emoji-en-US.json": {"c": ["meow"]}}),
                    },
                ],
                "synonyms": {"cats face": ["kitten"]},
                "skipped": "keycap",
                "toned": ["hand"],
                "groups": {"animals & nature": 2, "else": 1},
                "often": ["kitten"],
                "times": {"often": 3, "ufo": 7},
            },
            "pictures": [{"name": "many", "count": 2, "side": 32}],
            "stages": [],
            "results": [],
        }
    )


def test_icons_are_named_as_people_name_things(tmp_path: Path) -> None:
    gathered = gather(recipe_of(tmp_path), tmp_path, tmp_path / "nowhere")
    found = {drawing.icon: drawing for drawing in gathered.drawings}
    assert list(found) == ["cat-face", "hand", "hand-light-skin-tone", "ufo-2"]
    cat = found["cat-face"]
    assert cat.name == Name(
        "cats face", ("kitten", "cat face", "pussycat", "cats"), ("pet", "meow"), "animals & nature"
    )
    assert cat.weight == 2 * 3 * 0.5
    assert list(cat.box) == [0, 0, 24, 24]
    assert found["hand-light-skin-tone"].tone == "light skin tone"
    assert (found["ufo-2"].name, found["ufo-2"].weight) == (Name("ufo", group="objects"), 3.5)
    assert "npm package @iconify-json/toys 1.0.0; MIT" in notice_of(recipe_of(tmp_path), gathered.origins)
    assert words("Jack-o\u2019-lantern, déjà") == "jack o lantern deja"


def fake_npm(folder: Path, script: str) -> None:
    folder.mkdir()
    (folder / "npm").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / "npm").chmod(0o755)


def test_packages_are_fetched_by_npm_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = recipe_of(tmp_path / "registry")
    # npm pack NAME@VERSION --ignore-scripts --pack-destination FOLDER, with the name of the file made of the package's
    fake_npm(
        tmp_path / "bin",
        f'name=$(echo "$2" | sed "s/^@//; s/[@/]/-/g"); echo "$2" >> {tmp_path}/asked; '
        f'cp "{tmp_path}/registry/$name.tgz" "$5"',
    )
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    assert len(gather(recipe, None, tmp_path / "kept").drawings) == 4
    assert len(gather(recipe, None, tmp_path / "kept").drawings) == 4
    asked = (tmp_path / "asked").read_text(encoding="utf-8").split()
    assert asked == ["base@1.0.0", "lib@1.0.0", "@iconify-json/toys@1.0.0"]
    changed = tmp_path / "kept" / "lib-1.0.0.tgz"
    changed.write_bytes(changed.read_bytes() + b" ")
    with pytest.raises(BadInput, match=r"lib-1.0.0.tgz is not the file that the recipe means"):
        gather(recipe, None, tmp_path / "kept")


def test_what_keeps_packages_away_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = recipe_of(tmp_path / "registry")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(BadInput, match=r"npm is not there.*Install Node.js 20 or newer, or give a folder"):
        gather(recipe, None, tmp_path / "kept")
    fake_npm(tmp_path / "bin", 'echo "npm warn slow" >&2; echo "npm error code ENOTFOUND" >&2; exit 1')
    with pytest.raises(BadInput, match=r"npm cannot fetch base@1.0.0: npm error code ENOTFOUND"):
        gather(recipe, None, tmp_path / "kept")
    with pytest.raises(BadInput, match=r"its licence is CC-BY-SA-4.0, and the recipe says MIT"):
        gather(recipe_of(tmp_path / "other", licence="CC-BY-SA-4.0"), tmp_path / "other", tmp_path)
    (tmp_path / "svg").mkdir()
    (tmp_path / "svg" / "broken.svg").write_text("<svg", encoding="utf-8")
    with pytest.raises(BadInput, match=r"broken.svg is no SVG"):
        gather(recipe, tmp_path / "svg", tmp_path)
    with pytest.raises(BadInput, match=r"There is no folder .*nowhere"):
        gather(recipe, tmp_path / "nowhere", tmp_path)


def drawing(label: str, group: str = "objects", weight: float = 1.0) -> Drawing:
    return Drawing("toys", label, Name(label, group=group), ("toy style",), "", weight, (0, 0, 1, 1), SQUARE)


def test_scenes_follow_from_their_number_and_captions_say_what_they_show() -> None:
    stock = Stock([drawing("cat", weight=3), drawing("sign", "symbols"), drawing("star")])
    told = Pictures(name="many", count=1, side=32)
    scenes = [scene_at(stock, told, number) for number in range(600)]
    assert scenes == [scene_at(stock, told, number) for number in range(600)]
    assert scenes != [scene_at(stock, told.model_copy(update={"seed": 1}), number) for number in range(600)]
    shown = Counter(each.drawing.icon for scene in scenes for each in scene.placed[:1])
    assert 2 < shown["cat"] / shown["star"] < 5
    for scene in scenes:
        assert all(each.drawing.name.label in scene.caption for each in scene.placed)
        for each in scene.placed:
            assert 0 < each.x < 1
            assert 0 < each.y < 1
        if scene.placed[0].drawing.icon == "sign":
            assert not scene.placed[0].is_mirrored
            assert scene.placed[0].tint is None
    plain = [scene for scene in scenes if scene.colours[0] != (255, 255, 255)]
    assert sum("background" in scene.caption for scene in plain) > 0.8 * len(plain)
    several = Counter(len(scene.placed) for scene in scenes)
    assert several[1] > several[2] > several[3] > 0


def test_a_thing_that_no_source_has_is_told() -> None:
    told = Pictures(name="few", count=1, side=32, scenes="things", things={"dog": ("dog", "dog-face")}, set="toys")
    with pytest.raises(BadInput, match=r"There is no drawing called dog or dog-face, of which few is to show a dog"):
        scene_at(Stock([drawing("cat")]), told, 0)


def test_the_recipe_of_the_starter_stands() -> None:
    recipe = read_recipe("starter")
    assert [stage.settings["kind"] for stage in recipe.stages] == ["clip", "vae", "denoiser", "denoiser"]
    assert [result.file for result in recipe.results] == [
        "clip.safetensors",
        "starter-128.safetensors",
        "sketch-256.safetensors",
    ]
    small = recipe.scaled(0.001)
    assert [pictures.count for pictures in small.pictures] == [40, 16]
    assert [stage.settings["run"]["steps"] for stage in small.stages] == [12, 16, 4, 9]
    rows = (STARTER / "ATTRIBUTION.md").read_text(encoding="utf-8")
    for source in recipe.sources:
        assert f"`{source.package}` {source.version}" in rows
        assert source.licence in rows


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title = ", "The recipe is no TOML"),
        ('title = "x"', "pictures: Field required"),
        (
            'title = "x"\npictures = []\nresults = []\n[[stages]]\npictures = "all"\nsettings = {name = "a"}',
            "There is no set of pictures called all",
        ),
        (
            'title = "x"\nresults = []\n[[pictures]]\nname = "all"\ncount = 1\nside = 8\n'
            '[[stages]]\npictures = "all"\nsettings = {name = "a", kind = "vea"}',
            "kind: Input should be",
        ),
    ],
)
def test_a_recipe_that_is_wrong_is_told(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match=said):
        read_recipe(str(tmp_path / "own.toml"))


def test_a_recipe_that_is_not_there_is_told() -> None:
    with pytest.raises(BadInput, match=r"There is no recipe nothing.*Name starter"):
        read_recipe("nothing")
