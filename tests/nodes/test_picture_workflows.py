"""Workflows in which pictures guide, through checking, planning and running."""

from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from safelight.graph.document import Link
from safelight.protocol.events import Done
from tests.models.image_prompts.test_ip_adapter import adapter_file, adapter_tensors
from tests.models.test_unclip import unclip_checkpoint
from tests.models.test_upscaler import esrgan
from tests.studio import SIDE, Graph, Studio, changed, node_of, text_to_image
from tests.tiny import KINDS

SIMPLE = {"weight": 1.0, "start_at": 0.0, "end_at": 1.0, "weight_type": "standard"}


@pytest.fixture
def studio(home: Path) -> Studio:
    studio = Studio(home)
    Image.effect_noise((48, 40), 80).convert("RGB").save(studio.path("input", "p.png"))
    return studio


def pixels(studio: Studio, workflow: Graph) -> torch.Tensor:
    ran = studio.run(workflow)
    assert isinstance(ran.end, Done), ran.end
    return torch.from_numpy(ran.pixels.copy())


def test_an_unclip_checkpoint_is_guided_by_a_picture(studio: Studio) -> None:
    unclip_checkpoint(studio.path("checkpoints", "u.safetensors"))
    plain = text_to_image("u.safetensors")
    guided = Graph(plain)
    loader = guided.add("unCLIPCheckpointLoader", ckpt_name="u.safetensors")
    picture = Link(guided.add("LoadImage", image="p.png"))
    seen = guided.add("CLIPVisionEncode", clip_vision=Link(loader, 3), image=picture, crop="center")
    words = plain[node_of(plain, "KSampler")].inputs["positive"]
    shown = guided.add(
        "unCLIPConditioning", conditioning=words, clip_vision_output=Link(seen), strength=1.0, noise_augmentation=0.0
    )
    guided = changed(guided, "KSampler", positive=Link(shown), model=Link(loader))
    assert not torch.equal(pixels(studio, plain), pixels(studio, guided))


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_the_upscaler_makes_a_picture_four_times_as_large(noise: float, studio: Studio) -> None:
    workflow = text_to_image(studio.checkpoint("sd2_x4-v"))
    sampler = workflow[node_of(workflow, "KSampler")].inputs
    prompts = {name: sampler[name] for name in ("positive", "negative")}
    picture = Link(workflow.add("LoadImage", image="p.png"))
    shown = workflow.add(
        "SD_4XUpscale_Conditioning", images=picture, scale_ratio=4.0, noise_augmentation=noise, **prompts
    )
    joined = {"positive": Link(shown), "negative": Link(shown, 1), "latent_image": Link(shown, 2)}
    made = pixels(studio, changed(workflow, "KSampler", **joined))
    assert made.shape == (1, 160, 192, 3)
    assert made.float().std() > 10


@pytest.mark.weights
def test_an_ip_adapter_shows_a_picture_to_a_checkpoint(studio: Studio) -> None:
    tensors = adapter_tensors(KINDS["sd1"].unet)
    tensors["image_proj"]["proj.weight"] = torch.randn(256, 256) / 16  # the starter's CLIP gives 256 numbers
    adapter_file(studio.path("ipadapter", "a.safetensors"), tensors)
    plain = text_to_image(studio.checkpoint("sd1"))
    shown = Graph(plain)
    unified = shown.add(
        "IPAdapterUnifiedLoader",
        model=Link(node_of(plain, "CheckpointLoaderSimple")),
        preset="STANDARD (medium strength)",
    )
    picture = Link(shown.add("LoadImage", image="p.png"))
    prompted = shown.add("IPAdapter", model=Link(unified), ipadapter=Link(unified, 1), image=picture, **SIMPLE)
    shown = changed(shown, "KSampler", model=Link(prompted))
    assert not torch.equal(pixels(studio, plain), pixels(studio, shown))


@pytest.mark.skipif(not find_spec("spandrel"), reason="the extra `upscale` is not installed")
def test_a_picture_is_enlarged_before_it_is_saved(studio: Studio) -> None:
    save_file(esrgan(), studio.path("upscale_models", "x4.safetensors"))
    workflow = text_to_image(studio.checkpoint("sd1"))
    larger = workflow.add(
        "ImageUpscaleWithModel",
        upscale_model=Link(workflow.add("UpscaleModelLoader", model_name="x4.safetensors")),
        image=Link(node_of(workflow, "VAEDecode")),
    )
    assert pixels(studio, changed(workflow, "SaveImage", images=Link(larger))).shape == (1, 4 * SIDE, 4 * SIDE, 3)
