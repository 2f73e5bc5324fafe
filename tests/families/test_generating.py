"""Every supported kind of checkpoint makes pictures through the engine, however its file is written."""

from pathlib import Path

import numpy as np
import pytest
import torch

from safelight.graph.document import Link, NodeCall
from safelight.protocol.events import Failed
from tests.studio import Graph, Studio, changed, node_of, text_to_image
from tests.tiny import CLIP_G, CLIP_L, KINDS, Kind, tiny_text, tiny_unet, tiny_vae

DTYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


@pytest.fixture
def studio(home: Path) -> Studio:
    return Studio(home)


def with_parts(graph: Graph, vae: str | None = None, clips: tuple[str, ...] = (), unet: str | None = None) -> Graph:
    """The workflow with parts of the checkpoint taken from files of their own."""
    others: dict[int, Link] = {}
    if unet is not None:
        graph["unet"] = NodeCall("UNETLoader", {"unet_name": unet, "weight_dtype": "default"})
        others[0] = Link("unet")
    if clips:
        graph["clip"] = (
            NodeCall("CLIPLoader", {"clip_name": clips[0], "type": "stable_diffusion"})
            if len(clips) == 1
            else NodeCall("DualCLIPLoader", {"clip_name1": clips[0], "clip_name2": clips[1], "type": "sdxl"})
        )
        others[1] = Link("clip")
    if vae is not None:
        graph["vae"] = NodeCall("VAELoader", {"vae_name": vae})
        others[2] = Link("vae")
    loader = node_of(graph, "CheckpointLoaderSimple")
    for number, call in graph.items():
        inputs = {
            name: others.get(value.output, value) if isinstance(value, Link) and value.node == loader else value
            for name, value in call.inputs.items()
        }
        graph[number] = call._replace(inputs=inputs)
    if len(others) == 3:
        del graph[loader]
    return graph


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "x4" not in kind])  # which needs a picture
def test_every_kind_makes_a_picture(kind: Kind, studio: Studio) -> None:
    ran = studio.run(text_to_image(studio.checkpoint(kind)))
    assert ran.pixels.shape == (1, 64, 64, 3)
    assert ran.pixels.std() > 10
    assert not [event for event in ran.events if getattr(event, "kind", "") == "warning"]  # would tell of NaN


@pytest.mark.parametrize("stored", DTYPES)
@pytest.mark.parametrize("kind", ["sd1", "sdxl"])
def test_every_dtype_of_a_file_makes_about_the_same_picture(kind: Kind, stored: str, studio: Studio) -> None:
    whole = studio.run(text_to_image(studio.checkpoint(kind))).pixels.astype(int)
    found = studio.run(text_to_image(studio.checkpoint(kind, dtype=DTYPES[stored]))).pixels.astype(int)
    # rounding of the weights: 2^-11 and 2^-8 of their size, through some thirty layers
    assert np.abs(found - whole).mean() <= {"fp32": 0, "fp16": 0.5, "bf16": 4}[stored]


@pytest.mark.parametrize("dtype", ["fp16", "bf16"])
@pytest.mark.parametrize("kind", ["sd1", "sd2-v", "sdxl"])
def test_every_dtype_that_is_run_in_makes_about_the_same_picture(kind: Kind, dtype: str, home: Path) -> None:
    whole, half = Studio(home), Studio(home, dtype=dtype)
    name = whole.checkpoint(kind)
    expected = whole.run(text_to_image(name)).pixels.astype(int)
    found = half.run(text_to_image(name)).pixels.astype(int)
    assert np.abs(found - expected).mean() <= {"fp16": 1, "bf16": 6}[dtype]


@pytest.mark.parametrize("written", [{"ema": True}, {"ending": ".ckpt"}, {"ending": ".pt", "ema": True}], ids=str)
def test_averaged_weights_and_pickles_change_nothing(written: dict[str, object], studio: Studio) -> None:
    expected = studio.run(text_to_image(studio.checkpoint("sd1"))).pixels
    assert (studio.run(text_to_image(studio.checkpoint("sd1", **written))).pixels == expected).all()


def test_parts_in_files_of_their_own_make_the_checkpoints_picture(studio: Studio) -> None:
    whole = text_to_image(studio.checkpoint("sd1"))
    expected = studio.run(whole).pixels
    tiny_unet(studio.path("diffusion_models", "unet.safetensors"), "sd1")
    tiny_vae(studio.path("vae", "vae.safetensors"))
    bare = text_to_image(studio.checkpoint("sd1", vae=False))
    assert (studio.run(with_parts(bare, vae="vae.safetensors")).pixels == expected).all()
    apart = with_parts(bare, vae="vae.safetensors", unet="unet.safetensors")
    assert (studio.run(apart).pixels == expected).all()


@pytest.mark.parametrize("kind", ["sd1", "sd2", "sdxl-inpaint", "refiner"])
def test_the_layout_of_diffusers_makes_pictures(kind: Kind, studio: Studio) -> None:
    tiny_unet(studio.path("diffusion_models", "unet.safetensors"), kind, layout="diffusers")
    tiny_vae(studio.path("vae", "vae.safetensors"), layout="diffusers")
    graph = with_parts(text_to_image(studio.checkpoint(kind)), vae="vae.safetensors", unet="unet.safetensors")
    assert studio.run(graph).pixels.std() > 10


def test_the_two_text_encoders_of_sdxl_come_in_two_files(studio: Studio) -> None:
    tiny_text(studio.path("text_encoders", "l.safetensors"), CLIP_L)
    tiny_text(studio.path("text_encoders", "g.safetensors"), CLIP_G, prefix="clip_g.transformer.text_model.")
    graph = text_to_image(studio.checkpoint("sdxl", text=False))
    first = studio.run(with_parts(graph, clips=("l.safetensors", "g.safetensors"))).pixels
    other_way = changed(graph, "DualCLIPLoader", clip_name1="g.safetensors", clip_name2="l.safetensors")
    assert (studio.run(other_way).pixels == first).all()


@pytest.mark.parametrize(("lacking", "what"), [({"vae": False}, "VAE"), ({"text": False}, "text encoder")])
def test_a_part_that_is_missing_is_named_with_its_loader(lacking: dict[str, bool], what: str, studio: Studio) -> None:
    ran = studio.run(text_to_image(studio.checkpoint("sd1", **lacking)))
    assert isinstance(ran.end, Failed)
    assert f"has no {what} in it" in ran.end.what
    assert "Loader" in ran.end.what
    assert not studio.leftovers()


def test_the_text_encoder_of_another_family_is_refused_in_words(studio: Studio) -> None:
    tiny_text(studio.path("text_encoders", "l.safetensors"), CLIP_L)
    ran = studio.run(with_parts(text_to_image(studio.checkpoint("sdxl")), clips=("l.safetensors",)))
    assert isinstance(ran.end, Failed)
    assert ran.end.what == "The prompt was encoded in 64 numbers per token, and this SDXL model takes 192."
    assert "for SDXL" in ran.end.mend
