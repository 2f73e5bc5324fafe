"""Our run over diffusers' modules gives what diffusers' own gives."""

from typing import get_args

import pytest
import torch

from safelight.models.unet import build_unet
from safelight.models.unet_forward import run_unet
from tests import tiny


@pytest.mark.parametrize("size", [(8, 8), (9, 13), (6, 24)])
@pytest.mark.parametrize("kind", get_args(tiny.Kind))
def test_a_run_equals_that_of_diffusers(kind: tiny.Kind, size: tuple[int, int]) -> None:
    shape = tiny.KINDS[kind].unet
    generator = torch.Generator().manual_seed(0)
    network = build_unet(shape).to_empty(device="cpu")
    for parameter in network.parameters():
        parameter.data.normal_(0, 0.05, generator=generator)
    network.requires_grad_(False)
    x = torch.randn(2, shape.in_channels, *size, generator=generator)
    timestep = torch.tensor([999.0, 31.5])
    context = torch.randn(2, 154, shape.context_width, generator=generator)
    label = None if shape.label_width is None else torch.randn(2, shape.label_width, generator=generator)
    expected = network(x, timestep, context, class_labels=label).sample
    torch.testing.assert_close(run_unet(network, x, timestep, context, label), expected, rtol=1e-5, atol=1e-6)
