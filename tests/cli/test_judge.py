"""`safelight score` and `safelight label`."""

import json
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import Command

pytestmark = pytest.mark.weights


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """A blue and a red picture."""
    paths = []
    for name, color in (("blue", (0, 0, 255)), ("red", (255, 0, 0))):
        path = tmp_path / f"{name}.png"
        Image.new("RGB", (128, 128), color).save(path)
        paths.append(path)
    return paths


def test_the_picture_that_suits_the_text_comes_first(command: Command, home: Path, pictures: list[Path]) -> None:
    done = command("score", *pictures, "--text", "a red background")
    assert done.code == 0, done.err
    first, second = (line.split() for line in done.out.splitlines())
    assert Path(first[1]).name == "red.png"
    assert float(first[0]) > float(second[0])

    kept = json.loads(command("score", *pictures, "--text", "a red background", "--keep", "1", "--json").out)
    assert [Path(entry["picture"]).name for entry in kept] == ["red.png"]
    assert kept[0]["score"] == pytest.approx(float(first[0]), abs=0.001)


def test_a_picture_is_most_like_itself(command: Command, home: Path, pictures: list[Path]) -> None:
    done = command("score", *pictures, "--like", pictures[0], "--json")
    best, _ = json.loads(done.out)
    assert best == {"picture": str(pictures[0]), "score": pytest.approx(1, abs=1e-4)}


def test_labels_are_told_with_their_shares(command: Command, home: Path, pictures: list[Path]) -> None:
    asked = ("label", *pictures, "--labels", "red, blue", "--template", "a {} background")
    assert [line.split(": ")[1].split()[0] for line in command(*asked).out.splitlines()] == ["blue", "red"]
    told = json.loads(command(*asked, "--json").out)
    assert [max(entry["labels"], key=entry["labels"].get) for entry in told] == ["blue", "red"]
    assert sum(told[0]["labels"].values()) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("score", "PICTURE"), "Give either --text or --like."),
        (("score", "PICTURE", "--text", "a cat", "--like", "PICTURE"), "Give either --text or --like."),
        (("score", "nowhere.png", "--text", "a cat"), "There is no file nowhere.png."),
        (("score", "PICTURE", "--text", "a cat", "--clip", "none"), "There is no none in the folder clip_vision."),
        (("label", "PICTURE", "--labels", "cat"), "at least two are needed; there is one"),
    ],
)
def test_what_cannot_be_asked_is_said(
    arguments: tuple[str, ...], said: str, command: Command, home: Path, pictures: list[Path]
) -> None:
    done = command(*(pictures[0] if word == "PICTURE" else word for word in arguments))
    assert done.code == 2
    assert said in done.err


def test_a_transparent_picture_is_looked_at_on_white(command: Command, home: Path, tmp_path: Path) -> None:
    clear, white = tmp_path / "clear.png", tmp_path / "white.png"
    Image.new("RGBA", (64, 64), (0, 0, 0, 0)).save(clear)
    Image.new("RGB", (64, 64), (255, 255, 255)).save(white)
    (entry,) = json.loads(command("score", clear, "--like", white, "--json").out)
    assert entry["score"] == pytest.approx(1, abs=1e-4)
