"""Style models: their equation, and words that are heeded more or less."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

from safelight.errors import BadInput
from safelight.models.image_prompts.style_model import StyleModel, emphasis, load_style_model
from safelight.models.patches import Asked, Site
from safelight.models.placement import Placement
from safelight.models.precision import Precision

WIDTH, TOKENS, CONTEXT, LAYERS = 32, 3, 64, 2
SITE = Site(Asked(torch.tensor(1.0), ("positive",), (4, 4)), "down", 1, 0, (4, 4))


def style_tensors() -> dict[str, Tensor]:
    """A tiny style model with the names of T2I-Adapter's file."""
    shapes: dict[str, tuple[int, ...]] = {"style_embedding": (1, TOKENS, WIDTH), "proj": (WIDTH, CONTEXT)}
    norms = ["ln_pre", "ln_post"]
    for layer in range(LAYERS):
        block = f"transformer_layes.{layer}"
        norms += [f"{block}.ln_1", f"{block}.ln_2"]
        shapes |= {
            f"{block}.attn.in_proj_weight": (3 * WIDTH, WIDTH),
            f"{block}.attn.in_proj_bias": (3 * WIDTH,),
            f"{block}.attn.out_proj.weight": (WIDTH, WIDTH),
            f"{block}.attn.out_proj.bias": (WIDTH,),
            f"{block}.mlp.c_fc.weight": (4 * WIDTH, WIDTH),
            f"{block}.mlp.c_fc.bias": (4 * WIDTH,),
            f"{block}.mlp.c_proj.weight": (WIDTH, 4 * WIDTH),
            f"{block}.mlp.c_proj.bias": (WIDTH,),
        }
    shapes |= {f"{norm}.{leaf}": (WIDTH,) for norm in norms for leaf in ("weight", "bias")}
    generator = torch.Generator().manual_seed(0)
    return {name: torch.randn(shape, generator=generator) / shape[-1] ** 0.5 for name, shape in shapes.items()}


def expected_tokens(tensors: dict[str, Tensor], patches: Tensor) -> Tensor:
    """The adapter's equation, written out."""

    def norm(name: str, x: Tensor) -> Tensor:
        return F.layer_norm(x, (WIDTH,), tensors[f"{name}.weight"], tensors[f"{name}.bias"])

    def linear(name: str, x: Tensor) -> Tensor:
        return F.linear(x, tensors[f"{name}.weight"], tensors[f"{name}.bias"])

    x = norm("ln_pre", torch.cat([patches, tensors["style_embedding"].repeat(len(patches), 1, 1)], 1))
    for layer in range(LAYERS):
        block = f"transformer_layes.{layer}"
        stacked = F.linear(
            norm(f"{block}.ln_1", x), tensors[f"{block}.attn.in_proj_weight"], tensors[f"{block}.attn.in_proj_bias"]
        )
        q, k, v = (part.reshape(len(x), -1, 8, WIDTH // 8).transpose(1, 2) for part in stacked.chunk(3, -1))
        weights = (q @ k.transpose(-1, -2) / (WIDTH // 8) ** 0.5).softmax(-1)
        x = x + linear(f"{block}.attn.out_proj", (weights @ v).transpose(1, 2).flatten(2))
        inner = linear(f"{block}.mlp.c_fc", norm(f"{block}.ln_2", x))
        x = x + linear(f"{block}.mlp.c_proj", inner * torch.sigmoid(1.702 * inner))
    return norm("ln_post", x[:, -TOKENS:]) @ tensors["proj"]


@pytest.fixture
def style(tmp_path: Path, placement: Placement, fp32: Precision) -> StyleModel:
    save_file(style_tensors(), tmp_path / "s.safetensors")
    return load_style_model(tmp_path / "s.safetensors", placement, fp32)


def test_the_tokens_are_those_of_the_equation(style: StyleModel) -> None:
    patches = torch.randn(2, 5, WIDTH, generator=torch.Generator().manual_seed(1))
    expected = expected_tokens(style_tensors(), patches).reshape(1, 2 * TOKENS, CONTEXT)
    torch.testing.assert_close(style.tokens(patches), expected)


def test_another_clip_than_the_style_models_is_refused(style: StyleModel) -> None:
    with pytest.raises(BadInput, match="gives 32 numbers per patch, and this one gives 16"):
        style.tokens(torch.zeros(1, 5, 16))


def test_a_style_model_for_flux_is_refused(tmp_path: Path, placement: Placement, fp32: Precision) -> None:
    save_file({"redux_up.weight": torch.zeros(4, 4)}, tmp_path / "redux.safetensors")
    with pytest.raises(BadInput, match=r"redux\.safetensors is no style model for Stable Diffusion"):
        load_style_model(tmp_path / "redux.safetensors", placement, fp32)


@pytest.mark.parametrize(("strength", "copies"), [(1.0, 1), (2.0, 2), (3.0, 3), (0.0, 0)])
def test_words_emphasised_n_times_are_heeded_as_if_they_stood_there_n_times(strength: float, copies: int) -> None:
    generator = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(1, 2, length, 8, generator=generator) for length in (16, 9, 9))
    (emphasised,) = emphasis(6, 9, strength).cross_mix
    found = emphasised(SITE, F.scaled_dot_product_attention, q, k, v)
    keys, values = (torch.cat([x[:, :, :6], *[x[:, :, 6:]] * copies], dim=2) for x in (k, v))
    torch.testing.assert_close(found, F.scaled_dot_product_attention(q, keys, values))


def test_emphasis_keeps_what_others_add_to_the_attention() -> None:
    q, k, v = (torch.randn(1, 2, length, 8) for length in (16, 9, 9))
    (emphasised,) = emphasis(6, 9, 2.0).cross_mix
    plain = emphasised(SITE, F.scaled_dot_product_attention, q, k, v)
    added = emphasised(SITE, lambda q, k, v: F.scaled_dot_product_attention(q, k, v) + 5, q, k, v)
    torch.testing.assert_close(added, plain + 5)
