"""A public client library from PyPI, unchanged: https://pypi.org/project/comfy-api-simplified/."""

import io
from pathlib import Path

import pytest
from PIL import Image

from tests.serving import Served

library = pytest.importorskip("comfy_api_simplified", reason="needs comfy-api-simplified, which the dev extra brings")

NODES: dict[str, dict[str, object]] = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "example.png"}, "_meta": {"title": "Picture"}},
    "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}, "_meta": {"title": "Invert"}},
    "3": {
        "class_type": "SaveImage",
        "inputs": {"images": ["2", 0], "filename_prefix": "inverted"},
        "_meta": {"title": "Save"},
    },
}


def test_it_brings_a_picture_follows_a_workflow_and_fetches_what_was_made(served: Served, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8), "red").save(tmp_path / "red.png")
    api = library.ComfyApiWrapper(served.url)
    uploaded = api.upload_image(tmp_path / "red.png", subfolder="mine")
    assert uploaded == {"name": "red.png", "subfolder": "mine", "type": "input"}
    workflow = library.ComfyWorkflowWrapper(NODES)
    workflow.set_node_param("Picture", "image", f"{uploaded['subfolder']}/{uploaded['name']}")
    made = api.queue_and_wait_images(workflow, "Save")
    assert list(made) == ["inverted_00001_.png"]
    assert Image.open(io.BytesIO(made["inverted_00001_.png"])).size == (64, 48)


def test_it_reads_queue_nodes_and_system(served: Served) -> None:
    api = library.ComfyApiWrapper(served.url)
    assert api.get_queue() == {"queue_running": [], "queue_pending": []}
    assert set(api.get_object_info("KSampler")) == {"KSampler"}
    assert api.get_system_stats()["devices"]
    assert api.get_embeddings() == []
    api.interrupt()


def test_it_raises_its_own_error_where_a_workflow_is_refused(served: Served) -> None:
    with pytest.raises(library.exceptions.ComfyApiError):
        library.ComfyApiWrapper(served.url).queue_prompt({"1": {"class_type": "NoSuchNode", "inputs": {}}})
