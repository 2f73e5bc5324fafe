"""Both towers say what CLIP of transformers says, from whatever layout their file has."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor

from safelight.clip.model import ClipModel
from safelight.errors import BadInput
from safelight.files.folders import STARTER
from safelight.models.clip_vision import preprocess
from safelight.prompts.bpe import END_TOKEN, START_TOKEN, token_ids
from tests.clip.conftest import DIMS, SIDE, Load, reference
from tests.models.test_clip_vision import in_openclip_layout

PICTURES = torch.rand(3, SIDE, 40, 3, generator=torch.Generator().manual_seed(0))
TEXTS = ("a cat", "", "two red cars on a blue background", "ÄÖÜ! 12 ½")

# width and heads of the image tower, and of the text tower: as published for the first; elsewhere the text tower is
# small, as its tables of tokens take long to fill, and its heads are always 64 wide
PUBLISHED = {
    "ViT-B/32": ((768, 12), (512, 8)),
    "ViT-L/14": ((1024, 16), (128, 2)),
    "ViT-H/14": ((1280, 16), (128, 2)),
    "ViT-g/14": ((1408, 16), (128, 2)),
    "ViT-bigG/14": ((1664, 16), (128, 2)),
}


def openclip(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """A whole model as OpenCLIP writes it."""
    vision = {name: tensor for name, tensor in tensors.items() if name.startswith(("vision_model", "visual"))}
    renamed = in_openclip_layout(vision, "visual.")
    text = {
        name.removeprefix("text_model."): tensor
        for name, tensor in tensors.items()
        if name.startswith("text_model.") and not name.endswith("position_ids")
    }
    outside = {
        "embeddings.token_embedding.weight": "token_embedding.weight",
        "embeddings.position_embedding.weight": "positional_embedding",
        "final_layer_norm.weight": "ln_final.weight",
        "final_layer_norm.bias": "ln_final.bias",
    }
    inside = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "fc1": "c_fc", "fc2": "c_proj", "self_attn": "attn"}
    for name, tensor in text.items():
        local = outside.get(name, name.replace("encoder.layers.", "transformer.resblocks."))
        for old, new in inside.items():
            local = local.replace(old, new)
        renamed[local] = tensor
    for query in [name for name in renamed if ".q_proj." in name]:
        thirds = [renamed.pop(query.replace("q_proj", f"{letter}_proj")) for letter in "qkv"]
        renamed[query.replace(".q_proj.", ".in_proj_")] = torch.cat(thirds)
    return renamed | {"text_projection": tensors["text_projection.weight"].T, "logit_scale": tensors["logit_scale"]}


def expected(model: Any, pictures: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """The unit vectors of pictures and of `TEXTS` by transformers."""
    rows = [[START_TOKEN, *token_ids(text), END_TOKEN] for text in TEXTS]
    ids = torch.tensor([row + [END_TOKEN] * (77 - len(row)) for row in rows])
    with torch.no_grad():
        seen = model(input_ids=ids, pixel_values=preprocess(pictures, side, crop=True))
    return seen.image_embeds, seen.text_embeds


@pytest.mark.weights
def test_the_starter_says_what_transformers_says(starter: ClipModel) -> None:
    from transformers import CLIPConfig, CLIPModel  # noqa: PLC0415 (slow to import)

    sizes = {"num_hidden_layers": 6, "hidden_act": "quick_gelu", "projection_dim": 256}
    text = {"hidden_size": 128, "intermediate_size": 512, "num_attention_heads": 2}
    vision = {"hidden_size": 256, "intermediate_size": 1024, "num_attention_heads": 4}
    model = CLIPModel(
        CLIPConfig(
            text_config=sizes | text | {"bos_token_id": START_TOKEN, "eos_token_id": END_TOKEN},
            vision_config=sizes | vision | {"patch_size": 16, "image_size": 128},
            projection_dim=256,
        )
    ).eval()
    model.load_state_dict(load_file(STARTER / "clip.safetensors"), strict=False)
    pictures = torch.rand(2, 128, 128, 3, generator=torch.Generator().manual_seed(0))
    images, texts = expected(model, pictures, 128)
    torch.testing.assert_close(starter.images(pictures), images, atol=1e-5, rtol=0)
    torch.testing.assert_close(starter.texts(TEXTS), texts, atol=1e-5, rtol=0)
    assert starter.scale == pytest.approx(float(model.logit_scale.detach().exp()))


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        *(("ViT-B/32", layout) for layout in ("transformers", "openclip")),
        ("ViT-L/14", "transformers"),
        *((name, "openclip") for name in ("ViT-H/14", "ViT-g/14", "ViT-bigG/14")),
    ],
)
def test_published_sizes_say_what_transformers_says(name: str, layout: str, load: Load) -> None:
    vision, text = PUBLISHED[name]
    is_openai = layout == "transformers" and vision[0] <= 1024
    wanted = reference(vision, text, activation="quick_gelu" if is_openai else "gelu")
    tensors = wanted.state_dict()
    found = load(openclip(tensors) if layout == "openclip" else tensors)
    images, texts = expected(wanted, PICTURES, SIDE)
    torch.testing.assert_close(found.images(PICTURES), images, atol=1e-5, rtol=0)
    torch.testing.assert_close(found.texts(TEXTS), texts, atol=1e-5, rtol=0)
    assert (found.dims, found.vision.shape.heads, found.text_shape.heads) == (DIMS, vision[1], text[1])


def test_openais_own_files_have_its_activation(load: Load) -> None:
    wanted = reference()
    found = load(openclip(wanted.state_dict()) | {"input_resolution": torch.tensor(SIDE)})
    images, texts = expected(wanted, PICTURES, SIDE)
    torch.testing.assert_close(found.images(PICTURES), images, atol=1e-5, rtol=0)
    torch.testing.assert_close(found.texts(TEXTS), texts, atol=1e-5, rtol=0)


def test_vectors_are_of_length_one_and_do_not_hang_on_the_batch(load: Load) -> None:
    clip = load(reference().state_dict())
    many = torch.rand(40, SIDE, SIDE, 3, generator=torch.Generator().manual_seed(1))
    vectors = clip.images(many)
    torch.testing.assert_close(vectors.norm(dim=-1), torch.ones(40))
    torch.testing.assert_close(vectors[35:36], clip.images(many[35:36]))
    words = [f"number {index}" for index in range(40)]
    torch.testing.assert_close(clip.texts(words)[39:], clip.texts(words[39:]))
    assert clip.texts([]).shape == (0, DIMS)


def test_gradients_flow_back_to_the_pictures(load: Load) -> None:
    clip = load(reference().state_dict())
    pictures = (PICTURES[:1] * 255).round() / 255
    pictures = pictures[:, :, 4:-4].clone().requires_grad_()
    seen = clip.vision.follow(pictures)
    torch.testing.assert_close(F.normalize(seen.detach(), dim=-1), clip.images(pictures.detach()))
    (slope,) = torch.autograd.grad(seen.sum(), pictures)
    assert slope.abs().max() > 0


def test_a_long_text_is_cut_and_the_person_is_told(load: Load) -> None:
    clip = load(reference().state_dict())
    whole, longer = "cat " * 75, "cat " * 75 + "dog"
    assert clip.cut([whole, "a cat"]) == ()
    (told,) = clip.cut([whole, longer])
    assert "has 76 tokens, and CLIP reads 75" in told
    assert torch.equal(clip.texts([longer]), clip.texts([whole]))


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (("vision_model", "visual"), r"has one half of a CLIP model only; the half that reads texts is missing"),
        (("text_",), r"has one half of a CLIP model only; the half that looks at pictures is missing"),
        (("logit_scale",), r"has no CLIP model in it"),
    ],
)
def test_half_a_model_is_refused_by_the_half_that_is_missing(kept: tuple[str, ...], said: str, load: Load) -> None:
    tensors = {name: tensor for name, tensor in reference().state_dict().items() if name.startswith(kept)}
    with pytest.raises(BadInput, match=said):
        load(tensors)


def test_halves_that_do_not_fit_are_refused(load: Load) -> None:
    tensors = {name: tensor for name, tensor in reference().state_dict().items() if name != "text_projection.weight"}
    with pytest.raises(BadInput, match="has 48 numbers, the one for texts no projection"):
        load(tensors)
