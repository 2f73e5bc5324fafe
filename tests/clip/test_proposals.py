"""Captions that are proposed."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from safelight.clip.looking import Eye
from safelight.clip.model import open_clip_model
from safelight.clip.proposals import WORDS, background_of, propose
from safelight.files.folders import STARTER, STARTER_CLIP
from tests.training.data.drawn import draw


@pytest.mark.parametrize(
    ("colour", "name"), [("white", "white"), ((52, 80, 200), "blue"), ((5, 5, 5), "black"), ((0, 0, 0, 0), "white")]
)
def test_a_plain_edge_is_named_by_its_colour(tmp_path: Path, colour: object, name: str) -> None:
    picture = Image.new("RGBA", (100, 80), colour)  # type: ignore[arg-type]
    picture.paste((240, 130, 20), (20, 20, 80, 60))
    picture.save(tmp_path / "a.png")
    assert background_of(tmp_path / "a.png") == name


def test_an_edge_of_several_colours_has_no_name(tmp_path: Path) -> None:
    assert background_of(draw(tmp_path / "a.png")) == ""


def test_words_are_there_once_each() -> None:
    assert len(set(WORDS)) == len(WORDS) > 100


@pytest.mark.weights
def test_the_starters_clip_names_what_it_sees(tmp_path: Path) -> None:
    bare, broken = tmp_path / "bare.png", tmp_path / "broken.png"
    shutil.copy(STARTER / "example.png", bare)
    broken.write_bytes(b"no picture")
    (proposal,) = propose([broken, bare], Eye("clip", "", open_clip_model(STARTER / STARTER_CLIP)))
    assert (proposal.picture, proposal.caption) == (bare, "a cat on a white background")
    assert proposal.labels[0].share > 0.5
