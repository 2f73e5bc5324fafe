"""`--server`: what is made there looks as if it was made here."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from safelight.files.picture_files import read_text
from tests.cli.conftest import Command, Process, picture
from tests.serving import Served, eventually, serving, workflow


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A running server, with a home of its own."""
    with serving(tmp_path / "server") as running:
        yield running


def test_pictures_come_here_and_their_paths_are_told(served: Served, command: Command, home: Path) -> None:
    result = command("generate", "a cat", "--steps", 2, "--count", 2, "--server", served.url)
    assert [path.name for path in result.paths] == ["safelight_00001_.png", "safelight_00002_.png"]
    assert {path.parent for path in result.paths} == {home / "output"}
    first = json.loads(read_text(result.paths[0])["prompt"])["5"]["inputs"]["seed"]
    assert result.err == f"seed {first} to {first + 1}\n"


def test_a_recording_of_the_run_stays_where_it_was_made(served: Served, command: Command) -> None:
    result = command("generate", "a cat, recorded", "--steps", 2, "--seed", 3, "--json", "--server", served.url)
    told = [json.loads(line) for line in result.out.splitlines()]
    assert [event["folder"] for event in told if event["event"] == "output"] == ["output"]
    assert result.err == ""


def test_a_picture_goes_where_it_is_wanted_and_replaces_no_other(
    served: Served, command: Command, tmp_path: Path
) -> None:
    folder, options = tmp_path / "mine", ("--steps", 1, "--seed", 1, "--server", served.url)
    assert command("generate", "a cat", *options, "--out", folder).paths == [folder / "safelight_00001_.png"]
    (served.settings.home / "output" / "safelight_00001_.png").unlink()
    assert command("generate", "a dog", *options, "--out", folder).paths == [folder / "safelight_00001_ (1).png"]
    assert command("generate", "a dog", *options, "--out", folder / "dog.png").paths == [folder / "dog.png"]


def test_every_event_is_a_line_of_json(served: Served, command: Command) -> None:
    result = command("generate", "a cat", "--steps", 1, "--seed", 1, "--json", "--server", served.url)
    told = [json.loads(line) for line in result.out.splitlines()]
    assert (told[0]["event"], told[-1]["event"]) == ("queued", "done")
    (output,) = (event for event in told if event["event"] == "output")
    assert Path(output["file"]).is_file()


def test_a_picture_to_start_from_is_taken_along(served: Served, command: Command, tmp_path: Path) -> None:
    start = picture(tmp_path / "start.png", 80, 40)
    options = ("--seed", 1, "--init-image", start, "--mask", start, "--server", served.url)
    made = json.loads(read_text(command("generate", "a cat", *options).paths[0])["prompt"])
    assert [call["inputs"] for call in made.values() if call["class_type"] == "LoadImage"] == [
        {"image": "start.png"},
        {"image": "start.png"},
    ]


def test_a_workflow_is_run_there_from_either_format(served: Served, command: Command, tmp_path: Path) -> None:
    (tmp_path / "w.json").write_text(json.dumps(workflow(prefix="there")))
    result = command("run", tmp_path / "w.json", "--set", "5.seed=7", "--server", served.url)
    assert [path.name for path in result.paths] == ["there_00001_.png"]
    assert json.loads(read_text(result.paths[0])["prompt"])["5"]["inputs"]["seed"] == 7
    assert command("run", "--template", "text-to-image", "--server", served.url).paths


def test_a_check_is_made_there(served: Served, command: Command, tmp_path: Path) -> None:
    (tmp_path / "w.json").write_text(json.dumps(workflow()))
    assert "pretend" in command("run", tmp_path / "w.json", "--check", "--server", served.url).out
    (tmp_path / "w.json").write_text(json.dumps(workflow(steps=-1)))
    result = command("run", tmp_path / "w.json", "--check", "--server", served.url)
    assert (result.code, "-1 is smaller than 1" in result.err) == (2, True)


@pytest.mark.parametrize(
    ("options", "code", "what"),
    [
        (("fail",), 1, "It was told to fail"),
        (("a cat", "--checkpoint", "nothing"), 2, "There is no nothing"),
        (("a cat", "--sampler", "eulr"), 2, 'Did you mean "euler"?'),
        (("a cat", "--device", "cpu"), 2, "settings of the server"),
    ],
)
def test_what_goes_wrong_there_is_told_here(
    options: tuple[str, ...], code: int, what: str, served: Served, command: Command
) -> None:
    result = command("generate", *options, "--server", served.url)
    assert (result.code, what in result.err) == (code, True)


def test_an_address_that_nobody_listens_at_is_told(command: Command) -> None:
    result = command("generate", "a cat", "--server", "http://127.0.0.1:9")
    assert (result.code, "cannot be reached" in result.err) == (1, True)


def test_ctrl_c_cancels_the_jobs_there(served: Served, process: Process) -> None:
    started = process("generate", "slow", "--steps", 200, "--count", 2, "--server", served.url)
    try:
        eventually(lambda: served.http.get("/api/v1/queue").json()["running"] == 1)
        os.kill(started.pid, signal.SIGINT)
        assert started.wait(20) == 130
        eventually(lambda: served.http.get("/api/v1/queue").json()["mine"] == 0)
        states = {job["state"] for job in served.http.get("/api/v1/jobs").json()["jobs"]}
        assert states == {"cancelled"}
    finally:
        if started.poll() is None:
            started.kill()
        started.communicate(timeout=20)


def test_the_command_needs_no_torch_for_it(served: Served) -> None:
    program = "import sys; sys.modules['torch'] = None; from safelight.cli import main; main()"
    line = [sys.executable, "-c", program, "generate", "a cat", "--steps", "1", "--server", served.url]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.count("\n")) == (0, 1), done.stderr
