"""Merged models give the ends at 0 and 1, what arithmetic says between, and leave what they are made of alone."""

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from safelight.errors import BadInput
from safelight.models.loader import load_checkpoint
from safelight.models.model import Model
from safelight.models.placement import Placement
from safelight.models.precision import precision
from safelight.models.text_encoder import Clip
from safelight.models.unet import unet_source
from safelight.models.vae import Vae
from safelight.models.weight_patches import UNPATCHED
from safelight.nodes.merging import (
    clip_attention_multiply,
    clip_merge_add,
    clip_merge_simple,
    clip_merge_subtract,
    model_merge_add,
    model_merge_blocks,
    model_merge_sd1,
    model_merge_sdxl,
    model_merge_simple,
    model_merge_subtract,
    unet_cross_attention_multiply,
    unet_self_attention_multiply,
    vae_merge_add,
    vae_merge_blocks,
    vae_merge_simple,
    vae_merge_subtract,
)
from tests.studio import loaded, tiny_file
from tests.tiny import Kind

CPU = torch.device("cpu")
X = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
SIGMA = torch.tensor(2.0)


def other(kind: Kind = "sd1") -> Any:
    return load_checkpoint(tiny_file(kind, seed=1), Placement(CPU), precision("fp32", CPU))


def answer(model: Model) -> Tensor:
    width = model.shape.context_width
    return model.predict(X, SIGMA, torch.ones(2, 3, width), torch.ones(2, n) if (n := model.label_width) else None)


def weights(part: Model | Vae) -> dict[str, Tensor]:
    return dict(part.placement.wardrobe.weights(part.network, part.weights))


def encoded(clip: Clip) -> Tensor:
    tokens = torch.tensor([[49406, 320, 1125, 49407, *[49407] * 73]])
    (tower,) = clip.towers
    return tower.encode(tower.embed(tokens), tokens, skip=1)[0]


def own(model: Model | Vae) -> dict[str, Tensor]:
    """Its weights without any patch, whatever they wear now."""
    return {name: w.clone() for name, w in model.placement.wardrobe.weights(model.network, UNPATCHED)}


def test_a_merge_at_1_is_the_first_model_to_the_bit_and_at_0_the_second() -> None:
    first, second = loaded("sd1").model, other().model
    assert torch.equal(answer(model_merge_simple(model1=first, model2=second, ratio=1.0)), answer(first))
    assert torch.equal(answer(model_merge_simple(model1=first, model2=second, ratio=0.0)), answer(second))


def test_a_merge_is_the_weighted_sum_of_weights() -> None:
    first, second = loaded("sd1").model, other().model
    merged = weights(model_merge_simple(model1=first, model2=second, ratio=0.3))
    others = own(second)
    for name, weight in own(first).items():
        expected = 0.3 * weight + 0.7 * others[name]
        assert torch.allclose(merged[name], expected, atol=1e-6)


def test_using_a_merge_leaves_both_models_as_they_were_to_the_bit() -> None:
    first, second = loaded("sd1").model, other().model
    before = own(first), own(second)
    merged = model_merge_simple(model1=first, model2=second, ratio=0.5)
    changed, plain = answer(merged), answer(first)
    assert not torch.equal(changed, plain)
    answer(second)
    for kept, network in zip(before, (first.network, second.network), strict=True):
        assert all(torch.equal(weight, network.get_parameter(name)) for name, weight in kept.items())


def test_a_difference_added_to_what_was_taken_off_is_the_first_model() -> None:
    first, second = loaded("sd1").model, other().model
    difference = model_merge_subtract(model1=first, model2=second, multiplier=1.0)
    again = weights(model_merge_add(model1=second, model2=difference))
    for name, weight in own(first).items():
        assert torch.allclose(again[name], weight, atol=1e-6)


def test_a_subtraction_counts_by_its_multiplier() -> None:
    first, second = loaded("sd1").model, other().model
    half = weights(model_merge_subtract(model1=first, model2=second, multiplier=0.5))
    others = own(second)
    for name, weight in own(first).items():
        assert torch.allclose(half[name], 0.5 * (weight - others[name]), atol=1e-6)


def test_what_a_model_learned_is_added_to_an_inpainting_model_which_goes_on_reading_its_mask() -> None:
    base, learned, inpaint = loaded("sd1").model, other().model, other("sd1-inpaint").model
    difference = model_merge_subtract(model1=learned, model2=base, multiplier=1.0)
    merged = weights(model_merge_add(model1=inpaint, model2=difference))
    of_base, of_learned = own(base), own(learned)
    for name, weight in own(inpaint).items():
        added = of_learned[name] - of_base[name] if weight.shape == of_base[name].shape else 0
        assert torch.allclose(merged[name], weight + added, atol=1e-6), name
    assert merged["conv_in.weight"].shape[1] == 9


@pytest.mark.parametrize(
    ("node", "ratios", "of_second"),
    [
        (model_merge_blocks, {"input": 1.0, "middle": 0.0, "out": 1.0}, "middle_block."),
        (model_merge_blocks, {"input": 1.0, "middle": 1.0, "out": 0.0}, "out"),
        (model_merge_sd1, {"time_embed.": 0.0}, "time_embed."),
        (model_merge_sd1, {"input_blocks.1.": 0.0}, "input_blocks.1."),
        (model_merge_sdxl, {"output_blocks.2": 0.0}, "output_blocks.2"),
    ],
)
def test_a_merge_by_blocks_takes_just_those_from_the_second(
    node: Any, ratios: dict[str, float], of_second: str
) -> None:
    kind: Kind = "sdxl" if node is model_merge_sdxl else "sd1"
    first, second = loaded(kind).model, other(kind).model
    given = {port.name: 1.0 for port in node.spec.inputs[2:]} | ratios
    merged = weights(node(model1=first, model2=second, **given))
    stored = unet_source(first.shape, "ldm")
    of_one, of_other = own(first), own(second)
    for name, weight in merged.items():
        source = of_other if stored(name).name.startswith(of_second) else of_one
        assert torch.equal(weight, source[name]), name


def test_models_of_two_families_are_not_merged_and_both_are_named() -> None:
    with pytest.raises(BadInput, match=r"SD 1\.x and SDXL"):
        model_merge_simple(model1=loaded("sd1").model, model2=loaded("sdxl").model, ratio=0.5)


def test_text_encoders_are_merged_as_models_are() -> None:
    first, second = loaded("sd1").clip, other().clip
    assert first is not None
    assert torch.equal(encoded(clip_merge_simple(clip1=first, clip2=second, ratio=1.0)), encoded(first))
    assert torch.equal(encoded(clip_merge_simple(clip1=first, clip2=second, ratio=0.0)), encoded(second))
    difference = clip_merge_subtract(clip1=first, clip2=second, multiplier=1.0)
    assert torch.allclose(encoded(clip_merge_add(clip1=second, clip2=difference)), encoded(first), atol=1e-5)


def test_text_encoders_of_two_families_are_not_merged() -> None:
    first, second = loaded("sd1").clip, loaded("sdxl").clip
    assert first is not None
    assert second is not None
    with pytest.raises(BadInput, match="different kinds"):
        clip_merge_simple(clip1=first, clip2=second, ratio=0.5)


def test_vaes_are_merged_as_models_are_and_decode_as_their_ends_do() -> None:
    first, second = loaded("sd1").vae, other().vae
    assert first is not None
    assert torch.equal(vae_merge_simple(vae1=first, vae2=second, ratio=1.0).decode(X), first.decode(X))
    assert torch.equal(vae_merge_simple(vae1=first, vae2=second, ratio=0.0).decode(X), second.decode(X))
    assert not torch.equal(vae_merge_simple(vae1=first, vae2=second, ratio=0.5).decode(X), first.decode(X))
    difference = vae_merge_subtract(vae1=first, vae2=second, multiplier=1.0)
    again, before = weights(vae_merge_add(vae1=second, vae2=difference)), own(first)
    assert all(torch.allclose(again[name], weight, atol=1e-6) for name, weight in before.items())


def test_the_halves_of_a_vae_are_merged_each_by_its_ratio() -> None:
    first, second = loaded("sd1").vae, other().vae
    assert first is not None
    pixels = torch.rand(1, 16, 16, 3, generator=torch.Generator().manual_seed(0))
    half = vae_merge_blocks(vae1=first, vae2=second, encoder=1.0, decoder=0.0)
    assert torch.equal(half.encode(pixels), first.encode(pixels))
    assert torch.equal(half.decode(X), second.decode(X))


def test_vaes_of_two_kinds_are_not_merged() -> None:
    first = loaded("sd1").vae
    assert first is not None
    wider = replace(first, shape=replace(first.shape, latent_channels=16))
    with pytest.raises(BadInput, match="different kinds"):
        vae_merge_simple(vae1=first, vae2=wider, ratio=0.5)


@pytest.mark.parametrize("node", [unet_self_attention_multiply, unet_cross_attention_multiply])
def test_attention_multiplied_by_1_changes_nothing_and_by_2_doubles_its_map(node: Any) -> None:
    model = loaded("sd1").model
    assert torch.equal(answer(node(model=model, q=1.0, k=1.0, v=1.0, out=1.0)), answer(model))
    doubled = weights(node(model=model, q=2.0, k=1.0, v=1.0, out=1.0))
    attention = "attn1" if node is unet_self_attention_multiply else "attn2"
    for name, weight in own(model).items():
        factor = 2 if f"{attention}.to_q." in name else 1
        assert torch.equal(doubled[name], weight * factor)


def test_attention_of_which_nothing_is_handed_over_gives_nothing() -> None:
    model = loaded("sd1").model
    deaf = unet_cross_attention_multiply(model=model, q=1.0, k=1.0, v=0.0, out=1.0)
    one, two = (torch.full((2, 3, model.shape.context_width), value) for value in (1.0, -2.0))
    assert torch.equal(deaf.predict(X, SIGMA, one), deaf.predict(X, SIGMA, two))
    assert not torch.equal(model.predict(X, SIGMA, one), model.predict(X, SIGMA, two))


def test_the_text_encoders_attention_is_multiplied_in_all_its_layers() -> None:
    clip = loaded("sd1").clip
    assert clip is not None
    assert torch.equal(encoded(clip_attention_multiply(clip=clip, q=1.0, k=1.0, v=1.0, out=1.0)), encoded(clip))
    (tower,) = clip_attention_multiply(clip=clip, q=1.0, k=1.0, v=1.0, out=0.0).towers
    silent = dict(tower.placement.wardrobe.weights(tower.network, tower.weights))
    assert all(not weight.any() for name, weight in silent.items() if ".out_proj." in name)


def test_patches_are_laid_on_in_turn() -> None:
    model = loaded("sd1").model
    twice = unet_self_attention_multiply(
        model=unet_self_attention_multiply(model=model, q=3.0, k=1.0, v=1.0, out=1.0), q=2.0, k=1.0, v=1.0, out=1.0
    )
    name = next(name for name, _ in model.network.named_parameters() if "attn1.to_q" in name)
    assert torch.equal(weights(twice)[name], own(model)[name] * 6)
    assert replace(twice, weights=model.weights).weights is model.weights
