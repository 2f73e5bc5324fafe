"""Workflows from files, as they are opened to be looked at; `tests/cli/test_opening.py` opens them to be run."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from safelight.errors import BadInput
from safelight.graph.layout import to_editor
from safelight.graph.opening import UNNAMED, FindCheckpoint, Opening
from tests.serving import workflow
from tests.studio import CATALOG

TEXT = "a cat\nNegative prompt: fog\nSteps: 2, Sampler: Euler, CFG scale: 5, Seed: 7, Size: 64x64"


def opening(checkpoint: FindCheckpoint = lambda name, digest: None, **how: Any) -> Opening:
    return Opening(lambda: CATALOG, lambda folder: (), checkpoint, **how)


def picture(path: Path, **texts: str) -> Path:
    chunks = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        chunks.add_text(key, text)
    Image.new("RGB", (8, 8)).save(path, pnginfo=chunks)
    return path


def test_a_picture_with_both_forms_is_opened_as_it_was_run_or_as_it_looked(tmp_path: Path) -> None:
    editor = to_editor(opening().document(workflow("looked")).workflow, CATALOG)
    path = picture(tmp_path / "a.png", prompt=json.dumps(workflow("run")), workflow=json.dumps(editor))
    run, looked = opening().file(path), opening(prefer_editor=True).file(path)
    assert (run.workflow["2"].inputs["text"], run.editor) == ("run", None)
    assert (looked.workflow["2"].inputs["text"], looked.editor) == ("looked", editor)


@pytest.mark.parametrize(
    ("quoted", "name"), [(", Model: mine", "mine.safetensors"), ("", UNNAMED), (", Model hash: 0123456789", UNNAMED)]
)
def test_a_checkpoint_that_is_not_there_is_named_and_the_rest_read(quoted: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(TEXT + quoted)
    opened = opening().file(path)
    assert opened.workflow["1"].inputs["ckpt_name"] == name
    assert opened.lacking is not None
    assert "not in the folder" in opened.lacking.what


def test_a_checkpoint_that_only_has_the_name_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(f"{TEXT}, Model: mine, Model hash: 0123456789")
    opened = opening(lambda name, digest: (f"{name}.ckpt", False)).file(path)
    assert (opened.workflow["1"].inputs["ckpt_name"], opened.lacking) == ("mine.ckpt", None)
    assert "0123456789" in opened.notes[0]


def test_circles_of_a_document_are_told_and_the_rest_is_read() -> None:
    reroutes = [
        {"id": number, "type": "Reroute", "inputs": [{"name": "", "type": "*", "link": number}]} for number in (1, 2)
    ]
    save = {"id": 3, "type": "SaveImage", "inputs": [{"name": "images", "type": "IMAGE", "link": 3}]}
    links = [[1, 2, 0, 1, 0, "*"], [2, 1, 0, 2, 0, "*"], [3, 1, 0, 3, 0, "*"]]
    opened = opening().document({"nodes": [*reroutes, save], "links": links})
    assert [problem.kind for problem in opened.problems] == ["dependency_cycle"]
    assert list(opened.workflow) == ["3"]


@pytest.mark.parametrize("document", [None, 3, [], {"1": 3}, {"1": {"class_type": "\ud800"}}])
def test_what_is_no_workflow_is_refused(document: object) -> None:
    with pytest.raises(BadInput):
        opening().document(document)
