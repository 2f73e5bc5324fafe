"""A T2I-Adapter adds what diffusers' own adds, from whatever layout its file has."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from safelight.diffusion.control import ControlCall
from safelight.errors import BadInput
from safelight.models.control.loading import load_control
from safelight.models.control.picture_control import PictureControl
from safelight.models.control.t2i_adapter import T2IAdapter
from safelight.models.model import Model
from safelight.models.placement import Placement
from safelight.models.precision import Precision
from safelight.models.weights import open_weights
from tests import controls, tiny
from tests.models.reference import NUMBERS, reference_unet
from tests.studio import loaded, tiny_file

Load = Callable[[Mapping[str, Tensor]], T2IAdapter]

GENERATOR = torch.Generator().manual_seed(0)
PICTURE = torch.rand(1, 64, 64, 3, generator=GENERATOR)
X = torch.randn(2, 4, 8, 8, generator=GENERATOR)
SIGMA = torch.tensor(3.0)
# The levels of the tiny denoisers, which have one less than real ones.
WIDTHS = {"full_adapter": (32, 64, 64, 64), "light_adapter": (32, 64, 64, 64), "full_adapter_xl": (32, 64, 128, 128)}


def reference(kind: str, channels: int = 3) -> Any:
    from diffusers.models.adapter import T2IAdapter as AdapterNetwork  # noqa: PLC0415 (slow to import)

    widths = WIDTHS[kind]
    network: Any = AdapterNetwork(
        in_channels=channels,
        channels=list(widths[:-1] if kind == "light_adapter" else widths),
        num_res_blocks=4 if kind == "light_adapter" else 2,
        downscale_factor=16 if kind == "full_adapter_xl" else 8,
        adapter_type=kind,
    )
    network.load_state_dict(controls.drawn(controls.named(network)))
    return network.eval().requires_grad_(False)


def in_the_authors_layout(network: Any, kind: str) -> dict[str, Tensor]:
    """The names of Mou et al.'s code, which numbers the blocks of all levels through."""
    renamed = {}
    for name, tensor in network.state_dict().items():
        parts = name.removeprefix("adapter.").split(".")
        if kind == "light_adapter":
            parts = ["body" if part == "resnets" else part for part in parts]
        elif parts[0] == "body":
            level = int(parts[1])
            parts = (
                ["body", str(2 * level + int(parts[3])), *parts[4:]]
                if parts[2] == "resnets"
                else ["body", str(2 * level), *parts[2:]]
            )
        renamed[".".join(parts)] = tensor
    return renamed


@pytest.fixture
def load(tmp_path: Path, placement: Placement, fp32: Precision) -> Load:
    def load(tensors: Mapping[str, Tensor]) -> T2IAdapter:
        network = load_control(controls.write(tmp_path / "adapter.pth", tensors), placement, fp32)
        assert isinstance(network, T2IAdapter)
        return network

    return load


def call_for(x: Tensor = X, width: int = 64) -> ControlCall:
    return ControlCall(x, SIGMA, torch.tensor([417.0]), torch.zeros(len(x), 77, width), None)


@pytest.mark.parametrize("layout", ["diffusers", "the authors'"])
@pytest.mark.parametrize("kind", WIDTHS)
def test_features_are_those_of_diffusers(kind: str, layout: str, load: Load) -> None:
    network = reference(kind)
    adapter = load(network.state_dict() if layout == "diffusers" else in_the_authors_layout(network, kind))
    found = adapter.look(PICTURE, call_for())
    for ours, theirs in zip(found, network(PICTURE.movedim(-1, 1)), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_a_grey_adapter_sees_the_mean_of_the_colours(load: Load) -> None:
    network = reference("full_adapter", channels=1)
    found = load(network.state_dict()).look(PICTURE, call_for())
    expected = network(PICTURE.movedim(-1, 1).mean(dim=1, keepdim=True))
    torch.testing.assert_close(found, tuple(expected))


@pytest.mark.parametrize(("kind", "family"), [("full_adapter", "sd1"), ("full_adapter_xl", "sdxl")])
def test_a_steered_denoiser_predicts_what_diffusers_does(kind: str, family: tiny.Kind, load: Load) -> None:
    network = reference(kind)
    shape = tiny.KINDS[family].unet
    weights = open_weights(tiny_file(family))
    prefix = "model.diffusion_model."
    unet: Any = reference_unet(shape, {name: weights[name] for name in weights if name.startswith(prefix)})
    model: Model = loaded(family).model
    context = torch.randn(2, 77, shape.context_width, generator=torch.Generator().manual_seed(2))
    shown = X / (SIGMA**2 + 1) ** 0.5
    features = [0.5 * each.expand(2, -1, -1, -1) for each in network(PICTURE.movedim(-1, 1))]
    label, added = None, None
    if shape.label_width:
        pooled = torch.randn(2, tiny.CLIP_G.width, generator=torch.Generator().manual_seed(3))
        added = {"text_embeds": pooled, "time_ids": NUMBERS.expand(2, -1)}
        angles = NUMBERS[:, None] * torch.exp(torch.arange(128) * (-torch.log(torch.tensor(10_000.0)) / 128))
        label = torch.cat([pooled, torch.cat([angles.cos(), angles.sin()], dim=1).flatten().expand(2, -1)], dim=1)
    eps = unet(
        shown,
        model.schedule.timestep(SIGMA).float().reshape(-1),
        context,
        added_cond_kwargs=added,
        # a tiny SD 1.x has no fourth level
        down_intrablock_additional_residuals=features if family == "sdxl" else features[:3],
    ).sample
    control = PictureControl(load(network.state_dict()), PICTURE, strength=0.5)
    found = model.predict(X, SIGMA, context, label, controls=(control,))
    torch.testing.assert_close((X - found) / SIGMA, eps, rtol=1e-4, atol=1e-4)
    unsteered = model.predict(X, SIGMA, context, label)
    assert not torch.allclose(found, unsteered, atol=0.01)


@pytest.mark.parametrize("kind", WIDTHS)
def test_latents_of_odd_sides_can_be_steered(kind: str, load: Load) -> None:
    model = loaded("sdxl" if kind == "full_adapter_xl" else "sd1").model
    x = torch.randn(1, 4, 9, 13, generator=torch.Generator().manual_seed(1))
    context = torch.zeros(1, 77, model.shape.context_width)
    label = torch.zeros(1, model.label_width) if model.label_width else None
    control = PictureControl(load(reference(kind).state_dict()), PICTURE)
    assert model.predict(x, SIGMA, context, label, controls=(control,)).shape == x.shape


def test_an_adapter_for_another_family_is_refused_with_both_names(load: Load) -> None:
    adapter = load(reference("full_adapter").state_dict())
    with pytest.raises(BadInput, match=r"adapter\.pth is a T2I-Adapter for SD 1\.x, and the model is one of SDXL"):
        PictureControl(adapter, PICTURE)(call_for(width=2048))


def test_an_adapter_of_an_unknown_build_is_named(load: Load) -> None:
    tensors = reference("full_adapter").state_dict()
    tensors["adapter.conv_in.weight"] = torch.zeros(32, 100, 3, 3)
    with pytest.raises(BadInput, match=r"T2I-Adapter in adapter\.pth .* takes 100 numbers"):
        load(tensors)


def test_steering_does_not_hang_on_the_call(load: Load) -> None:
    control = PictureControl(load(reference("full_adapter").state_dict()), PICTURE)
    first, second = control(call_for()), control(replace(call_for(), sigma=torch.tensor(1.0)))
    for one, other in zip(first.entering, second.entering, strict=True):
        assert one is other is None or (one is not None and other is not None and torch.equal(one, other))
