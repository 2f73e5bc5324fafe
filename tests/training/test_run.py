"""Whole runs: their folder, stopping and going on, being killed, and what stands in their way."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from safelight.errors import BadInput, Cancelled, SafelightError
from safelight.families.detect import identify
from safelight.files.folders import Folders
from safelight.files.header import read_header
from safelight.runs.folder import RunFolder, runs_in
from safelight.runs.settings import TrainingSettings, checked, parse_settings
from safelight.text.embeddings import read_embedding
from safelight.training.run import Place, begin, train
from safelight.training.trainer import Stepped
from tests.studio import tiny_file
from tests.training.drawing import draw_set

STEPS = 6


class Watcher:
    """Does something when a run has come to a place."""

    def __init__(self, act: Callable[[str], None] = lambda _: None) -> None:
        self.act = act
        self.said: list[str] = []

    def stage(self, what: str) -> None:
        self.act(what)

    def progress(self, done: int, total: int) -> None:
        self.act(f"progress {done}")

    def stepped(self, step: Stepped) -> None:
        self.act(f"step {step.step}")

    def drawn(self, step: int, pictures: list[Path]) -> None:
        assert all(path.is_file() for path in pictures)
        self.act(f"drawn {step}")

    def report(self, sentences: tuple[str, ...]) -> None:
        self.said += sentences


def place_of(home: Path, **changes: Any) -> Place:
    folders = Folders.at(home, [])
    folders.make()
    checkpoint = home / "models" / "checkpoints" / "tiny.safetensors"
    if not checkpoint.exists():
        shutil.copyfile(tiny_file("sd1"), checkpoint)
    return Place(folders, "cpu", **changes)


def settings_of(data: Path, **tables: dict[str, Any]) -> TrainingSettings:
    told: dict[str, Any] = {
        "name": "zorb",
        "checkpoint": "tiny.safetensors",
        "data": {"folder": str(data), "resolution": 64, "trigger": "zorb", "flip": True},
        "samples": {"prompts": ["zorb"], "every": 3, "steps": 2},
        **tables,
    }
    told["run"] = {"steps": STEPS, "batch": 2, "save_every": 2, **told.get("run", {})}
    return checked(told, "test")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("zorbs")
    draw_set(folder, 4)
    return folder


@pytest.fixture(scope="module")
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The result of a run that nothing has disturbed."""
    place = place_of(tmp_path_factory.mktemp("whole"))
    return train(begin(settings_of(data), place), place, Watcher()).read_bytes()


def test_a_run_is_a_folder_that_says_all(data: Path, tmp_path: Path, whole: bytes) -> None:
    place = place_of(tmp_path)
    folder = begin(settings_of(data), place)
    watcher = Watcher()
    made = train(folder, place, watcher)
    assert made == tmp_path.resolve() / "models" / "loras" / "zorb.safetensors"
    assert made.read_bytes() == whole
    assert [run.path.name for run in runs_in(place.folders.home)] == ["zorb"]
    assert parse_settings(folder.settings.read_text(encoding="utf-8"), "x") == settings_of(data)
    lines = list(folder.lines())
    assert [line.step for line in lines] == list(range(1, STEPS + 1))
    assert all(len(line.levels) == len(line.errors) == 2 for line in lines)
    assert all(0 < level <= 1 for line in lines for level in line.levels)
    assert all(line.free > 0 for line in lines)
    assert [(sample.step, sample.place) for sample in folder.all_samples()] == [(0, 0), (3, 0), (6, 0)]
    assert [path.name for path in folder.all_results()] == [f"00000{step}.safetensors" for step in (2, 4, 6)]
    assert list((folder.path / "tensorboard").glob("events.*"))
    assert "4 pictures" in watcher.said[0]
    assert "4 pictures" in folder.data_report.read_text(encoding="utf-8")
    told = read_header(made).metadata
    assert told["modelspec.trigger_phrase"] == "zorb"
    assert told["ss_steps"] == "6"
    assert told["ss_network_module"] == "networks.lora"
    assert parse_settings(told["safelight.training"], "x").data.folder == Path(data.name)


def test_a_run_that_was_stopped_goes_on_to_the_same_result(data: Path, tmp_path: Path, whole: bytes) -> None:
    place = place_of(tmp_path)
    folder = begin(settings_of(data), place)

    def stop(where: str) -> None:
        if where == "step 3":
            raise Cancelled

    with pytest.raises(Cancelled):
        train(folder, place, Watcher(stop))
    assert [line.step for line in folder.lines()] == [1, 2, 3]
    steps: list[str] = []
    assert train(folder, place, Watcher(steps.append)).read_bytes() == whole
    assert [each for each in steps if each.startswith("step ")] == ["step 4", "step 5", "step 6"]
    assert [line.step for line in folder.lines()] == list(range(1, STEPS + 1))
    assert train(folder, place, Watcher()).read_bytes() == whole  # once more, with nothing left to do


KILLED = """
import os, signal, sys
from pathlib import Path
from safelight.training import keeping
from safelight.training.run import train
from safelight.runs.folder import RunFolder
from tests.training.test_run import Watcher, place_of

where, home = sys.argv[1], Path(sys.argv[2])

def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def act(what):
    if what == where:
        kill()

if where == "saving":
    write = keeping.write_safetensors
    def half(file, entries, told):
        write(file, entries[:3], told)
        file.flush()
        if (home / "training/zorb/results/000002.safetensors").exists():
            kill()
        file.seek(0); file.truncate()
        write(file, entries, told)
    keeping.write_safetensors = half
train(RunFolder.of(home, "zorb"), place_of(home), Watcher(act))
"""


@pytest.mark.parametrize("where", ["Looking at the pictures", "Encoding the pictures", "drawn 0", "step 5", "saving"])
def test_a_run_that_was_killed_goes_on_to_the_same_result(where: str, data: Path, tmp_path: Path, whole: bytes) -> None:
    place = place_of(tmp_path)
    folder = begin(settings_of(data), place)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, where, str(place.folders.home)], capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not (place.folders.home / "models" / "loras" / "zorb.safetensors").exists()
    for path in folder.all_results():
        read_header(path)  # whole, each of them
    assert train(folder, place, Watcher()).read_bytes() == whole
    assert [line.step for line in folder.lines()] == list(range(1, STEPS + 1))
    assert not list(folder.path.rglob("*.part")) or where == "saving"


def test_a_name_that_is_taken_is_refused(data: Path, tmp_path: Path) -> None:
    place = place_of(tmp_path)
    begin(settings_of(data), place)
    with pytest.raises(BadInput, match="There is a run called zorb"):
        begin(settings_of(data), place)
    shutil.rmtree(RunFolder.of(place.folders.home, "zorb").path)
    (tmp_path / "models" / "loras" / "zorb.safetensors").write_bytes(b"mine")
    with pytest.raises(BadInput, match=r"There is a file .*zorb.safetensors"):
        begin(settings_of(data), place)


def test_a_run_is_trained_by_one_process_only(data: Path, tmp_path: Path) -> None:
    place = place_of(tmp_path)
    folder = begin(settings_of(data), place)

    def again(what: str) -> None:
        with pytest.raises(BadInput, match="zorb is being trained by another process"):
            train(folder, place, Watcher())
        raise Cancelled

    with pytest.raises(Cancelled):
        train(folder, place, Watcher(again))


def test_a_run_that_the_disk_has_no_room_for_is_not_begun(data: Path, tmp_path: Path) -> None:
    place = place_of(tmp_path, spare=10**15)
    steps: list[str] = []
    with pytest.raises(BadInput, match=r"needs up to 1000000.\d GB of the disk.*lower run.keep"):
        train(begin(settings_of(data), place), place, Watcher(steps.append))
    assert "step 1" not in steps


def test_a_disk_that_fills_up_costs_old_results_then_stops_the_run(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = place_of(tmp_path, spare=1_000_000)
    folder = begin(settings_of(data), place)
    free = [10**12]
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=free[0]))

    def fill(what: str) -> None:
        if what == "step 3":
            free[0] = 1_000

    with pytest.raises(SafelightError, match="The disk is full; the steps up to the last save are kept"):
        train(folder, place, Watcher(fill))
    assert torch.load(folder.state, weights_only=True)["step"] == 2
    assert folder.all_results() == []  # given up for the state, which did not fit all the same


def test_a_checkpoint_that_was_exchanged_is_noticed(data: Path, tmp_path: Path) -> None:
    place = place_of(tmp_path)
    folder = begin(settings_of(data, run={"steps": 2}), place)
    train(folder, place, Watcher())
    checkpoint = tmp_path / "models" / "checkpoints" / "tiny.safetensors"
    checkpoint.unlink()
    shutil.copyfile(tiny_file("sd1", seed=1), checkpoint)
    with pytest.raises(BadInput, match=r"tiny.safetensors is not the file that zorb was begun with"):
        train(folder, place, Watcher())


def test_pictures_that_cannot_be_used_are_told_before_anything_is_trained(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    place = place_of(tmp_path)
    with pytest.raises(BadInput, match=r"no picture"):
        train(begin(settings_of(tmp_path / "empty"), place), place, Watcher())


@pytest.mark.parametrize(("kind", "folder"), [("inversion", "embeddings"), ("full", "checkpoints")])
def test_other_kinds_write_files_of_their_kinds(kind: str, folder: str, data: Path, tmp_path: Path) -> None:
    place = place_of(tmp_path)
    settings = settings_of(data, run={"steps": 2}, samples={"every": 0}).model_copy(update={"kind": kind})
    made = train(begin(settings, place), place, Watcher())
    assert made == tmp_path.resolve() / "models" / folder / "zorb.safetensors"
    if kind == "full":
        contents = identify(read_header(made))
        assert contents.kind == "checkpoint"
        assert contents.family is not None
        assert contents.family.name == "sd1"
    else:
        assert read_embedding(made, "l").shape == (4, 64)


def test_captions_are_encoded_once_for_all_runs(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = place_of(tmp_path)
    quiet = {"samples": {"every": 0}, "run": {"steps": 3}}
    train(begin(settings_of(data, **quiet), place), place, Watcher())
    monkeypatch.setattr("safelight.training.lessons.read_captions", None)
    train(begin(settings_of(data, **quiet).model_copy(update={"name": "again"}), place), place, Watcher())
    told = settings_of(data, **quiet).model_dump()
    shuffled = checked({**told, "name": "shuffled", "data": {**told["data"], "shuffle_tags": True}}, "test")
    with pytest.raises(TypeError):  # captions that are others each time are read each time
        train(begin(shuffled, place), place, Watcher())
