"""How a picture was made, read from its file."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from safelight.client import Client
from safelight.files.folders import STARTER_CHECKPOINT
from tests.server.api.conftest import encoded
from tests.serving import Served, serving, workflow

ASSETS = "/api/v1/assets"
A1111 = (
    "a cat <lora:soft:0.8>\nNegative prompt: a dog\nSteps: 12, Sampler: Euler a, Schedule type: Karras, "
    "CFG scale: 6.5, Seed: 42, Size: 96x64, Model hash: 0123456789, Model: starter-128, Clip skip: 2, Version: v1.10.1"
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running server, whose engines have told what nodes there are."""
    with serving(tmp_path_factory.mktemp("home")) as running:
        yield running


def brought(served: Served, **texts: str) -> dict[str, Any]:
    """The recipe of an uploaded picture that holds some texts."""
    info = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        info.add_text(key, text)
    answer = served.http.post(ASSETS, files={"file": ("it.png", encoded(pnginfo=info))})
    assert answer.status_code == 201, answer.text
    return recipe(served, answer.json()["id"])


def recipe(served: Served, asset: str) -> dict[str, Any]:
    answer = served.http.get(f"{ASSETS}/{asset}/recipe")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_what_a_job_has_made_tells_its_settings_and_its_workflow(served: Served) -> None:
    sent = workflow("a cat", steps=3, seed=8)
    with Client(served.url) as client:
        (asset,) = client.wait(client.submit(sent)[0]).files
    found = recipe(served, asset.id)
    said: dict[str, object] = {
        "prompt": "a cat",
        "negative": "",
        "checkpoint": STARTER_CHECKPOINT,
        "vae": None,
        "steps": 3,
        "cfg": 5.0,
        "sampler": "euler",
        "scheduler": "normal",
        "seed": 8,
        "width": 128,
        "height": 128,
        "denoise": 1.0,
        "clip_skip": 1,
        "loras": [],
    }
    assert {name: found[name] for name in said} == said
    assert found["workflow"] == sent
    assert found["parameters"].startswith("a cat\nSteps: 3, Sampler: Euler")
    assert found["seconds"] > 0


def test_the_wish_of_a_picture_makes_it_again(served: Served) -> None:
    with Client(served.url) as client:
        (asset,) = client.wait(client.submit(workflow("a cat", seed=9))[0]).files
    wish = recipe(served, asset.id)["wish"]
    (job,) = served.http.post("/api/v1/images", json=wish).raise_for_status().json()["jobs"]
    details = served.http.get(f"/api/v1/jobs/{job['id']}").json()["workflow"]
    (sampler,) = (call["inputs"] for call in details.values() if call["class_type"] == "KSampler")
    meant = workflow("a cat", seed=9)["5"]
    assert isinstance(meant, dict)
    same = ("seed", "steps", "cfg", "sampler_name", "scheduler", "denoise")
    assert {name: sampler[name] for name in same} == {name: meant["inputs"][name] for name in same}


def test_the_record_of_a_worker_names_files_programs_and_the_prompt_as_it_was_typed(served: Served) -> None:
    record = {
        "safelight": "1.0",
        "torch": "2.13",
        "device": "cpu",
        "noise": "as always",
        "dtype": {"unet": "float32"},
        "written": {"prompt": "a {cat|dog}", "negative": ""},
        "files": [{"folder": "checkpoints", "name": STARTER_CHECKPOINT, "sha256": "ab" * 32}, "odd", {"folder": "x"}],
    }
    found = brought(
        served, prompt=json.dumps(workflow("a dog")), safelight=json.dumps(record), workflow='{"nodes": []}'
    )
    assert found["models"] == [{"folder": "checkpoints", "name": STARTER_CHECKPOINT, "sha256": "ab" * 32}]
    assert found["software"] == {"safelight": "1.0", "torch": "2.13"}
    assert (found["device"], found["prompt"], found["wish"]["prompt"]) == ("cpu", "a dog", "a {cat|dog}")
    assert (found["editor"], found["seconds"]) == ({"nodes": []}, None)


def test_a_picture_of_comfyui_is_read_by_what_its_nodes_do(served: Served) -> None:
    graph = json.loads(json.dumps(workflow("a cat")))
    graph["9"] = {"class_type": "LoraLoader", "inputs": {"lora_name": "soft.safetensors", "strength_model": 0.8}}
    graph["9"]["inputs"] |= {"strength_clip": 0.5, "model": ["1", 0], "clip": ["1", 1]}
    graph["5"]["inputs"]["model"] = ["9", 0]
    graph["6"]["inputs"]["vae"] = ["10", 0]
    graph["10"] = {"class_type": "VAELoader", "inputs": {"vae_name": "v.safetensors"}}
    found = brought(served, prompt=json.dumps(graph))
    assert (found["loras"], found["vae"]) == ([{"name": "soft.safetensors", "strength": 0.8}], "v.safetensors")
    assert (found["software"], found["wish"]["loras"]) == ({"ComfyUI": ""}, found["loras"])


def test_a_picture_of_automatic1111_is_read_by_its_text(served: Served) -> None:
    found = brought(served, parameters=A1111)
    assert (found["prompt"], found["negative"], found["seed"]) == ("a cat", "a dog", 42)
    assert (found["sampler"], found["scheduler"], found["clip_skip"]) == ("euler_ancestral", "karras", 2)
    assert (found["width"], found["height"], found["checkpoint"]) == (96, 64, STARTER_CHECKPOINT)
    assert found["loras"] == [{"name": "soft.safetensors", "strength": 0.8}]
    assert found["models"] == [{"folder": "checkpoints", "name": "starter-128", "sha256": "0123456789"}]
    assert (found["parameters"], found["software"]) == (A1111, {"AUTOMATIC1111": "v1.10.1"})
    assert (found["wish"]["syntax"], found["editor"]) == ("a1111", None)
    assert found["workflow"]["1"]["inputs"]["ckpt_name"] == STARTER_CHECKPOINT


def test_a_picture_that_says_nothing_has_an_empty_recipe(served: Served) -> None:
    found = brought(served)
    assert not any(found.values())


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{}",
        "null",
        "{",
        '{"1": 1}',
        '{"1": {"class_type": "KSampler"}}',
        "[" * 100_000,
        '{"nodes": 1, "links": 2}',
    ],
)
@pytest.mark.parametrize("key", ["prompt", "workflow", "safelight", "parameters"])
def test_what_is_no_recipe_harms_nobody(key: str, text: str, served: Served) -> None:
    assert brought(served, **{key: text})["prompt"] == ""


@pytest.mark.parametrize("text", ['{"1": NaN}', '{"1": 1e999}', '{"1": "\\ud800"}'])
def test_what_no_browser_could_read_is_refused_in_words(text: str, served: Served) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("prompt", text)
    asset = served.http.post(ASSETS, files={"file": ("it.png", encoded(pnginfo=info))}).json()["id"]
    answer = served.http.get(f"{ASSETS}/{asset}/recipe")
    assert (answer.status_code, "cannot be read" in answer.text) == (400, True)


def test_a_picture_of_another_kind_is_read_as_well(served: Served) -> None:
    tags = Image.Exif()
    tags[0x0110] = f"prompt:{json.dumps(workflow('a cat'))}"
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "WEBP", exif=tags)
    asset = served.http.post(ASSETS, files={"file": ("it.webp", file.getvalue())}).json()["id"]
    assert recipe(served, asset)["prompt"] == "a cat"
    assert served.http.get(f"{ASSETS}/nothing/recipe").status_code == 404
