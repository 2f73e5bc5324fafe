"""Captions that are proposed."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from safelight.clip.asking import Label
from safelight.clip.looking import Eye
from safelight.clip.model import open_clip_model
from safelight.files.folders import STARTER, STARTER_CLIP
from safelight.runs.data.folder import read_examples
from safelight.training.data.proposals import WORDS, Proposal, background_of, propose, write_captions
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


def test_captions_are_written_but_never_over_others(tmp_path: Path) -> None:
    proposals = [
        Proposal(draw(tmp_path / f"{name}.png"), f"a {name}", (Label(name, 1.0, 0.3),), "")
        for name in ("fox", "owl", "a.b")
    ]
    (tmp_path / "owl.txt").write_text("my own words")
    assert [path.name for path in write_captions(proposals)] == ["fox.txt", "a.b.txt"]
    assert {example.picture.stem: example.caption for example in read_examples(tmp_path)} == {
        "fox": "a fox",
        "owl": "my own words",
        "a.b": "a a.b",
    }


@pytest.mark.weights
def test_the_starters_clip_names_what_it_sees_where_there_is_no_caption(tmp_path: Path) -> None:
    draw(tmp_path / "told.png").with_suffix(".txt").write_text("mine")
    shutil.copy(STARTER / "example.png", tmp_path / "bare.png")
    eye = Eye("clip", "", open_clip_model(STARTER / STARTER_CLIP))
    (proposal,) = propose(read_examples(tmp_path), eye)
    assert proposal.picture.name == "bare.png"
    assert proposal.caption == "a cat on a white background"
    assert proposal.labels[0].share > 0.5
    assert not (tmp_path / "bare.txt").exists()
