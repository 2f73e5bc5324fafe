"""`/prompt`: what is taken, and what is refused how."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.server.comfy.talking import finished, post
from tests.serving import Served, serving, workflow


def refused(served: Served, body: object, status: int = 400) -> dict[str, Any]:
    """The answer to a prompt that is not taken, in the shape that clients parse."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = served.http.post("/prompt", content=content)
    assert answer.status_code == status, answer.text
    told: dict[str, Any] = answer.json()
    assert set(told) == {"error", "node_errors"}
    assert set(told["error"]) == {"type", "message", "details", "extra_info"}
    for node in told["node_errors"].values():
        assert set(node) == {"errors", "dependent_outputs", "class_type"}
        assert all(set(error) == {"type", "message", "details", "extra_info"} for error in node["errors"])
    return told


def changed(node: str, **inputs: object) -> dict[str, Any]:
    """The usual workflow with other inputs."""
    nodes: dict[str, Any] = workflow()
    nodes[node]["inputs"] |= inputs
    return nodes


def test_a_job_is_made_under_the_id_that_the_client_gives(served: Served) -> None:
    given = str(uuid.uuid4())
    answer = served.http.post("/prompt", json={"prompt": workflow(), "prompt_id": given}).json()
    assert answer["prompt_id"] == given
    assert answer["node_errors"] == {}
    assert isinstance(answer["number"], int)
    again = refused(served, {"prompt": workflow(), "prompt_id": given})
    assert given in again["error"]["details"]


def test_without_an_id_one_is_drawn(served: Served) -> None:
    assert uuid.UUID(post(served)) != uuid.UUID(post(served))


def test_numbers_grow_and_the_front_is_before_all(served: Served) -> None:
    numbers = [
        served.http.post("/api/prompt", json={"prompt": workflow(), **more}).json()["number"]
        for more in ({}, {}, {"front": True}, {"number": -7.5})
    ]
    assert numbers[1] == numbers[0] + 1
    assert numbers[2] < numbers[0]
    assert numbers[3] == -7.5


def test_only_the_targets_are_run(served: Served) -> None:
    nodes = workflow() | {"8": {"class_type": "PreviewImage", "inputs": {"images": ["6", 0]}}}
    item = finished(served, post(served, nodes, partial_execution_targets=["8"]))["prompt"]
    assert item[4] == ["8"]


def test_what_is_sound_of_a_workflow_is_run(served: Served) -> None:
    nodes = workflow() | {"8": {"class_type": "SaveImage", "inputs": {"images": ["9", 0], "filename_prefix": "x"}}}
    answer = served.http.post("/prompt", json={"prompt": nodes})
    assert answer.status_code == 200
    assert [error["type"] for error in answer.json()["node_errors"]["8"]["errors"]] == ["bad_linked_input"]
    assert finished(served, answer.json()["prompt_id"])["prompt"][4] == ["7"]


def test_what_the_editor_sends_along_is_kept_with_the_job(served: Served) -> None:
    extra = {"extra_pnginfo": {"workflow": {"nodes": [1]}}}
    item = finished(served, post(served, extra_data=extra, client_id="me"))["prompt"]
    assert item[3]["extra_pnginfo"] == extra["extra_pnginfo"]
    assert item[3]["client_id"] == "me"


@pytest.mark.parametrize(
    ("nodes", "kind", "words"),
    [
        (changed("5", steps=0), "value_smaller_than_min", "Give a number from 1"),
        (changed("5", cfg=1e6), "value_bigger_than_max", "Give a number"),
        (changed("5", sampler_name="eulr"), "value_not_in_list", 'Did you mean "euler"?'),
        (changed("1", ckpt_name="none.safetensors"), "value_not_in_list", "none.safetensors"),
        (changed("5", steps="many"), "invalid_input_type", "many"),
        (changed("5", model=["6", 0]), "return_type_mismatch", "Link it to an output of type MODEL"),
        (changed("5", seed=None), "required_input_missing", "Give a value"),
    ],
)
def test_problems_of_nodes_say_what_is_wrong_and_how_to_mend_it(
    served: Served, nodes: object, kind: str, words: str
) -> None:
    told = refused(served, {"prompt": nodes})
    assert told["error"]["type"] == "prompt_outputs_failed_validation"
    found = [error for node in told["node_errors"].values() for error in node["errors"] if error["type"] == kind]
    assert found
    assert words in found[0]["details"]
    assert words in told["error"]["details"]
    assert found[0]["details"].startswith(found[0]["extra_info"]["input_name"])
    assert all(node["dependent_outputs"] == ["7"] for node in told["node_errors"].values())


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        (None, "no_prompt"),
        ({}, "prompt_no_outputs"),
        ([], "invalid_prompt"),
        ("x", "invalid_prompt"),
        ({"1": []}, "invalid_prompt"),
        ({"1": {"class_type": "NoSuchNode", "inputs": {}}}, "invalid_prompt"),
        ({"nodes": [], "links": []}, "invalid_prompt"),
        ({str(number): {"class_type": "X"} for number in range(20_001)}, "invalid_prompt"),
    ],
)
def test_what_is_no_workflow_is_refused_as_a_whole(served: Served, prompt: object, kind: str) -> None:
    told = refused(served, {"prompt": prompt})
    assert told["error"]["type"] == kind
    assert len(told["error"]["details"]) > len(told["error"]["message"])


def test_a_circle_names_its_nodes(served: Served) -> None:
    nodes = changed("6", samples=["8", 0])
    nodes["8"] = {
        "class_type": "LatentUpscale",
        "inputs": {"samples": ["9", 0], "upscale_method": "bilinear", "width": 64, "height": 64, "crop": "disabled"},
    }
    nodes["9"] = {**nodes["8"], "inputs": {**nodes["8"]["inputs"], "samples": ["8", 0]}}
    told = refused(served, {"prompt": nodes})
    assert "LatentUpscale (8) → LatentUpscale (9)" in told["error"]["details"]
    assert "Take out one of these links." in told["error"]["details"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no JSON",
        b"[]",
        b"3",
        b'{"prompt"',
        b"\xff\xfe",
        b"[" * 200_000,
        b'{"prompt":' * 50_000,
        b'{"prompt": {}, "number": NaN}',
        b'{"prompt": {}, "number": -Infinity}',
        b'{"prompt": {}, "number": 1e999}',
        b'{"prompt": {}, "number": ' + b"9" * 5000 + b"}",
        b'{"prompt": {"1": {"class_type": "\\ud800", "inputs": {}}}}',
        b'{"prompt": {"\\u0000": {"class_type": "\\u0000", "inputs": {}}}}',
    ],
)
def test_a_body_that_is_no_request_is_answered_with_400(served: Served, body: bytes) -> None:
    refused(served, body)


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt_id": "../x"},
        {"prompt_id": ""},
        {"prompt_id": "x" * 65},
        {"prompt_id": 7},
        {"number": "first"},
        {"number": True},
        {"number": 1e300},
        {"client_id": 7},
        {"client_id": "x" * 300},
        {"extra_data": [1]},
        {"extra_data": {"extra_pnginfo": "x"}},
        {"partial_execution_targets": "7"},
        {"partial_execution_targets": [7]},
    ],
)
def test_fields_of_the_wrong_kind_are_refused_in_words(served: Served, fields: dict[str, object]) -> None:
    told = refused(served, {"prompt": workflow(), **fields})
    assert next(iter(fields)).partition("_")[0] in told["error"]["details"]


def test_a_body_that_is_too_large_is_answered_with_413(tmp_path: Path) -> None:
    with serving(tmp_path, body_bytes=10_000) as served:
        answer = served.http.post("/prompt", content=b" " * 20_000)
        assert answer.status_code == 413


def test_a_full_queue_is_answered_with_429(tmp_path: Path) -> None:
    with serving(tmp_path, most_queued=1) as served:
        post(served, workflow("slow", steps=50))
        told = refused(served, {"prompt": workflow()}, 429)
        assert "at most 1" in told["error"]["details"]


def test_the_picture_holds_the_workflow(served: Served) -> None:
    shown = finished(served, post(served))["outputs"]["7"]["images"][0]
    with Image.open(served.settings.home / "output" / shown["filename"]) as picture:
        assert json.loads(str(picture.info["prompt"])) == workflow()
