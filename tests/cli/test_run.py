"""`safelight run`: a saved workflow, or a picture made by one."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from safelight.files.picture_files import read_text
from safelight.graph.document import Link
from safelight.graph.formats import write_api
from tests.cli.conftest import Command, files_of
from tests.studio import changed, pixels_of, text_to_image, tiny_file

Document = dict[str, dict[str, Any]]


def document() -> Document:
    """The workflow of a small picture, as JSON data."""
    return write_api(text_to_image("tiny.safetensors", steps=1))  # type: ignore[return-value]


def written(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def workflow(tmp_path: Path, tiny: Path) -> Path:
    return written(tmp_path / "workflow.json", document())


def sampler_of(path: Path) -> dict[str, Any]:
    calls = json.loads(read_text(path)["prompt"]).values()
    (inputs,) = (call["inputs"] for call in calls if call["class_type"] == "KSampler")
    assert isinstance(inputs, dict)
    return inputs


def test_a_picture_makes_itself_again(command: Command, tiny: Path) -> None:
    options = ("--checkpoint", "tiny", "--steps", 1, "--width", 64, "--height", 64, "--negative", "a dog")
    (made,) = command("generate", "a cat", *options).paths
    (again,) = command("run", made).paths
    assert again != made
    assert (pixels_of(again) == pixels_of(made)).all()
    assert read_text(again)["prompt"] == read_text(made)["prompt"]
    assert read_text(again)["parameters"] == read_text(made)["parameters"]


@pytest.mark.parametrize("kept", ["prompt", "workflow"])
def test_the_workflows_that_a_picture_keeps_make_it_again(
    kept: str, command: Command, workflow: Path, tmp_path: Path
) -> None:
    (first,) = command("run", workflow).paths
    copy = tmp_path / "copy.json"
    copy.write_text(read_text(first)[kept])
    (second,) = command("run", copy).paths
    assert (pixels_of(first) == pixels_of(second)).all()


@pytest.mark.parametrize("node", ["5", "Sample", "KSampler"])
def test_an_input_is_changed_by_id_title_or_type(node: str, command: Command, workflow: Path) -> None:
    (made,) = command("run", workflow, "--set", f"{node}.seed=99", "--set", f"{node}.cfg=2.5").paths
    assert (sampler_of(made)["seed"], sampler_of(made)["cfg"]) == (99, 2.5)


@pytest.mark.parametrize("text", ["7", "a=b", "true", '["1", 0]', "", "a {b|c}"])
def test_a_text_stays_a_text(text: str, command: Command, workflow: Path) -> None:
    (made,) = command("run", workflow, "--set", f"Prompt.text={text}").paths
    assert json.loads(read_text(made)["prompt"])["2"]["inputs"]["text"] == text


def test_a_link_can_be_changed(command: Command, workflow: Path) -> None:
    (made,) = command("run", workflow, "--set", '5.negative=["2", 0]').paths
    assert sampler_of(made)["negative"] == ["2", 0]


def test_pictures_go_to_the_folder_that_is_named(command: Command, workflow: Path, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    assert command("run", workflow, "--out", folder).paths == [folder / "safelight_00001_.png"]


def test_every_event_is_a_line_of_json(command: Command, workflow: Path) -> None:
    result = command("run", workflow, "--json")
    events = [json.loads(line) for line in result.out.splitlines()]
    assert [events[0]["event"], events[-1]["event"]] == ["started", "done"]
    assert result.err == ""


def test_a_text_that_a_node_shows_is_written_out(command: Command, tmp_path: Path) -> None:
    graph = {
        "1": {"class_type": "PrimitiveString", "inputs": {"value": "hello"}},
        "2": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}},
    }
    result = command("run", written(tmp_path / "w.json", graph))
    assert (result.code, result.out) == (0, "hello\n")


def test_what_fails_in_running_ends_with_1_and_says_where(
    command: Command, workflow: Path, tiny: Path, home: Path
) -> None:
    graph = document()
    graph["1"]["inputs"]["ckpt_name"] = "page.safetensors"
    (tiny.parent / "page.safetensors").write_text("<!DOCTYPE html><html></html>")
    before = files_of(home)
    result = command("run", written(workflow, graph))
    assert (result.code, result.out) == (1, "")
    assert "page.safetensors is a web page" in result.err
    assert "where: Checkpoint (node 1)" in result.err
    assert files_of(home) == before


def unknown_node(graph: Document) -> None:
    graph["5"]["class_type"] = "KSamplr"


def unknown_file(graph: Document) -> None:
    graph["1"]["inputs"]["ckpt_name"] = "tinny.safetensors"


def circle(graph: Document) -> None:
    graph["9"] = {"class_type": "LatentFlip", "inputs": {"samples": ["9", 0], "flip_method": "x-axis: vertically"}}
    graph["6"]["inputs"]["samples"] = ["9", 0]


def wrong_type(graph: Document) -> None:
    graph["5"]["inputs"]["model"] = ["1", 2]


def missing_input(graph: Document) -> None:
    del graph["5"]["inputs"]["positive"]


def link_to_nowhere(graph: Document) -> None:
    graph["5"]["inputs"]["positive"] = ["77", 0]


def no_such_output(graph: Document) -> None:
    graph["5"]["inputs"]["model"] = ["1", 9]


def out_of_range(graph: Document) -> None:
    graph["5"]["inputs"]["steps"] = 0


def not_a_number(graph: Document) -> None:
    graph["5"]["inputs"]["cfg"] = float("nan")


def words_for_a_number(graph: Document) -> None:
    graph["4"]["inputs"]["width"] = "wide"


def a_missing_picture(graph: Document) -> None:
    graph["4"] = {"class_type": "LoadImage", "inputs": {"image": "absent.png"}}
    graph["7"]["inputs"]["images"] = ["4", 0]


def nothing_saved(graph: Document) -> None:
    del graph["7"]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (unknown_node, 'KSamplr (node 5): There is no node type "KSamplr". Did you mean "KSampler"?'),
        (
            unknown_file,
            'There is no file "tinny.safetensors" in the folder checkpoints. Did you mean "tiny.safetensors"?',
        ),
        (circle, "wait for each other in a circle"),
        (wrong_type, "input model: It takes MODEL, and is linked to VAE of CheckpointLoaderSimple (node 1)."),
        (missing_input, "KSampler (node 5), input positive: It is missing."),
        (link_to_nowhere, 'It is linked to node "77", which is not in the workflow.'),
        (no_such_output, "has no output number 9"),
        (out_of_range, "input steps: 0 is smaller than 1. Give a number from 1 to 10000."),
        (not_a_number, "input cfg: nan is not a finite number."),
        (words_for_a_number, 'input width: "wide" is not a whole number.'),
        (a_missing_picture, 'There is no file "absent.png" in the folder input.'),
        (nothing_saved, "No node of the workflow saves or shows anything"),
    ],
)
def test_a_workflow_that_cannot_run_is_refused_and_nothing_is_run(
    spoil: Callable[[Document], None], message: str, command: Command, workflow: Path, home: Path
) -> None:
    graph = document()
    spoil(graph)
    before = files_of(home)
    result = command("run", written(workflow, graph))
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert files_of(home) == before


def test_all_that_is_wrong_is_said_at_once(command: Command, workflow: Path) -> None:
    graph = document()
    unknown_file(graph)
    out_of_range(graph)
    words_for_a_number(graph)
    result = command("run", written(workflow, graph))
    assert result.code == 2
    assert "The workflow has 3 problems:" in result.err
    for place in ("(node 1), input ckpt_name", "(node 4), input width", "(node 5), input steps"):
        assert place in result.err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "This is not JSON"),
        (b"{", "in line 1, column 2"),
        (b"\xff\xfe\x00\x81", "This is not JSON"),
        (b"[1, 2]", "A workflow is an object of nodes by id, and this is a list of 2"),
        (b'{"1": 5}', "A node is an object"),
        (b'{"1": {"inputs": {}}}', "The node has no class_type"),
        (b"[" * 100_000, "nested too deep"),
        (b"{}", "nothing to run"),
        (b"\x89PNG\r\n\x1a\n", "w.json"),
    ],
)
def test_a_file_that_is_no_workflow_is_refused(content: bytes, message: str, command: Command, tmp_path: Path) -> None:
    (tmp_path / "w.json").write_bytes(content)
    result = command("run", tmp_path / "w.json")
    assert (result.code, result.out) == (2, "")
    assert message in result.err


def test_a_picture_without_a_workflow_is_refused(command: Command, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "plain.png")
    result = command("run", tmp_path / "plain.png")
    assert result.code == 2
    assert "has no workflow in it" in result.err


@pytest.mark.parametrize("place", ["absent.json", "."])
def test_a_file_that_cannot_be_opened_is_named(place: str, command: Command, tmp_path: Path) -> None:
    result = command("run", tmp_path / place)
    assert result.code == 2
    assert "cannot be read" in result.err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("seed", "--set seed is not NODE.INPUT=VALUE"),
        ("5seed=1", "--set 5seed=1 is not NODE.INPUT=VALUE"),
        ("5.sed=1", "has no input sed in this workflow.\n  Did you mean seed?"),
        ("99.seed=1", "There is no node 99.\n  Nodes are: 1 (Checkpoint), 2 (Prompt)"),
        ("CLIPTextEncode.text=x", "CLIPTextEncode means several nodes"),
        ("5.seed=many", 'input seed: "many" is not a whole number'),
        ("5.cfg=NaN", "input cfg: nan is not a finite number"),
        ("5.model=3", "It takes MODEL, and 3 is not a link"),
    ],
)
def test_a_change_that_cannot_be_is_refused(change: str, message: str, command: Command, workflow: Path) -> None:
    result = command("run", workflow, "--set", change)
    assert (result.code, result.out) == (2, "")
    assert message in result.err


def test_a_check_says_what_a_workflow_takes_and_runs_nothing(command: Command, workflow: Path, home: Path) -> None:
    before = files_of(home)
    result = command("run", workflow, "--check")
    assert result.code == 0, result.err
    told = dict(re.split(r"  +", line, maxsplit=1) for line in result.out.splitlines())
    assert told["weights"] == "26 MB"
    assert told["model calls"] == "2"
    assert told["sampling"] == "unknown"
    assert "nothing was sampled on it yet" in told["not known"]
    assert files_of(home) == before


def test_a_check_knows_the_time_once_something_was_sampled(command: Command, workflow: Path) -> None:
    assert command("run", workflow, "--set", "KSampler.steps=3").code == 0
    told = json.loads(command("run", workflow, "--check", "--json").out)
    assert told["problems"] == []
    assert told["estimate"]["model_calls"] == 2
    assert told["estimate"]["seconds"] > 0
    assert told["estimate"]["peak"] > told["estimate"]["weights"] > 0


def test_a_check_of_a_workflow_that_cannot_run_ends_as_a_run_of_it(command: Command, workflow: Path) -> None:
    wrong = ("run", workflow, "--set", "KSampler.steps=0")
    checked, ran = command(*wrong, "--check"), command(*wrong)
    assert (checked.code, checked.out, checked.err) == (2, "", ran.err)
    as_json = command(*wrong, "--check", "--json")
    assert as_json.code == 2
    (problem,) = json.loads(as_json.out)["problems"]
    assert (problem["kind"], problem["input"]) == ("value_smaller_than_min", "steps")


def test_files_of_two_families_are_refused_before_anything_is_run(
    command: Command, tmp_path: Path, tiny: Path, home: Path
) -> None:
    shutil.copyfile(tiny_file("sdxl"), tiny.with_name("xl.safetensors"))
    graph = text_to_image("tiny.safetensors", steps=1)
    other = graph.add("CheckpointLoaderSimple", ckpt_name="xl.safetensors")
    mixed = write_api(changed(graph, "VAEDecode", vae=Link(other, 2)))
    result = command("run", written(tmp_path / "mixed.json", mixed))
    assert result.code == 2
    assert "The VAE comes from xl.safetensors (SDXL); the latent comes from tiny.safetensors (SD 1.x)." in result.err
    assert "Link the VAE that belongs to tiny.safetensors." in result.err
