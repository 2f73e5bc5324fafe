"""The image tower is CLIP's own, from whatever layout its file has."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor

from safelight.errors import BadInput
from safelight.files.folders import STARTER
from safelight.models.clip_vision import MEAN, STD, ClipVision, load_clip_vision, preprocess
from safelight.models.placement import Placement
from safelight.models.precision import Precision

SIDE = 32
PICTURE = torch.rand(2, SIDE, SIDE, 3, generator=torch.Generator().manual_seed(0))


def reference(width: int = 64, activation: str = "quick_gelu", heads: int = 1) -> Any:
    """The tower of transformers, with random weights."""
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection  # noqa: PLC0415 (slow to import)

    torch.manual_seed(0)
    return CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=width,
            num_hidden_layers=3,
            num_attention_heads=heads,
            intermediate_size=2 * width,
            patch_size=8,
            image_size=SIDE,
            hidden_act=activation,
            projection_dim=48,
        )
    ).eval()


def in_openclip_layout(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tower as OpenCLIP writes it."""
    outside = {
        "vision_model.embeddings.class_embedding": "class_embedding",
        "vision_model.embeddings.patch_embedding.weight": "conv1.weight",
        "vision_model.embeddings.position_embedding.weight": "positional_embedding",
        "visual_projection.weight": "proj",
    }
    inside = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "fc1": "c_fc", "fc2": "c_proj", "self_attn": "attn"}
    renamed: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if name in outside:
            renamed[outside[name]] = tensor.T.contiguous() if name.startswith("visual") else tensor
            continue
        local = name.removeprefix("vision_model.").replace("encoder.layers.", "transformer.resblocks.")
        for old, new in {"pre_layrnorm": "ln_pre", "post_layernorm": "ln_post", **inside}.items():
            local = local.replace(old, new)
        renamed[local] = tensor
    for query in [name for name in renamed if ".q_proj." in name]:
        thirds = [renamed.pop(query.replace("q_proj", f"{letter}_proj")) for letter in "qkv"]
        renamed[query.replace(".q_proj.", ".in_proj_")] = torch.cat(thirds)
    return {prefix + name: tensor for name, tensor in renamed.items()}


LAYOUTS: dict[str, Callable[[dict[str, Tensor]], dict[str, Tensor]]] = {
    "transformers": lambda tensors: tensors,
    "both towers": lambda tensors: (
        tensors
        | {
            "text_model.final_layer_norm.weight": torch.ones(4),
            "vision_model.embeddings.position_ids": torch.arange(17)[None],
        }
    ),
    "without a prefix": lambda tensors: {name.removeprefix("vision_model."): t for name, t in tensors.items()},
    "openclip": lambda tensors: in_openclip_layout(tensors, "visual."),
    "openclip in a checkpoint": lambda tensors: in_openclip_layout(tensors, "embedder.model.visual."),
}


def saved(path: Path, tensors: dict[str, Tensor]) -> Path:
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)
    return path


@pytest.fixture
def load(tmp_path: Path, placement: Placement, fp32: Precision) -> Any:
    def load(tensors: dict[str, Tensor]) -> ClipVision:
        return load_clip_vision(saved(tmp_path / "v.safetensors", tensors), placement, fp32)

    return load


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_tower_sees_what_that_of_transformers_sees(layout: str, load: Any) -> None:
    wanted = reference(activation="gelu" if layout.startswith("openclip") else "quick_gelu")
    seen = load(LAYOUTS[layout](wanted.state_dict())).encode(PICTURE)
    with torch.no_grad():
        expected = wanted(preprocess(PICTURE, SIDE, crop=True), output_hidden_states=True)
    torch.testing.assert_close(seen.image_embeds, expected.image_embeds)
    torch.testing.assert_close(seen.last_hidden_state, expected.last_hidden_state)
    torch.testing.assert_close(seen.penultimate, expected.hidden_states[-2])


def test_a_tower_without_a_projection_gives_its_own_vector(load: Any) -> None:
    wanted = reference()
    tensors = {name: t for name, t in wanted.state_dict().items() if name != "visual_projection.weight"}
    with torch.no_grad():
        expected = wanted.vision_model(preprocess(PICTURE, SIDE, crop=True)).pooler_output
    torch.testing.assert_close(load(tensors).encode(PICTURE).image_embeds, expected)


@pytest.mark.parametrize(
    ("width", "heads", "activation"), [(768, 12, "quick_gelu"), (1024, 16, "quick_gelu"), (1280, 16, "gelu")]
)
def test_heads_and_activation_of_the_known_towers_follow_from_the_width(
    width: int, heads: int, activation: str, load: Any
) -> None:
    shape = load(reference(width, activation, heads).state_dict()).shape
    assert (shape.heads, shape.activation, shape.layers, shape.image, shape.patch) == (heads, activation, 3, SIDE, 8)


@pytest.mark.parametrize("size", [(50, 80), (80, 50), (32, 47)])
@pytest.mark.parametrize("crop", [True, False])
def test_pictures_are_resized_as_pillow_does_it(size: tuple[int, int], crop: bool) -> None:
    height, width = size
    eight_bit = np.random.default_rng(0).integers(64, 192, (height, width, 3), dtype=np.uint8)
    factor = SIDE / min(size)
    resized = (round(width * factor), round(height * factor)) if crop else (SIDE, SIDE)
    left, top = ((side - SIDE) // 2 for side in resized)
    picture = Image.fromarray(eight_bit).resize(resized, Image.Resampling.BICUBIC)
    expected = np.asarray(picture.crop((left, top, left + SIDE, top + SIDE)), dtype=np.float32) / 255

    found = preprocess(torch.from_numpy(eight_bit)[None] / 255, SIDE, crop=crop)[0].movedim(0, -1).numpy()
    assert np.abs(found * np.array(STD) + np.array(MEAN) - expected).max() < 1.5 / 255


def test_transparency_is_not_looked_at() -> None:
    opaque = torch.cat([PICTURE, torch.ones_like(PICTURE[..., :1])], dim=-1)
    assert torch.equal(preprocess(opaque, SIDE, crop=True), preprocess(PICTURE, SIDE, crop=True))


@pytest.mark.weights
def test_the_starter_knows_two_pictures_of_one_thing_from_another(placement: Placement, fp32: Precision) -> None:
    clip = load_clip_vision(STARTER / "clip.safetensors", placement, fp32)
    disk = ((torch.arange(128) - 64)[:, None] ** 2 + (torch.arange(128) - 64) ** 2 < 40**2).float()[..., None]
    red, dark_red, blue = (torch.tensor(color) * disk + 1 - disk for color in ([1.0, 0, 0], [0.8, 0, 0], [0, 0, 1.0]))
    seen = torch.nn.functional.normalize(clip.encode(torch.stack([red, dark_red, blue])).image_embeds, dim=-1)
    assert seen[0] @ seen[1] > seen[0] @ seen[2]


def test_a_file_without_a_tower_is_named(load: Any) -> None:
    with pytest.raises(BadInput, match=r"v\.safetensors has no CLIP vision encoder"):
        load({"text_model.final_layer_norm.weight": torch.ones(4)})


def test_a_damaged_tower_is_named(load: Any) -> None:
    tensors = reference().state_dict()
    del tensors["vision_model.encoder.layers.1.layer_norm1.bias"]
    with pytest.raises(BadInput, match=r"lacks weights in its CLIP vision part: .*layers\.1\.layer_norm1\.bias"):
        load(tensors)
