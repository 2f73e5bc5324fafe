"""The files a workflow can be opened from, whoever made them."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from safelight.cli.opening import ToRun, open_workflow
from safelight.cli.working import library_of
from safelight.errors import BadInput
from safelight.files.folders import Folders
from safelight.files.picture_files import read_text
from safelight.graph.catalog import Catalog
from safelight.graph.document import Link, NodeCall
from safelight.settings import read_settings
from tests.cli.conftest import Command
from tests.studio import pixels_of

API = {"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 255}}}
EDITOR: dict[str, Any] = {
    "nodes": [
        {"id": 4, "type": "EmptyImage", "widgets_values": [8, 8, 1, 255], "outputs": [{"type": "IMAGE"}]},
        {"id": 6, "type": "Reroute", "inputs": [{"name": "", "type": "*", "link": 1}], "outputs": [{"type": "IMAGE"}]},
        {
            "id": 5,
            "type": "SaveImage",
            "widgets_values": ["blue"],
            "inputs": [{"name": "images", "type": "IMAGE", "link": 2}],
        },
    ],
    "links": [[1, 4, 0, 6, 0, "IMAGE"], [2, 6, 0, 5, 0, "IMAGE"]],
    "version": 0.4,
}
TEXT = "a (red:1.2) cat\nNegative prompt: fog\nSteps: 2, Sampler: Euler, CFG scale: 5, Seed: 7, Size: 64x64, RNG: CPU"


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    made = Folders.at(tmp_path / "home")
    made.make()
    return made


def catalog() -> Catalog:
    return library_of(read_settings()).catalog


def opened(path: Path, folders: Folders, content: object) -> ToRun:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return open_workflow(path, folders, catalog)


def picture(path: Path, **texts: str) -> Path:
    chunks = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        chunks.add_text(key, text)
    Image.new("RGB", (8, 8)).save(path, pnginfo=chunks)
    return path


def test_both_formats_are_known_by_their_shape(tmp_path: Path, folders: Folders) -> None:
    assert list(opened(tmp_path / "a.json", folders, API).workflow) == ["1"]
    assert list(opened(tmp_path / "b.json", folders, EDITOR).workflow) == ["4", "5"]
    assert list(opened(tmp_path / "c.json", folders, "\ufeff" + json.dumps(API)).workflow) == ["1"]


def test_a_picture_gives_the_most_exact_form_it_holds(tmp_path: Path, folders: Folders) -> None:
    path = picture(tmp_path / "a.png", workflow=json.dumps(EDITOR), prompt=json.dumps(API))
    assert list(open_workflow(path, folders, catalog).workflow) == ["1"]
    path = picture(tmp_path / "b.png", workflow=json.dumps(EDITOR), prompt="a cat, as another program wrote it")
    assert list(open_workflow(path, folders, catalog).workflow) == ["4", "5"]


@pytest.mark.parametrize("ending", ["jpg", "webp"])
def test_jpeg_and_webp_hold_workflows_too(ending: str, tmp_path: Path, folders: Folders) -> None:
    exif = Image.Exif()
    exif[0x010F] = f"workflow:{json.dumps(EDITOR)}"
    Image.new("RGB", (8, 8)).save(tmp_path / f"a.{ending}", exif=exif)
    assert list(open_workflow(tmp_path / f"a.{ending}", folders, catalog).workflow) == ["4", "5"]


def test_a_parameters_text_is_opened_from_a_picture_and_from_a_file(tmp_path: Path, folders: Folders) -> None:
    (folders.directories["checkpoints"][0] / "mine.safetensors").write_bytes(b"weights")
    text = f"{TEXT}, Model hash: {sha256(b'weights').hexdigest()[:10]}, Model: another-name"
    from_text = opened(tmp_path / "a.txt", folders, text)
    assert from_text == open_workflow(picture(tmp_path / "a.png", parameters=text), folders, catalog)
    assert from_text.notes == ()
    assert from_text.workflow["1"] == NodeCall(
        "CheckpointLoaderSimple", {"ckpt_name": "mine.safetensors"}, "Checkpoint"
    )


def test_a_checkpoint_known_only_by_its_name_is_said_to_be_that(tmp_path: Path, folders: Folders) -> None:
    (folders.directories["checkpoints"][0] / "mine.safetensors").write_bytes(b"weights")
    result = opened(tmp_path / "a.txt", folders, f"{TEXT}, Model hash: 0123456789, Model: mine")
    assert "mine.safetensors has the name" in result.notes[0]
    with pytest.raises(BadInput, match=r"other \(hash 0123456789\), which is not in the folder"):
        opened(tmp_path / "a.txt", folders, f"{TEXT}, Model hash: 0123456789, Model: other")


def test_choices_in_the_prompts_of_an_editor_are_drawn_and_comments_left_out(tmp_path: Path, folders: Folders) -> None:
    encode = {
        "id": 1,
        "type": "CLIPTextEncode",
        "widgets_values": ["a {cat|dog} // not {a|b}\nhere /* nor\nthere */now"],
        "inputs": [{"name": "clip", "type": "CLIP", "link": None}],
    }
    result = opened(tmp_path / "a.json", folders, {"nodes": [encode], "links": []})
    text = result.workflow["1"].inputs["text"]
    assert text in ("a cat \nhere now", "a dog \nhere now")
    assert str(text) in result.notes[0]
    api = {"1": {"class_type": "CLIPTextEncode", "inputs": {"text": "{a|b} // c"}}}  # is sent after that was done
    assert opened(tmp_path / "b.json", folders, api).workflow["1"].inputs["text"] == "{a|b} // c"


@pytest.mark.parametrize("content", ["", "words", "null", "[1]", '{"1": 3}', '{"nodes": [3]}', "Steps: 3"])
def test_what_is_no_workflow_is_refused_with_the_files_name(content: str, tmp_path: Path, folders: Folders) -> None:
    with pytest.raises(BadInput, match=r"a\.json"):
        opened(tmp_path / "a.json", folders, content)


def test_a_picture_without_a_workflow_is_refused(tmp_path: Path, folders: Folders) -> None:
    with pytest.raises(BadInput, match="has no workflow in it"):
        open_workflow(picture(tmp_path / "a.png", parameters="a cat"), folders, catalog)


def test_an_editors_file_runs_and_its_inputs_can_be_changed(command: Command, home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(EDITOR))
    (path,) = command("run", tmp_path / "a.json", "--set", "4.width=16").paths
    assert path.name == "blue_00001_.png"
    assert pixels_of(path).shape == (8, 16, 3)
    kept = json.loads(read_text(path)["prompt"])
    assert kept["5"]["inputs"]["images"] == ["4", 0]


def test_all_missing_node_types_are_named_at_once(command: Command, home: Path, tmp_path: Path) -> None:
    nodes = [*EDITOR["nodes"], {"id": 7, "type": "FancyNode"}, {"id": 8, "type": "OtherNode"}]
    (tmp_path / "a.json").write_text(json.dumps(EDITOR | {"nodes": nodes}))
    result = command("run", tmp_path / "a.json")
    assert result.code == 2
    assert "FancyNode" in result.err
    assert "OtherNode" in result.err


def test_a_text_of_automatic1111_makes_a_picture(command: Command, tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"{TEXT}, Model: tiny")
    result = command("run", tmp_path / "a.txt")
    assert pixels_of(result.paths[0]).shape == (64, 64, 3)
    assert "a (red:1.2) cat" in read_text(result.paths[0])["parameters"]
    graph = json.loads(read_text(result.paths[0])["prompt"])
    assert {call["class_type"] for call in graph.values()} >= {"PromptEncode", "KSampler"}
    assert Link("1", 0) == tuple(next(c["inputs"]["model"] for c in graph.values() if c["class_type"] == "KSampler"))
