"""The loader nodes: what they load, and what they say of files that they cannot."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from safelight.errors import BadInput
from safelight.graph.results import Blocked
from safelight.models.placement import Placement
from safelight.models.precision import precision
from safelight.models.store import ModelStore
from safelight.nodes.registry import BUILTIN
from tests.nodes.running import RecordedRun
from tests.tiny import CLIP_G, CLIP_H, CLIP_L, tiny_checkpoint, tiny_text, tiny_unet, tiny_vae

CPU = torch.device("cpu")


@pytest.fixture
def loading(run: RecordedRun) -> RecordedRun:
    run.models = ModelStore(Placement(CPU), precision("fp32", CPU), 10**9)
    return run


def place(run: RecordedRun, folder: str, name: str) -> Path:
    return run.folders.directories[folder][0] / name


def load(node: str, run: RecordedRun, **inputs: str) -> Any:
    return BUILTIN[node](**inputs, run=run)


def test_a_checkpoint_gives_its_three_parts(loading: RecordedRun) -> None:
    tiny_checkpoint(place(loading, "checkpoints", "sub/m.safetensors"), "sdxl")
    model, clip, vae = load("CheckpointLoaderSimple", loading, ckpt_name="sub/m.safetensors")
    assert (model.family.name, clip.family.name, vae.latent_channels) == ("sdxl", "sdxl", 4)
    assert [tower.name for tower in clip.towers] == ["l", "g"]


def test_a_file_is_loaded_once_until_it_changes(loading: RecordedRun) -> None:
    path = tiny_vae(place(loading, "vae", "v.safetensors"))
    first = load("VAELoader", loading, vae_name="v.safetensors")
    assert load("VAELoader", loading, vae_name="v.safetensors") is first
    path.unlink()
    tiny_vae(path, seed=1)
    assert load("VAELoader", loading, vae_name="v.safetensors") is not first


@pytest.mark.parametrize(
    ("lacking", "output", "message"),
    [
        ({"text": False}, 1, "m.safetensors has no text encoder in it. Load one from another file with CLIPLoader"),
        ({"vae": False}, 2, "m.safetensors has no VAE in it. Load one from another file with VAELoader."),
    ],
)
def test_what_a_checkpoint_lacks_stops_only_what_would_use_it(
    lacking: dict[str, bool], output: int, message: str, loading: RecordedRun
) -> None:
    tiny_checkpoint(place(loading, "checkpoints", "m.safetensors"), "sd1", **lacking)  # type: ignore[arg-type]
    outputs = load("CheckpointLoaderSimple", loading, ckpt_name="m.safetensors")
    assert isinstance(outputs[output], Blocked)
    assert message in (outputs[output].message or "")
    assert [number for number, value in enumerate(outputs) if isinstance(value, Blocked)] == [output]


def test_a_denoiser_alone_is_loaded_in_the_settings_precision(loading: RecordedRun) -> None:
    tiny_unet(place(loading, "diffusion_models", "u.safetensors"), "sdxl-inpaint")
    inputs = {"unet_name": "u.safetensors", "weight_dtype": "default"}
    model = load("UNETLoader", loading, **inputs)
    assert (model.family.name, model.contents.variant, model.dtype) == ("sdxl", "inpaint", torch.float32)
    with pytest.raises(BadInput, match="fp8_e4m3fn are not supported yet"):
        load("UNETLoader", loading, **{**inputs, "weight_dtype": "fp8_e4m3fn"})


@pytest.mark.parametrize(
    ("shape", "prefix", "family"),
    [
        (CLIP_L, "text_model.", "sd1"),
        (CLIP_H, "clip_h.transformer.text_model.", "sd2"),
        (CLIP_G, "clip_g.transformer.text_model.", "refiner"),
    ],
)
def test_a_text_encoder_alone_is_told_by_its_own_sizes(
    shape: Any, prefix: str, family: str, loading: RecordedRun
) -> None:
    tiny_text(place(loading, "text_encoders", "t.safetensors"), shape, prefix=prefix)
    clip = load("CLIPLoader", loading, clip_name="t.safetensors", type="sd3", device="cpu")
    assert clip.family.name == family


def test_two_text_encoders_are_put_in_the_familys_order(loading: RecordedRun) -> None:
    tiny_text(place(loading, "text_encoders", "g.safetensors"), CLIP_G, prefix="clip_g.transformer.text_model.")
    tiny_text(place(loading, "text_encoders", "l.safetensors"), CLIP_L)
    clip = load("DualCLIPLoader", loading, clip_name1="g.safetensors", clip_name2="l.safetensors", type="sdxl")
    assert [tower.name for tower in clip.towers] == ["l", "g"]
    assert clip.family.name == "sdxl"


@pytest.mark.parametrize(
    ("node", "folder", "inputs"),
    [
        ("CheckpointLoaderSimple", "checkpoints", {"ckpt_name": "x.safetensors"}),
        ("UNETLoader", "diffusion_models", {"unet_name": "x.safetensors", "weight_dtype": "default"}),
        ("VAELoader", "vae", {"vae_name": "x.safetensors"}),
        ("CLIPLoader", "text_encoders", {"clip_name": "x.safetensors", "type": "sdxl"}),
    ],
)
def test_a_lora_is_sent_to_its_folder_by_every_loader(
    node: str, folder: str, inputs: dict[str, str], loading: RecordedRun
) -> None:
    save_file({"lora_unet_a.lora_up.weight": torch.zeros(1)}, place(loading, folder, "x.safetensors"))
    with pytest.raises(BadInput) as caught:
        load(node, loading, **inputs)
    assert "x.safetensors is a LoRA" in caught.value.what
    assert "loras/" in caught.value.mend


def test_a_vae_in_the_checkpoints_folder_is_sent_to_its_own(loading: RecordedRun) -> None:
    tiny_vae(place(loading, "checkpoints", "v.safetensors"))
    with pytest.raises(BadInput, match="is a VAE, not a checkpoint") as caught:
        load("CheckpointLoaderSimple", loading, ckpt_name="v.safetensors")
    assert "vae/" in caught.value.mend


@pytest.mark.parametrize("name", ["../m.safetensors", "/etc/passwd", "a\\..\\..\\m.safetensors"])
def test_a_name_that_leads_out_of_the_folder_is_refused(name: str, loading: RecordedRun) -> None:
    with pytest.raises(BadInput, match="not a name inside the folder"):
        load("CheckpointLoaderSimple", loading, ckpt_name=name)
