"""`safelight train`: what it says, how it ends, and what it leaves."""

import json
import signal
from pathlib import Path

import pytest

from safelight.runs.folder import RunFolder
from tests.cli.conftest import Command, Process
from tests.training.drawing import draw_set

QUICK = ("--resolution", 64, "--steps", 2, "--batch", 2)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    draw_set(tmp_path / "zorbs", 4)
    return tmp_path / "zorbs"


def test_a_folder_of_pictures_becomes_a_lora(command: Command, tiny: Path, home: Path, pictures: Path) -> None:
    settings = home.parent / "run.toml"
    settings.write_text(
        'name = "from the file"\n[data]\nfolder = "elsewhere"\n[samples]\nevery = 0\n', encoding="utf-8"
    )
    told = ("--checkpoint", tiny.name, "--trigger", "zorb", "--settings", settings, *QUICK, "--json")
    done = command("train", pictures, "--name", "zorb", *told)
    assert done.code == 0, done.err
    *lines, made = done.out.splitlines()
    assert Path(made) == home / "models" / "loras" / "zorb.safetensors"
    events = [json.loads(line) for line in lines]
    assert [event["step"] for event in events if "loss" in event] == [1, 2]
    assert events[0] == {"stage": "Opening the checkpoint"}
    assert RunFolder.of(home, "zorb").read_settings().data.folder == pictures
    assert command("train").out == "zorb: done\n"
    again = command("train", pictures, "--name", "zorb", *told)
    assert again.code == 2
    assert "There is a run called zorb" in again.err


def test_a_run_that_cannot_begin_leaves_its_name_free(command: Command, tiny: Path, home: Path, pictures: Path) -> None:
    refused = command("train", home / "nowhere", "--name", "zorb", "--checkpoint", tiny.name)
    assert (refused.code, refused.out) == (2, "")
    assert "There is no folder" in refused.err
    assert not RunFolder.of(home, "zorb").path.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--rate", -1), "optimizer.rate: Input should be greater than or equal to 0."),
        (
            ("--kind", "loraa"),
            "kind: Input should be 'lora', 'inversion', 'full', 'controlnet', 'denoiser', 'vae' or 'clip'.",
        ),
        (
            ("--name", "../zorb"),
            "name: has other signs than letters, digits, spaces and . + - _",
        ),
        (("--checkpoint", "nothing"), "nothing"),
        (("--settings", "/nowhere.toml"), "/nowhere.toml cannot be read."),
    ],
)
def test_what_cannot_be_is_told(
    arguments: tuple[object, ...], said: str, command: Command, tiny: Path, pictures: Path
) -> None:
    refused = command("train", pictures, *arguments)
    assert refused.code == 2
    assert said in refused.err
    assert "Traceback" not in refused.err


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("[run]\nsteps = 2\n", 0, "4 pictures"),
        ("[run]\nstepps = 2\n", 2, "run.stepps: is not a setting."),
        ('name = "x"\ndata = 3\n', 2, "data: Input should be"),
        ("run = [\n", 2, "The settings are no TOML"),
    ],
)
def test_a_file_need_not_say_what_the_command_says(
    text: str, code: int, said: str, command: Command, tiny: Path, home: Path, pictures: Path
) -> None:
    settings = home.parent / "run.toml"
    settings.write_text(text, encoding="utf-8")
    done = command("train", pictures, "--checkpoint", tiny.name, "--settings", settings, "--check")
    assert (done.code, said in done.err) == (code, True), done.err
    assert code == 0 or "where: run.toml" in done.err


def test_a_recipe_that_cannot_be_made_says_so(command: Command, home: Path) -> None:
    nothing = command("train", "--recipe", "nothing")
    assert (nothing.code, nothing.out) == (2, "")
    assert "There is no recipe nothing." in nothing.err
    assert "Name starter, or the TOML file of your own." in nothing.err
    pytest.importorskip("resvg_py", reason="the extra `recipe` is not installed")
    unsourced = command("train", "--recipe", "starter", "--scale", 0.001, "--sources", home / "nowhere")
    assert (unsourced.code, unsourced.out) == (2, "")
    assert "There is no folder" in unsourced.err


def test_pictures_are_checked_without_training(command: Command, tiny: Path, home: Path, pictures: Path) -> None:
    (pictures / "broken.png").write_bytes(b"no picture")
    checked = command("train", pictures, "--checkpoint", tiny.name, "--check")
    assert checked.code == 0
    assert "4 pictures" in checked.err
    assert "broken.png" in checked.err
    assert not list((home / "training").iterdir())


def test_ctrl_c_saves_what_was_learned(process: Process, tiny: Path, home: Path, pictures: Path) -> None:
    told = ("--checkpoint", tiny.name, "--resolution", 64, "--steps", 5000, "--name", "zorb", "--json")
    with process("train", pictures, *told) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if '"step": 3' in line:
                break
        running.send_signal(signal.SIGINT)
        _, rest = running.communicate()
    assert running.returncode == 130, rest
    assert "Go on with: safelight train --resume zorb" in rest
    run = RunFolder.of(home, "zorb")
    last = max(line.step for line in run.lines())
    assert last >= 3
    assert run.result(last).is_file()
    assert run.state.is_file()


def test_a_recipe_is_not_shared(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    refused = command("train", "--recipe", "starter")
    assert (refused.code, "without torchrun" in refused.err) == (2, True)
