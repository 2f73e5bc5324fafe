"""What a session makes of pictures, masks and prompts; tiny random checkpoints."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file, save_file

from safelight.graph.document import Link, NodeCall
from safelight.protocol.events import (
    Output,
)
from tests.studio import Ran, Studio, changed, node_of, saving, text_to_image


@pytest.fixture
def studio(home: Path) -> Studio:
    return Studio(home)


def latent_of(ran: Ran) -> torch.Tensor:
    (path,) = ran.saved
    return load_file(path)["latent_tensor"]


def put_picture(studio: Studio, name: str, pixels: NDArray[np.uint8]) -> str:
    Image.fromarray(pixels).save(studio.path("input", name))
    return name


@pytest.fixture
def picture(studio: Studio) -> str:
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    return put_picture(studio, "picture.png", pixels)


def test_denoising_by_0_gives_the_picture_back_as_the_vae_sees_it(studio: Studio, picture: str) -> None:
    graph = text_to_image(studio.checkpoint("sd1"), init_image=picture, denoise=0.0)
    encoded = node_of(graph, "VAEEncode")
    expected = studio.run(changed(graph, "VAEDecode", samples=Link(encoded))).pixels
    assert np.abs(studio.run(graph).pixels.astype(int) - expected).max() <= 1


def test_a_picture_to_start_from_is_scaled_and_cropped_to_the_size(studio: Studio) -> None:
    wide = put_picture(studio, "wide.png", np.zeros((50, 333, 3), np.uint8))
    graph = text_to_image(studio.checkpoint("sd1"), init_image=wide, denoise=0.5, width=96, height=48)
    assert studio.run(graph).pixels.shape == (1, 48, 96, 3)


@pytest.mark.parametrize("kind", ["sd1", "sd1-inpaint"])
def test_inpainting_keeps_the_latent_where_the_mask_is_black(kind: Any, studio: Studio, picture: str) -> None:
    half = np.zeros((64, 64), np.uint8)
    half[:, 32:] = 255
    mask = put_picture(studio, "mask.png", half)
    graph = text_to_image(studio.checkpoint(kind), init_image=picture, mask=mask)
    before = latent_of(studio.run(saving(graph, "VAEEncode")))
    after = latent_of(studio.run(saving(graph, "KSampler")))
    torch.testing.assert_close(after[..., :3], before[..., :3], rtol=1e-3, atol=1e-3)
    assert (after[..., 5:] - before[..., 5:]).abs().mean() > 0.5
    assert studio.run(graph).pixels.shape == (1, 64, 64, 3)


def test_an_inpainting_model_sees_the_picture_that_its_conditioning_holds(studio: Studio, picture: str) -> None:
    graph = text_to_image(studio.checkpoint("sd1-inpaint"))
    plain = studio.run(graph).pixels
    sampler = graph[node_of(graph, "KSampler")].inputs
    graph["picture"] = NodeCall("LoadImage", {"image": picture})
    graph["mask"] = NodeCall("SolidMask", {"value": 1.0, "width": 64, "height": 64})
    graph["shown"] = NodeCall(
        "InpaintModelConditioning",
        {
            "positive": sampler["positive"],
            "negative": sampler["negative"],
            "vae": Link("1", 2),
            "pixels": Link("picture"),
            "mask": Link("mask"),
            "noise_mask": True,
        },
    )
    given = changed(graph, "KSampler", positive=Link("shown"), negative=Link("shown", 1), latent_image=Link("shown", 2))
    assert np.abs(studio.run(given).pixels.astype(int) - plain).mean() > 1


def test_clip_skip_changes_the_picture(studio: Studio) -> None:
    name = studio.checkpoint("sd1")
    usual = studio.run(text_to_image(name)).pixels
    assert (studio.run(text_to_image(name, clip_skip=1)).pixels == usual).all()
    assert np.abs(studio.run(text_to_image(name, clip_skip=2)).pixels.astype(int) - usual).mean() > 0.5


def test_an_embedding_in_the_prompt_changes_the_picture(studio: Studio) -> None:
    name = studio.checkpoint("sd1")
    bare = studio.run(text_to_image(name, prompt="a cat")).pixels.astype(int)
    vectors = 3 * torch.randn(2, 64, generator=torch.Generator().manual_seed(0))
    save_file({"emb_params": vectors}, studio.path("embeddings", "style.safetensors"))
    styled = studio.run(text_to_image(name, prompt="a cat embedding:style"))
    assert np.abs(styled.pixels - bare).mean() > 0.5
    assert not [event for event in styled.told(Output) if event.kind == "warning"]


def test_a_prompt_that_changes_over_the_steps_is_neither_of_its_texts(studio: Studio) -> None:
    name = studio.checkpoint("sd1")

    def of(prompt: str) -> NDArray[np.int_]:
        return studio.run(text_to_image(name, prompt=prompt, syntax="a1111", steps=4)).pixels.astype(int)

    cat, dog = of("a cat"), of("a dog")
    for both in ("a [cat:dog:0.5]", "a [cat|dog]", "a cat AND a dog"):
        assert (of(both) != cat).any(), both
        assert (of(both) != dog).any(), both
    assert (of("[a cat|a cat]") == cat).all()


def test_sizes_that_sdxl_is_told_change_the_picture(studio: Studio) -> None:
    graph = text_to_image(studio.checkpoint("sdxl"))
    sizes = {"width": 64, "height": 64, "crop_w": 0, "crop_h": 0, "target_width": 64, "target_height": 64}
    texts = {"text_g": "a picture of a cat", "text_l": "a picture of a cat"}
    graph["told"] = NodeCall("CLIPTextEncodeSDXL", {"clip": Link("1", 1), **sizes, **texts})
    told = changed(graph, "KSampler", positive=Link("told"))
    as_is = studio.run(graph).pixels
    assert (studio.run(told).pixels == as_is).all()
    other = changed(told, "CLIPTextEncodeSDXL", width=4096, crop_h=512)
    assert np.abs(studio.run(other).pixels.astype(int) - as_is).mean() > 0.5


def test_another_seed_or_another_prompt_makes_another_picture(studio: Studio) -> None:
    name = studio.checkpoint("sd1")
    first = studio.run(text_to_image(name)).pixels.astype(int)
    for change in ({"seed": 8}, {"prompt": "a dog"}, {"negative": "a dog"}, {"cfg": 1.0}):
        other = studio.run(text_to_image(name, **change)).pixels.astype(int)
        assert np.abs(first - other).mean() > 0.5, change


def test_a_batch_is_saved_one_by_one_and_its_first_is_the_single_picture(studio: Studio) -> None:
    name = studio.checkpoint("sd1")
    single = studio.run(text_to_image(name))
    batch = studio.run(text_to_image(name, batch=3))
    assert [path.name for path in batch.saved] == [f"safelight_0000{number}_.png" for number in (2, 3, 4)]
    assert np.abs(batch.pixels[0].astype(int) - single.pixels[0]).max() <= 1
    assert np.abs(batch.pixels[1].astype(int) - batch.pixels[0]).mean() > 5


def test_a_picture_of_nan_is_saved_as_black_with_a_warning(studio: Studio) -> None:
    name = studio.checkpoint("sd1")
    path = studio.path("checkpoints", name)
    weights = load_file(path)
    weights["model.diffusion_model.out.2.bias"] *= float("nan")
    save_file(weights, path)
    ran = studio.run(text_to_image(name))
    assert not ran.pixels.any()
    assert "not numbers" in next(event.text for event in ran.told(Output) if event.kind == "warning")
