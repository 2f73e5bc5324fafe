"""LoRA files in the names of every trainer find their parameters in the denoiser and the text encoders."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from safelight.errors import BadInput
from safelight.models.loader import Checkpoint
from safelight.models.lora.file import LoraModel, read_lora
from safelight.models.lora.laying import lay_on_clip, lay_on_model, unfit_for
from safelight.models.lora.names import text_spellings, unet_spellings
from safelight.models.model import Model
from safelight.models.text_encoder import Clip
from safelight.models.weight_patches import WeightPatches
from tests.studio import loaded
from tests.tiny import KINDS, Kind, ldm_unet_names

RANK = 2
LDM = "model.diffusion_model."


def factors(module: str, shape: tuple[int, ...], seed: int = 0) -> dict[str, Tensor]:
    """A LoRA of one map in kohya's names."""
    generator = torch.Generator().manual_seed(seed)
    ones = [1] * (len(shape) - 2)
    return {
        f"{module}.lora_up.weight": torch.randn(shape[0], RANK, *ones, generator=generator),
        f"{module}.lora_down.weight": torch.randn(RANK, *shape[1:], generator=generator),
        f"{module}.alpha": torch.tensor(1.0),
    }


def lora_of(tensors: Mapping[str, Tensor], family: str | None = None) -> LoraModel:
    return read_lora("test.safetensors", family, tensors)


def parts(kind: Kind) -> tuple[Model, Clip]:
    checkpoint: Checkpoint = loaded(kind)
    assert checkpoint.clip is not None
    return checkpoint.model, checkpoint.clip


class Laid(NamedTuple):
    """Parts with a LoRA laid on, and what of it fitted neither."""

    model: Model
    clip: Clip
    unfit: tuple[str, ...]


def laid_on(kind: Kind, tensors: Mapping[str, Tensor], strength: float = 1.0) -> Laid:
    (model, clip), lora = parts(kind), lora_of(tensors)
    return Laid(lay_on_model(lora, model, strength), lay_on_clip(lora, clip, strength), unfit_for(lora, model, clip))


def changed(patches: WeightPatches) -> set[str]:
    return set(patches.of)


def matrices(network: nn.Module) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Module and shape of every map."""
    for name, parameter in network.named_parameters():
        if name.endswith(".weight") and parameter.ndim > 1 and "embedding.weight" not in name:
            yield name.removesuffix(".weight"), tuple(parameter.shape)


@pytest.mark.parametrize("kind", ["sd1", "sd2", "sdxl", "refiner"])
def test_kohyas_names_in_the_order_of_the_ldm_layout_find_every_map(kind: Kind) -> None:
    tensors: dict[str, Tensor] = {}
    for name, shape in ldm_unet_names(KINDS[kind].unet):
        if len(shape) > 1:
            module = name.removeprefix(LDM).removesuffix(".weight").replace(".", "_")
            tensors |= factors(f"lora_unet_{module}", shape)
    laid = laid_on(kind, tensors)
    assert laid.unfit == ()
    assert changed(laid.model.weights) == {f"{module}.weight" for module, _ in matrices(laid.model.network)}


UNET_NAMES: dict[str, Callable[[str], str]] = {
    "kohya and OneTrainer": lambda module: f"lora_unet_{module.replace('.', '_')}",
    "LyCORIS alone": lambda module: f"lycoris_{module.replace('.', '_')}",
    "diffusers": lambda module: f"unet.{module}",
    "diffusers, without its part": lambda module: module,
    "PEFT": lambda module: f"base_model.model.{module}",
}


@pytest.mark.parametrize("named", UNET_NAMES)
@pytest.mark.parametrize("kind", ["sd1", "sdxl"])
def test_names_of_diffusers_find_every_map(kind: Kind, named: str) -> None:
    model, _ = parts(kind)
    spell = UNET_NAMES[named]
    tensors: dict[str, Tensor] = {}
    for module, shape in matrices(model.network):
        tensors |= factors(spell(module), shape)
    laid = laid_on(kind, tensors)
    assert laid.unfit == ()
    assert changed(laid.model.weights) == {f"{module}.weight" for module, _ in matrices(model.network)}


ATTENTION = "down_blocks.1.attentions.0.transformer_blocks.0.attn1"
ENDINGS = [
    (f"{ATTENTION}.to_q", "lora_up.weight", "lora_down.weight"),
    (f"unet.{ATTENTION}.to_q", "lora_B.weight", "lora_A.weight"),
    (f"base_model.model.{ATTENTION}.to_q", "lora_B.default.weight", "lora_A.default.weight"),
    (f"unet.{ATTENTION}.to_q", "lora.up.weight", "lora.down.weight"),
    (f"unet.{ATTENTION}.processor", "to_q_lora.up.weight", "to_q_lora.down.weight"),
    (f"{ATTENTION}.processor", "to_q_lora.up.weight", "to_q_lora.down.weight"),
]


@pytest.mark.parametrize(("module", "up", "down"), ENDINGS)
def test_every_way_to_write_the_two_factors_is_read(module: str, up: str, down: str) -> None:
    model, _ = parts("sd1")
    first, second = factors("m", (64, 64)), f"{ATTENTION}.to_q.weight"
    laid = laid_on(
        "sd1", {f"{module}.{up}": first["m.lora_up.weight"], f"{module}.{down}": first["m.lora_down.weight"]}
    )
    assert laid.unfit == ()
    assert changed(laid.model.weights) == {second}
    own = model.network.get_parameter(second)
    expected = own + first["m.lora_up.weight"] @ first["m.lora_down.weight"]
    torch.testing.assert_close(model.placement.wardrobe.weight(model.network, second, laid.model.weights), expected)


@pytest.mark.parametrize("module", ["q_proj.lora_linear_layer", "to_q_lora"])
def test_old_names_in_text_encoders_are_read(module: str) -> None:
    first = factors("m", (64, 64))
    before = "text_encoder.text_model.encoder.layers.0.self_attn"
    tensors = {f"{before}.{module}.{way}.weight": first[f"m.lora_{way}.weight"] for way in ("up", "down")}
    laid = laid_on("sd1", tensors)
    assert laid.unfit == ()
    assert changed(laid.clip.towers[0].weights) == {"encoder.layers.0.self_attn.q_proj.weight"}


def test_the_last_map_of_attention_has_its_old_name_too() -> None:
    first = factors("m", (64, 64))
    tensors = {
        f"unet.{ATTENTION}.processor.to_out_lora.{way}.weight": first[f"m.lora_{way}.weight"] for way in ("up", "down")
    }
    assert changed(laid_on("sd1", tensors).model.weights) == {f"{ATTENTION}.to_out.0.weight"}


TEXT_NAMES: list[tuple[Kind, str, int]] = [
    ("sd1", "lora_te_text_model_{}", 0),
    ("sd1", "lora_te1_text_model_{}", 0),
    ("sd1", "text_encoder.text_model.{}", 0),
    ("sd2", "lora_te_text_model_{}", 0),
    ("sd2", "text_encoder.text_model.{}", 0),
    ("refiner", "lora_te_text_model_{}", 0),
    ("sdxl", "lora_te1_text_model_{}", 0),
    ("sdxl", "lora_te2_text_model_{}", 1),
    ("sdxl", "text_encoder.text_model.{}", 0),
    ("sdxl", "text_encoder_2.text_model.{}", 1),
    ("sdxl", "text_encoders.clip_g.transformer.text_model.{}", 1),
]


@pytest.mark.parametrize(("kind", "spelling", "place"), TEXT_NAMES)
def test_names_of_text_encoders_find_every_map_of_theirs(kind: Kind, spelling: str, place: int) -> None:
    _, clip = parts(kind)
    inside = [(module, shape) for module, shape in matrices(clip.towers[place].network) if module != "text_projection"]
    tensors: dict[str, Tensor] = {}
    for module, shape in inside:
        tensors |= factors(spelling.format(module.replace(".", "_") if "_model_" in spelling else module), shape)
    laid = laid_on(kind, tensors)
    assert laid.unfit == ()
    assert changed(laid.model.weights) == set()
    expected = [{f"{m}.weight" for m, _ in inside} if n == place else set() for n in range(len(clip.towers))]
    assert [changed(tower.weights) for tower in laid.clip.towers] == expected


def test_the_projection_of_the_second_text_encoder_is_found() -> None:
    laid = laid_on("sdxl", factors("lora_te2_text_projection", (128, 128)))
    assert changed(laid.clip.towers[1].weights) == {"text_projection.weight"}


def test_no_two_parameters_share_a_spelling() -> None:
    model, clip = parts("sdxl")
    tables = [
        unet_spellings(tuple(n for n, _ in model.network.named_parameters()), model.shape),
        *(
            text_spellings(tuple(n for n, _ in tower.network.named_parameters()), tower.name, place)
            for place, tower in enumerate(clip.towers)
        ),
    ]
    per_name = [len(table) / len(set(table.values())) for table in tables]
    assert all(each > 3 for each in per_name)
    assert len(set().union(*tables)) == sum(len(table) for table in tables)


def test_strength_0_gives_the_very_same_model() -> None:
    model, clip = parts("sd1")
    laid = laid_on("sd1", factors("lora_unet_mid_block_attentions_0_proj_in", (64, 64, 1, 1)), strength=0.0)
    assert laid.model is model
    assert laid.clip is clip


def test_each_part_has_its_own_strength() -> None:
    model, clip = parts("sd1")
    tensors = factors("lora_unet_mid_block_attentions_0_proj_in", (64, 64, 1, 1))
    tensors |= factors("lora_te_text_model_encoder_layers_0_mlp_fc1", (256, 64))
    assert lay_on_model(lora_of(tensors), model, 0.0) is model
    name, tower = "encoder.layers.0.mlp.fc1.weight", lay_on_clip(lora_of(tensors), clip, 0.5).towers[0]
    delta = tower.placement.wardrobe.weight(tower.network, name, tower.weights) - tower.network.get_parameter(name)
    module = "lora_te_text_model_encoder_layers_0_mlp_fc1"
    expected = 0.5 * tensors[f"{module}.lora_up.weight"] @ tensors[f"{module}.lora_down.weight"] / RANK
    torch.testing.assert_close(delta, expected, atol=1e-6, rtol=1e-5)


def test_loras_in_a_row_add_up() -> None:
    model, _ = parts("sd1")
    module, name = "lora_unet_mid_block_attentions_0_proj_in", "mid_block.attentions.0.proj_in.weight"
    first, second = (lora_of(factors(module, (64, 64, 1, 1), seed)) for seed in (0, 1))

    def delta(*loras: LoraModel) -> Tensor:
        worn = model
        for lora in loras:
            worn = lay_on_model(lora, worn, 0.5)
        weight: Tensor = model.placement.wardrobe.weight(model.network, name, worn.weights)
        own: Tensor = model.network.get_parameter(name)
        return weight - own

    torch.testing.assert_close(delta(first, second), delta(first) + delta(second), atol=1e-6, rtol=1e-4)


def test_the_opposite_strength_takes_a_lora_off_again() -> None:
    model, _ = parts("sd1")
    name = "mid_block.attentions.0.proj_in.weight"
    lora = lora_of(factors("lora_unet_mid_block_attentions_0_proj_in", (64, 64, 1, 1)))
    worn = lay_on_model(lora, lay_on_model(lora, model, 0.7), -0.7)
    found = model.placement.wardrobe.weight(model.network, name, worn.weights)
    torch.testing.assert_close(found, model.network.get_parameter(name).data, atol=1e-6, rtol=1e-5)


def test_what_fits_nothing_is_named() -> None:
    fitting = factors("lora_unet_mid_block_attentions_0_proj_in", (64, 64, 1, 1))
    unknown = factors("lora_unet_mid_block_attentions_7_proj_in", (64, 64, 1, 1))
    large = factors("lora_unet_mid_block_attentions_0_proj_out", (1280, 1280, 1, 1))
    laid = laid_on("sd1", {**fitting, **unknown, **large, "scalar_of_something": torch.zeros(1)})
    assert sorted(laid.unfit) == sorted([*unknown, *large, "scalar_of_something"])


def test_half_of_a_pair_is_named() -> None:
    tensors = factors("lora_unet_mid_block_attentions_0_proj_in", (64, 64, 1, 1))
    del tensors["lora_unet_mid_block_attentions_0_proj_in.lora_up.weight"]
    assert sorted(lora_of(tensors).strange) == sorted(tensors)


def test_tensors_of_text_encoders_are_not_missed_where_none_are_given() -> None:
    model, _ = parts("sd1")
    tensors = factors("lora_te_text_model_encoder_layers_0_mlp_fc1", (256, 64))
    assert unfit_for(lora_of(tensors), model, None) == ()


def test_biases_and_norms_of_a_file_are_changed() -> None:
    tensors = {
        "diffusion_model.out.0.diff": torch.ones(32),
        "diffusion_model.out.0.diff_b": torch.ones(32),
        "lora_unet_conv_norm_out.w_norm": torch.ones(32),
    }
    assert changed(laid_on("sd1", tensors).model.weights) == {"conv_norm_out.weight", "conv_norm_out.bias"}


def test_a_lora_of_another_family_is_refused_in_plain_words() -> None:
    model, clip = parts("sd1")
    with pytest.raises(BadInput) as refused:
        lay_on_model(lora_of({}, "sdxl"), model, 1.0)
    assert "test.safetensors is a LoRA for" in refused.value.what
    assert "SDXL" in refused.value.what
    assert model.family.title in refused.value.what
    with pytest.raises(BadInput, match=r"test\.safetensors is a LoRA for"):
        lay_on_clip(lora_of({}, "sdxl"), clip, 1.0)


def test_a_family_that_nothing_tells_is_not_refused() -> None:
    model, clip = parts("sd1")
    assert lay_on_model(lora_of({}), model, 1.0) is model
    assert lay_on_clip(lora_of({}), clip, 1.0) is clip
