"""A ControlNet adds what diffusers' own adds, from whatever layout its file has."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from safelight.diffusion.control import ControlCall, Residuals
from safelight.errors import BadInput
from safelight.families.shapes import UNetShape
from safelight.models.control.controlnet import UNION_TYPES, ControlNet
from safelight.models.control.loading import load_control
from safelight.models.control.picture_control import PictureControl
from safelight.models.placement import Placement
from safelight.models.precision import Precision, precision
from safelight.models.weights import open_weights
from tests import controls, tiny
from tests.models.reference import NUMBERS, reference_eps, reference_unet
from tests.studio import loaded, tiny_file

Load = Callable[..., ControlNet]
KINDS: tuple[tiny.Kind, ...] = ("sd1", "sd2", "sdxl")
GENERATOR = torch.Generator().manual_seed(0)
PICTURE = torch.rand(1, 64, 64, 3, generator=GENERATOR)
X = torch.randn(2, 4, 8, 8, generator=GENERATOR)
TIMESTEP = torch.tensor([417.0])
SIGMA = torch.tensor(3.0)


@pytest.fixture
def load(tmp_path: Path, placement: Placement, fp32: Precision) -> Load:
    def load(
        tensors: Mapping[str, Tensor], name: str = "control.safetensors", precision: Precision = fp32
    ) -> ControlNet:
        network = load_control(controls.write(tmp_path / name, tensors), placement, precision)
        assert isinstance(network, ControlNet)
        return network

    return load


def label_of(shape: UNetShape) -> Tensor | None:
    """A pooled prompt and sizes, in twos."""
    if shape.label_width is None:
        return None
    numbers = torch.stack([sinusoid(number) for number in NUMBERS]).flatten()
    pooled = torch.randn(2, shape.label_width - len(numbers), generator=torch.Generator().manual_seed(1))
    return torch.cat([pooled, numbers.expand(2, -1)], dim=1)


def sinusoid(number: Tensor) -> Tensor:
    angles = number * torch.exp(torch.arange(128) * (-torch.log(torch.tensor(10_000.0)) / 128))
    return torch.cat([angles.cos(), angles.sin()])


def call_for(shape: UNetShape, x: Tensor = X, **changes: Any) -> ControlCall:
    context = torch.randn(2, 77, shape.context_width, generator=torch.Generator().manual_seed(2))
    return replace(ControlCall(x, SIGMA, TIMESTEP, context, label_of(shape)), **changes)


def reference_residuals(network: Any, call: ControlCall, picture: Tensor) -> tuple[list[Tensor], Tensor]:
    added = None
    if call.label is not None:
        pooled = call.label[:, : -len(NUMBERS) * 256]
        added = {"text_embeds": pooled, "time_ids": NUMBERS.expand(len(call.shown), -1)}
    hint = picture.movedim(-1, 1).expand(len(call.shown), -1, -1, -1)
    down, middle = network(call.shown, call.timestep, call.context, hint, added_cond_kwargs=added, return_dict=False)
    return list(down), middle


def assert_same(found: Residuals, expected: tuple[list[Tensor], Tensor], rtol: float = 1e-4) -> None:
    assert found.middle is not None
    for ours, theirs in zip((*found.skips, found.middle), (*expected[0], expected[1]), strict=True):
        assert ours is not None
        torch.testing.assert_close(ours.float(), theirs, rtol=rtol, atol=rtol * float(theirs.abs().max()))


@pytest.mark.parametrize("layout", controls.LAYOUTS)
@pytest.mark.parametrize("kind", KINDS)
def test_residuals_are_those_of_diffusers(kind: tiny.Kind, layout: controls.Layout, load: Load) -> None:
    shape = tiny.KINDS[kind].unet
    tensors = controls.controlnet_tensors(shape, layout)
    call = call_for(shape)
    found = PictureControl(load(tensors), PICTURE)(call)
    assert_same(found, reference_residuals(controls.reference_controlnet(shape, tensors), call, PICTURE))


@pytest.mark.parametrize("kind", KINDS)
def test_a_steered_denoiser_predicts_what_diffusers_does(kind: tiny.Kind, load: Load) -> None:
    shape = tiny.KINDS[kind].unet
    tensors = controls.controlnet_tensors(shape, "ldm")
    control = PictureControl(load(tensors), PICTURE, strength=0.5)
    model = loaded(kind).model
    call = call_for(shape)
    shown = call.shown / (SIGMA**2 + 1) ** 0.5
    timestep = model.schedule.timestep(SIGMA).float().reshape(-1)
    down, middle = reference_residuals(
        controls.reference_controlnet(shape, tensors), replace(call, shown=shown, timestep=timestep), PICTURE
    )
    weights = open_weights(tiny_file(kind))
    prefix = "model.diffusion_model."
    unet: Any = reference_unet(shape, {name: weights[name] for name in weights if name.startswith(prefix)})
    added = None
    if call.label is not None:
        added = {"text_embeds": call.label[:, : tiny.CLIP_G.width], "time_ids": NUMBERS.expand(2, -1)}
    eps = unet(
        shown,
        timestep,
        call.context,
        added_cond_kwargs=added,
        down_block_additional_residuals=[0.5 * residual for residual in down],
        mid_block_additional_residual=0.5 * middle,
    ).sample
    found = model.predict(call.shown, SIGMA, call.context, call.label, controls=(control,))
    torch.testing.assert_close((call.shown - found) / SIGMA, eps, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(eps, reference_eps(unet, shown, timestep, call.context, call.label), atol=0.01)


def test_a_pickle_and_half_precision_give_the_same_residuals(load: Load) -> None:
    tensors = controls.controlnet_tensors(tiny.SD1_UNET, "ldm")
    half = {name: tensor.half() for name, tensor in tensors.items()}
    call = call_for(tiny.SD1_UNET)
    expected = reference_residuals(controls.reference_controlnet(tiny.SD1_UNET, half), call, PICTURE)
    assert_same(PictureControl(load(half, "control.pth"), PICTURE)(call), expected)
    bf16 = load(tensors, "bf16.safetensors", precision("bf16", torch.device("cpu")))
    assert_same(PictureControl(bf16, PICTURE)(call), expected, rtol=0.05)


@pytest.mark.parametrize("mid", [0, 1], ids=["no attention", "attention in one level and the middle"])
def test_reduced_networks_work(mid: int, load: Load) -> None:
    depth = (0, mid, 0)
    shape = replace(tiny.SDXL_UNET, transformer_depth=depth, mid_depth=mid, context_width=mid and 192)
    middle = "UNetMidBlock2DCrossAttn" if mid else "UNetMidBlock2D"
    tensors = controls.drawn(controls.named(controls.reference_controlnet(shape, mid_block_type=middle)))
    call = call_for(replace(shape, context_width=192))
    expected = controls.reference_controlnet(shape, tensors, mid_block_type=middle)
    assert_same(PictureControl(load(tensors), PICTURE)(call), reference_residuals(expected, call, PICTURE))


@pytest.mark.parametrize("picture_type", ["openpose", "segment"])
def test_a_union_network_is_told_what_it_is_shown(picture_type: str, load: Load) -> None:
    network = controls.reference_union(tiny.SDXL_UNET)
    call = call_for(tiny.SDXL_UNET)
    assert call.label is not None
    number = UNION_TYPES[picture_type]
    down, middle = network(
        call.shown,
        call.timestep,
        call.context,
        [PICTURE.movedim(-1, 1).expand(2, -1, -1, -1)],
        control_type=torch.nn.functional.one_hot(torch.tensor([number, number]), controls.TYPES),
        control_type_idx=[number],
        added_cond_kwargs={"text_embeds": call.label[:, : tiny.CLIP_G.width], "time_ids": NUMBERS.expand(2, -1)},
        return_dict=False,
    )
    union = load(network.state_dict())
    found = PictureControl(union.of_type(picture_type), PICTURE)(call)
    assert_same(found, (down, middle))
    left_open = PictureControl(union.of_type("auto"), PICTURE)(call)
    assert left_open.middle is not None
    assert not torch.allclose(left_open.middle, middle, rtol=0.01)


def test_a_union_network_is_not_told_of_kinds_that_it_does_not_know(load: Load) -> None:
    with pytest.raises(BadInput, match="cannot be told that it is shown repaint") as raised:
        load(controls.reference_union(tiny.SDXL_UNET).state_dict()).of_type("repaint")
    assert "segment" in raised.value.mend
    with pytest.raises(BadInput, match=r"cannot be told that it is shown depth.* Choose auto"):
        load(controls.controlnet_tensors(tiny.SD1_UNET, "ldm")).of_type("depth")


def test_a_difference_on_a_model_is_the_whole_network(load: Load) -> None:
    whole = controls.controlnet_tensors(tiny.SD1_UNET, "ldm")
    model = loaded("sd1").model
    unet = open_weights(tiny_file("sd1"))
    difference = {name: tensor.clone() for name, tensor in whole.items()}
    for name in whole:
        if (own := name.replace("control_model.", "model.diffusion_model.")) in unet:
            difference[name] -= unet[own]
    network = load({**difference, "difference": torch.zeros(())}, "difference.safetensors")
    assert network.added
    call = call_for(tiny.SD1_UNET)
    found = PictureControl(network.onto(model), PICTURE)(call)
    assert_same(found, reference_residuals(controls.reference_controlnet(tiny.SD1_UNET, whole), call, PICTURE))


def test_a_control_lora_on_a_model_is_the_whole_network(load: Load) -> None:
    whole = controls.controlnet_tensors(tiny.SDXL_UNET, "ldm without a prefix")
    unet = open_weights(tiny_file("sdxl"))
    saved = {"lora_controlnet": torch.zeros(0)}
    generator = torch.Generator().manual_seed(5)
    for name in whole:
        own = f"model.diffusion_model.{name}"
        if own not in unet:
            saved[name] = whole[name]
        elif whole[name].ndim == 1:  # left out in part, as they do not change
            if "input_blocks.4" in name:
                saved[name] = whole[name]
            else:
                whole[name] = unet[own]
        else:
            out, into, *kernel = whole[name].shape
            up = torch.randn(out, 4, *(1 for _ in kernel), generator=generator) * 0.2
            down = torch.randn(4, into, *kernel, generator=generator) * 0.2
            module = name.removesuffix(".weight")
            saved |= {f"{module}.up": up, f"{module}.down": down}
            whole[name] = unet[own] + (up.flatten(1) @ down.flatten(1)).reshape(whole[name].shape)
    call = call_for(tiny.SDXL_UNET)
    expected = reference_residuals(controls.reference_controlnet(tiny.SDXL_UNET, whole), call, PICTURE)
    network = load(saved, "lora.safetensors").onto(loaded("sdxl").model)
    assert_same(PictureControl(network, PICTURE)(call), expected)


def test_a_difference_is_refused_on_a_model_of_another_family(load: Load) -> None:
    tensors = controls.controlnet_tensors(tiny.SD1_UNET, "ldm") | {"difference": torch.zeros(())}
    with pytest.raises(BadInput, match=r"control\.safetensors is a ControlNet for .* one of SDXL"):
        load(tensors).onto(loaded("sdxl").model)


def test_a_whole_network_stays_as_it_is_on_a_model(load: Load) -> None:
    network = load(controls.controlnet_tensors(tiny.SD1_UNET, "ldm"))
    assert network.onto(loaded("sd1").model) is network


def test_a_shuffling_network_adds_the_same_everywhere(load: Load) -> None:
    tensors = controls.controlnet_tensors(tiny.SD1_UNET, "ldm")
    call = call_for(tiny.SD1_UNET)
    found = PictureControl(load(tensors, "control_v11e_sd15_shuffle.safetensors"), PICTURE)(call)
    plain = PictureControl(load(tensors), PICTURE)(call)
    for pooled, residual in zip(found.skips, plain.skips, strict=True):
        assert pooled is not None
        assert residual is not None
        torch.testing.assert_close(pooled, residual.mean(dim=(2, 3), keepdim=True))


def test_a_network_of_another_family_is_refused_with_both_names(load: Load) -> None:
    network = load(controls.controlnet_tensors(replace(tiny.SD1_UNET, context_width=768), "ldm"))
    call = call_for(replace(tiny.SDXL_UNET, context_width=2048))
    with pytest.raises(BadInput, match=r"control\.safetensors is a ControlNet for SD 1\.x.* of SDXL"):
        PictureControl(network, PICTURE)(call)


def test_a_network_without_attention_is_refused_by_what_it_is_told(load: Load) -> None:
    shape = replace(tiny.SDXL_UNET, transformer_depth=(0, 0, 0), mid_depth=0, context_width=0)
    network = controls.reference_controlnet(shape, mid_block_type="UNetMidBlock2D")
    with pytest.raises(BadInput, match="another family"):
        PictureControl(load(network.state_dict()), PICTURE)(call_for(tiny.SD1_UNET))


def test_a_network_that_takes_no_label_does_without(load: Load) -> None:
    control = PictureControl(load(controls.controlnet_tensors(tiny.SD2_UNET, "ldm")), PICTURE)
    call = call_for(tiny.SD2_UNET)
    plain, labelled = control(call), control(replace(call, label=torch.ones(2, 64)))
    assert plain.middle is not None
    assert labelled.middle is not None
    assert torch.equal(plain.middle, labelled.middle)


@pytest.mark.parametrize(
    ("tensors", "told"),
    [
        ({"lllite_unet_input_blocks_1_conditioning1.0.weight": torch.zeros(4, 3, 4, 4)}, "LLLite"),
        ({"controlnet_x_embedder.weight": torch.zeros(4, 4), "double_blocks.0.a": torch.zeros(4)}, "Flux"),
        ({"lora_unet_a.lora_up.weight": torch.zeros(4, 4)}, "a LoRA"),
    ],
    ids=["LLLite", "Flux", "LoRA"],
)
def test_what_cannot_be_used_is_named(tensors: dict[str, Tensor], told: str, load: Load) -> None:
    with pytest.raises(BadInput, match=rf"control\.safetensors is .*{told}"):
        load(tensors)


def test_a_damaged_network_is_named(load: Load) -> None:
    tensors = controls.controlnet_tensors(tiny.SD1_UNET, "ldm")
    del tensors["control_model.zero_convs.3.0.bias"]
    with pytest.raises(BadInput, match=r"lacks weights in its ControlNet part: control_model\.zero_convs\.3\.0\.bias"):
        load(tensors)
