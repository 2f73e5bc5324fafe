"""The starter learns something that it cannot draw."""

from pathlib import Path

import pytest
from PIL import Image

from safelight.files.folders import Folders
from safelight.runs.folder import RunFolder
from safelight.runs.settings import checked
from safelight.training.run import Place, begin, train
from tests.training.drawing import draw_set, likeness
from tests.training.test_run import Watcher

STEPS = 200


@pytest.mark.weights
def test_the_starter_learns_a_thing_of_twelve_pictures(tmp_path: Path) -> None:
    """Colours and shape as `likeness` measures them, before and after; the drawings themselves have 0.48 to 1."""
    draw_set(tmp_path / "pictures")
    folders = Folders.at(tmp_path / "home", [])
    folders.make()
    settings = checked(
        {
            "name": "zorb",
            "data": {"folder": str(tmp_path / "pictures"), "trigger": "zorb"},
            "samples": {"prompts": ["a zorb on a white background"], "every": STEPS},
            "run": {"steps": STEPS, "save_every": STEPS},
        },
        "test",
    )
    place = Place(folders, "cpu")
    train(begin(settings, place), place, Watcher())
    run = RunFolder.of(folders.home, "zorb")
    before, after = (likeness(Image.open(run.sample(step, 0))) for step in (0, STEPS))
    assert before < 0.05
    assert after > 0.3
    losses = [line.loss for line in run.lines()]
    assert sum(losses[-50:]) < sum(losses[:50]) / 1.5
