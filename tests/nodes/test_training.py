"""Training as a node: a run goes on wherever it is, and says what happens by the events of its job."""

import shutil
from pathlib import Path

import pytest

from safelight.errors import BadInput
from safelight.files.header import read_header
from safelight.protocol.events import Cached, Cancelled, Done, Failed, Output, Preview, Progress
from safelight.runs.beginning import begin
from safelight.runs.folder import RunFolder
from safelight.runs.settings import checked
from tests.studio import Graph, Studio, text_to_image
from tests.training.drawing import draw_set

STEPS = 4


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    return Studio(tmp_path, previews=True)


def begun(studio: Studio, name: str = "zorb", **run: object) -> RunFolder:
    data = studio.home / "input" / "training" / name
    data.mkdir(parents=True)
    draw_set(data, 4)
    values = {
        "name": name,
        "checkpoint": studio.checkpoint("sd1"),
        "data": {"folder": str(data), "resolution": 64, "trigger": name},
        "samples": {"prompts": [name], "every": 2, "steps": 2},
        "run": {"steps": STEPS, "batch": 2, "save_every": 2, **run},
    }
    return begin(checked(values, "test"), studio.folders)


def graph(name: str = "zorb") -> Graph:
    made = Graph()
    made.add("TrainRun", run_name=name)
    return made


def test_a_run_is_trained_and_told_of(studio: Studio) -> None:
    folder = begun(studio)
    ran = studio.run(graph())
    assert isinstance(ran.end, Done), ran.end
    assert read_header(studio.path("loras", "zorb.safetensors")).metadata["ss_steps"] == str(STEPS)
    steps = [(event.value, event.total) for event in ran.told(Progress)]
    assert steps[-STEPS:] == [(step, STEPS) for step in range(1, STEPS + 1)]
    outputs = ran.told(Output)
    texts = [event.text for event in outputs if event.kind == "text"]
    assert "4 pictures" in texts[0]
    assert texts[-1] == "Saved as loras/zorb.safetensors"
    pictures = [event for event in outputs if event.kind == "images"]
    assert [event.path for event in pictures] == [f"zorb_{step:06}-0_00001_.png" for step in (0, 2, 4)]
    samples = folder.all_samples()
    assert [path.read_bytes() for path in ran.saved] == [sample.path.read_bytes() for sample in samples]
    assert ran.told(Preview)


def test_a_run_is_run_again_whatever_was_made_of_it(studio: Studio) -> None:
    folder = begun(studio)
    studio.run(graph())
    shutil.rmtree(folder.path)
    shutil.rmtree(studio.home / "input" / "training")
    studio.path("loras", "zorb.safetensors").unlink()
    begun(studio)
    again = studio.run(graph())
    assert isinstance(again.end, Done)
    assert not again.told(Cached)
    assert len(list(folder.lines())) == STEPS


def test_a_job_that_is_cancelled_stops_at_its_step_and_goes_on_later(studio: Studio) -> None:
    folder = begun(studio)
    ran = studio.run(graph(), cancelled=lambda: len(list(folder.samples.glob("000002-*"))) > 0)
    assert isinstance(ran.end, Cancelled)
    assert folder.state.is_file()
    assert not studio.path("loras", "zorb.safetensors").exists()
    again = studio.run(graph())
    assert isinstance(again.end, Done), again.end
    assert [line.step for line in folder.lines()] == list(range(1, STEPS + 1))


def test_what_the_worker_has_loaded_makes_room_and_is_loaded_again(studio: Studio) -> None:
    folder = begun(studio)
    checkpoint = folder.read_settings().checkpoint
    before = studio.run(text_to_image(checkpoint)).pixels
    assert studio.session.loaded()
    studio.run(graph())
    assert not studio.session.loaded()
    assert (studio.run(text_to_image(checkpoint, seed=8)).pixels != before).any()


def test_a_failure_says_what_to_mend(studio: Studio) -> None:
    folder = begun(studio)
    for path in (studio.home / "input" / "training" / "zorb").iterdir():
        path.unlink()
    ran = studio.run(graph())
    assert isinstance(ran.end, Failed)
    assert ran.end.mend
    assert folder.is_there


def test_a_name_of_a_run_is_taken_once_for_everybody(studio: Studio) -> None:
    settings = begun(studio).read_settings()
    other = studio.folders.of_user("1234")
    with pytest.raises(BadInput, match="Somebody else has a run called zorb"):
        begin(settings, other)
    assert other.list("training") == ()
    assert studio.folders.list("training") == ("zorb",)


@pytest.mark.parametrize("name", ["a.", "CON", "aux.x", "x" * 81 + " ", "\U00020000" * 81])
def test_a_name_that_is_none_for_files_is_refused(name: str, studio: Studio) -> None:
    settings = begun(studio).read_settings()
    with pytest.raises(BadInput):
        begin(settings.model_copy(update={"name": name}), studio.folders)
