"""Files laid beside each other: what differs is found, measured, and named."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from safelight.errors import BadInput
from safelight.inspect.checkpoint import compare_checkpoints, grouped, lora_report
from safelight.models.lora.file import read_lora
from tests.studio import loaded, tiny_file
from tests.tiny import Kind, tiny_vae

LAYER = "input_blocks.1.1.transformer_blocks.0.attn1.to_q"
WEIGHT = f"model.diffusion_model.{LAYER}.weight"


def changed(path: Path, **changes: Tensor | None) -> Path:
    """A copy of a tiny checkpoint with some of its tensors changed; None leaves one out."""
    tensors: dict[str, Tensor | None] = {**load_file(tiny_file("sd1")), **changes}
    save_file({name: tensor for name, tensor in tensors.items() if tensor is not None}, path)
    return path


def test_a_file_is_like_itself_and_like_its_copy(tmp_path: Path) -> None:
    found = compare_checkpoints(tiny_file("sd1"), changed(tmp_path / "copy.safetensors"))
    assert found.alike
    assert (found.relative.max(), found.cosine.min()) == (0, pytest.approx(1))


def test_places_of_tokens_are_no_weights(tmp_path: Path) -> None:
    key = "cond_stage_model.transformer.text_model.embeddings.position_ids"
    file = changed(tmp_path / "places.safetensors", **{key: torch.arange(77)[None]})
    found = compare_checkpoints(file, file)
    assert not any("position_ids" in name or name.endswith("embeddings") for name in found.names)
    assert found.alike


def test_the_layer_that_was_changed_is_found_with_how_far(tmp_path: Path) -> None:
    weight = load_file(tiny_file("sd1"))[WEIGHT]
    found = compare_checkpoints(tiny_file("sd1"), changed(tmp_path / "c.safetensors", **{WEIGHT: weight * 1.5}))
    (place,) = np.flatnonzero(~found.same)
    assert (found.parts[place], found.names[place]) == ("denoiser", LAYER)
    assert found.relative[place] == pytest.approx(0.5)
    assert found.cosine[place] == pytest.approx(1)
    assert not found.alike
    parts = grouped(found, lambda part, _: part)
    assert parts["VAE"][0] == 0 < parts["denoiser"][0] < 0.5


def test_halves_of_the_same_numbers_differ_by_their_rounding_only(tmp_path: Path) -> None:
    tensors = {name: tensor.half() for name, tensor in load_file(tiny_file("sd1")).items()}
    save_file(tensors, tmp_path / "half.safetensors")
    found = compare_checkpoints(tiny_file("sd1"), tmp_path / "half.safetensors")
    assert 0 < found.relative.max() < 2**-9
    assert not found.same.all()


def test_what_only_one_has_is_named(tmp_path: Path) -> None:
    more = {
        WEIGHT: None,
        "model.diffusion_model.out.9.weight": torch.ones(3),
        "first_stage_model.quant_conv.bias": None,
    }
    smaller = {"model.diffusion_model.out.2.bias": torch.zeros(9)}
    found = compare_checkpoints(tiny_file("sd1"), changed(tmp_path / "c.safetensors", **more, **smaller))
    assert found.missing == (f"denoiser: {LAYER}",)
    assert found.extra == ("denoiser: out.9",)
    assert found.unlike == ("denoiser: out.2",)
    assert not found.alike


def test_a_vae_alone_is_laid_beside_that_of_a_checkpoint(tmp_path: Path) -> None:
    alone = tiny_vae(tmp_path / "vae.safetensors")
    found = compare_checkpoints(alone, tiny_file("sd1"))
    assert set(found.parts) == {"VAE"}
    assert found.same.all()


def test_files_with_nothing_in_common_are_refused(tmp_path: Path) -> None:
    save_file({"a.weight": torch.ones(2)}, tmp_path / "a.safetensors")
    with pytest.raises(BadInput, match="no layer in common"):
        compare_checkpoints(tmp_path / "a.safetensors", tiny_file("sd1"))


UNET = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_q"
UNET_WEIGHT = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q.weight"
TEXT = "lora_te_text_model_encoder_layers_0_mlp_fc1"


def lora_tensors() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    tensors = {}
    for module, rows in ((UNET, 64), (TEXT, 256), ("lora_unet_nowhere", 64)):
        tensors[f"{module}.lora_up.weight"] = torch.randn(rows, 4, generator=generator)
        tensors[f"{module}.lora_down.weight"] = torch.randn(4, 64, generator=generator)
        tensors[f"{module}.alpha"] = torch.tensor(2.0)
    return tensors


def test_a_lora_on_a_model_is_measured_by_the_weights_it_changes() -> None:
    tensors = lora_tensors()
    checkpoint = loaded("sd1")
    found = lora_report(read_lora("l", None, tensors), checkpoint.model, checkpoint.clip)
    product = tensors[f"{UNET}.lora_up.weight"] @ tensors[f"{UNET}.lora_down.weight"] * 2 / 4
    assert (found.names[0], found.parts[0], found.kinds[0], found.ranks[0]) == (UNET_WEIGHT, "denoiser", "LowRank", 4)
    assert found.parts[1] == "text encoder CLIP L"
    assert found.norms[0] == pytest.approx(float(product.norm()), rel=1e-4)
    weight = checkpoint.model.network.get_parameter(UNET_WEIGHT)
    assert found.relative[0] == pytest.approx(float(product.norm() / weight.norm()), rel=1e-4)
    assert sorted(found.unfit) == [
        f"lora_unet_nowhere.{part}" for part in ("alpha", "lora_down.weight", "lora_up.weight")
    ]


def test_a_lora_alone_is_measured_by_its_own_length() -> None:
    tensors = {name: tensor for name, tensor in lora_tensors().items() if "nowhere" not in name}
    found = lora_report(read_lora("l", None, {**tensors, "odd": torch.ones(1)}))
    assert found.parts == ("denoiser", "text encoder")
    product = tensors[f"{TEXT}.lora_up.weight"] @ tensors[f"{TEXT}.lora_down.weight"] * 2 / 4
    assert found.norms[1] == pytest.approx(float(product.norm()), rel=1e-4)
    assert np.isnan(found.relative).all()
    assert found.unfit == ("odd",)
    assert found.strength_of("text encoder")[0] == pytest.approx(found.norms[1])


def test_both_text_encoders_of_sdxl_are_compared_each_by_its_name(tmp_path: Path) -> None:
    tensors = load_file(tiny_file("sdxl"))
    key = "conditioner.embedders.1.model.transformer.resblocks.0.mlp.c_fc.weight"
    tensors[key] = tensors[key] * 2
    save_file(tensors, tmp_path / "c.safetensors")
    found = compare_checkpoints(tiny_file("sdxl"), tmp_path / "c.safetensors")
    assert set(found.parts) == {"denoiser", "text encoder CLIP L", "text encoder CLIP G", "VAE"}
    (place,) = np.flatnonzero(~found.same)
    assert (found.parts[place], found.names[place]) == ("text encoder CLIP G", "transformer.resblocks.0.mlp.c_fc")
    assert found.relative[place] == pytest.approx(1, abs=1e-3)  # its bias is the same


def test_an_inpainting_model_differs_from_its_family_in_the_size_of_its_first_layer() -> None:
    found = compare_checkpoints(tiny_file("sdxl"), tiny_file("sdxl-inpaint"))
    assert found.unlike == ("denoiser: input_blocks.0.0",)
    assert found.missing == found.extra == ()


def test_files_of_two_families_share_a_vae_and_tell_what_else_differs() -> None:
    found = compare_checkpoints(tiny_file("sdxl"), tiny_file("refiner"))
    assert "VAE" in found.parts
    assert all(name.startswith("text encoder CLIP L") or name.startswith("denoiser") for name in found.missing)
    assert found.unlike


@pytest.mark.parametrize("kind", ["sdxl", "sd2-v", "refiner"])
def test_a_lora_is_measured_on_each_network_of_every_family(kind: Kind) -> None:
    parts = loaded(kind)
    assert parts.clip is not None
    weights = parts.model.network.state_dict()
    wanted = next(name for name in weights if name.endswith("attn2.to_k.weight"))
    rows, columns = weights[wanted].shape
    tensors: dict[str, Tensor] = {}
    for number, tower in enumerate(parts.clip.towers, start=1):
        module = f"lora_te{number if len(parts.clip.towers) > 1 else ''}_text_model_encoder_layers_0_mlp_fc1"
        width, inside = tower.shape.width, tower.shape.intermediate
        tensors |= {
            f"{module}.lora_up.weight": torch.ones(inside, 2),
            f"{module}.lora_down.weight": torch.ones(2, width),
        }
    module = "lora_unet_" + wanted.removesuffix(".weight").replace(".", "_")
    tensors |= {f"{module}.lora_up.weight": torch.ones(rows, 2), f"{module}.lora_down.weight": torch.ones(2, columns)}
    found = lora_report(read_lora("l", None, tensors), parts.model, parts.clip)
    towers = [f"text encoder CLIP {tower.name.upper()}" for tower in parts.clip.towers]
    assert list(found.parts) == ["denoiser", *towers]
    assert found.unfit == ()
    assert found.norms[0] == pytest.approx(2 * (rows * columns) ** 0.5, rel=1e-4)
    assert np.isfinite(found.relative).all()
