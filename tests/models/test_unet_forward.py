"""Our run over diffusers' modules gives what diffusers' own gives."""

from typing import get_args

import pytest
import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from torch import Tensor

from safelight.families.shapes import UNetShape
from safelight.models.memory import pieces
from safelight.models.patches import Asked, Attend, Patches, Site
from safelight.models.unet import build_unet
from safelight.models.unet_forward import run_unet
from tests import tiny


def random_network(kind: tiny.Kind) -> tuple[UNet2DConditionModel, UNetShape, torch.Generator]:
    shape = tiny.KINDS[kind].unet
    generator = torch.Generator().manual_seed(0)
    network = build_unet(shape).to_empty(device="cpu")
    for parameter in network.parameters():
        parameter.data.normal_(0, 0.05, generator=generator)
    return network.requires_grad_(False), shape, generator


def random_label(shape: UNetShape, count: int, generator: torch.Generator) -> Tensor | None:
    if shape.label_classes is not None:
        return torch.randint(shape.label_classes, (count,), generator=generator)
    return None if shape.label_width is None else torch.randn(count, shape.label_width, generator=generator)


@pytest.mark.parametrize("size", [(8, 8), (9, 13), (6, 24)])
@pytest.mark.parametrize("kind", get_args(tiny.Kind))
def test_a_run_equals_that_of_diffusers(kind: tiny.Kind, size: tuple[int, int]) -> None:
    network, shape, generator = random_network(kind)
    x = torch.randn(2, shape.in_channels, *size, generator=generator)
    timestep = torch.tensor([999.0, 31.5])
    context = torch.randn(2, 154, shape.context_width, generator=generator)
    label = random_label(shape, 2, generator)
    expected = network(x, timestep, context, class_labels=label).sample
    torch.testing.assert_close(run_unet(network, x, timestep, context, label), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("clocks", [1, 2])
@pytest.mark.parametrize("kind", get_args(tiny.Kind))
def test_two_prompts_for_each_latent_equal_a_run_of_all_pairs(kind: tiny.Kind, clocks: int) -> None:
    network, shape, generator = random_network(kind)
    x = torch.randn(2, shape.in_channels, 9, 13, generator=generator)
    timestep = torch.tensor([999.0, 31.5][:clocks])
    context = torch.randn(4, 77, shape.context_width, generator=generator)
    label = random_label(shape, 4, generator)
    expected = network(x.repeat(2, 1, 1, 1), timestep.repeat(4 // clocks), context, class_labels=label).sample
    torch.testing.assert_close(run_unet(network, x, timestep, context, label), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", get_args(tiny.Kind))
def test_a_run_in_pieces_equals_that_of_the_whole(kind: tiny.Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "SCORES", 500)
    monkeypatch.setattr(pieces, "TOKENS", 10)
    network, shape, generator = random_network(kind)
    x = torch.randn(2, shape.in_channels, 9, 13, generator=generator)
    arguments = (x, torch.tensor([31.5]), torch.randn(2, 77, shape.context_width, generator=generator))
    label = random_label(shape, 2, generator)
    expected = run_unet(network, *arguments, label)
    torch.testing.assert_close(run_unet(network, *arguments, label, split=True), expected, rtol=1e-5, atol=1e-5)


def test_patches_of_self_attention_are_left_out_where_the_prompt_has_taken_its_place() -> None:
    network, shape, generator = random_network("sd2_x4-v")
    called: list[int] = []

    def told(site: Site, attend: Attend, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        called.append(site.block)
        return attend(query, key, value)

    x = torch.randn(1, shape.in_channels, 16, 16, generator=generator)
    context = torch.randn(1, 77, shape.context_width, generator=generator)
    arguments = (x, torch.tensor([31.5]), context, torch.tensor([20]))
    asked = Asked(torch.tensor(1.0), ("positive",), (16, 16))
    patched = run_unet(network, *arguments, patches=Patches(self_attention=(told,)), asked=asked)
    assert len(called) == 2 + 1 + 3  # of the coarsest level and the middle
    torch.testing.assert_close(patched, run_unet(network, *arguments))
