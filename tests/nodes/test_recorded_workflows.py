"""Workflows without a model give what ComfyUI 0.3.64 gave (`oracle/workflows`).

Bounds: pictures within one step of 255 (rounding before it is cut to whole numbers); latents within 1e-5 of the
largest value, for nodes that do no more than a few additions.
"""

import json
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from safelight.diffusion.latent import Latent
from safelight.nodes.registry import BUILTIN
from tests.nodes.oracle_picture import write_oracle_picture
from tests.nodes.running import RecordedRun
from tests.shared import shared_file

RECORDED: dict[str, Any] = json.loads(shared_file("oracle/workflows/workflows.json").read_text())
ARRAYS = np.load(shared_file("oracle/workflows/workflow_outputs.npz"))
NEEDS_NO_SAMPLING = [
    name
    for name, record in RECORDED.items()
    if name != "vae_encode"
    and not {"KSampler", "SamplerCustomAdvanced"} & {n["class_type"] for n in record["prompt"].values()}
]


def outputs_of(prompt: dict[str, Any], node: str, run: RecordedRun) -> tuple[object, ...]:
    """What a node of a workflow gives; the VAE's answer is taken from the recordings."""
    class_type = prompt[node]["class_type"]
    if class_type == "CheckpointLoaderSimple":
        return (None, None, None)
    if class_type == "VAEEncode":
        return (Latent(torch.from_numpy(ARRAYS["vae_encode/4/latents/0"])),)
    inputs = {
        name: outputs_of(prompt, value[0], run)[value[1]] if isinstance(value, list) else value
        for name, value in prompt[node]["inputs"].items()
    }
    if BUILTIN[class_type].wants_run:
        inputs["run"] = run
    result = BUILTIN[class_type](**inputs)
    return tuple(result) if isinstance(result, tuple) else (result,)


def saved(run: RecordedRun) -> NDArray[np.uint8]:
    kind, path, _ = run.shown[-1]
    assert kind == "images"
    with Image.open(path) as picture:
        return np.asarray(picture)


@pytest.mark.parametrize("name", NEEDS_NO_SAMPLING)
def test_a_workflow_gives_the_recorded_picture_or_latent(name: str, run: RecordedRun) -> None:
    write_oracle_picture(run.folders.directories["input"][0] / "oracle_rgba.png")
    record = RECORDED[name]
    for output in record["outputs"]:
        wanted = ARRAYS[output["key"]]
        if "/images/" in output["key"]:
            outputs_of(record["prompt"], output["node"], run)
            got = saved(run)
            assert got.shape == wanted.shape
            assert np.abs(got.astype(int) - wanted.astype(int)).max() <= 1
        else:
            latent = outputs_of(record["prompt"], record["prompt"][output["node"]]["inputs"]["samples"][0], run)[0]
            assert isinstance(latent, Latent)
            assert_near(latent.samples, torch.from_numpy(wanted))


def assert_near(got: Tensor, wanted: Tensor) -> None:
    assert got.shape == wanted.shape
    torch.testing.assert_close(got, wanted, rtol=0, atol=1e-5 * wanted.abs().max().item())
