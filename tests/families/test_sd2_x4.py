"""Stable Diffusion 2's x4 upscaler is told from its denoiser, as it was published."""

from typing import Any

import pytest
import torch
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

from safelight.errors import BadInput
from safelight.families.describe import describe
from safelight.families.detect import identify
from safelight.families.sd2_x4 import SD2_X4
from safelight.families.shapes import UNetShape
from tests.families.headers import header_of, under
from tests.tiny import ldm_unet_names

REAL = UNetShape(
    in_channels=7,
    out_channels=4,
    block_channels=(256, 512, 512, 1024),
    layers_per_block=2,
    transformer_depth=(0, 1, 1, 1),
    mid_depth=1,
    context_width=1024,
    heads=(8, 8, 8, 8),
    linear_projection=True,
    label_width=None,
    label_classes=1000,
    cross_only=(1, 2),
)
# unet/config.json of stabilityai/stable-diffusion-x4-upscaler, where it is not diffusers' default
PUBLISHED: dict[str, Any] = {
    "block_out_channels": (256, 512, 512, 1024),
    "cross_attention_dim": 1024,
    "down_block_types": ("DownBlock2D", *["CrossAttnDownBlock2D"] * 3),
    "in_channels": 7,
    "num_class_embeds": 1000,
    "only_cross_attention": (True, True, True, False),
    "up_block_types": (*["CrossAttnUpBlock2D"] * 3, "UpBlock2D"),
    "use_linear_projection": True,
}


def test_the_published_denoiser_is_told_with_all_its_sizes() -> None:
    with torch.device("meta"):
        network = UNet2DConditionModel(**PUBLISHED)
    contents = identify(header_of((name, tuple(tensor.shape)) for name, tensor in network.state_dict().items()))
    assert contents.unet
    assert contents.unet.shape == REAL
    assert contents.unet.parameters == sum(parameter.numel() for parameter in network.parameters())
    assert (contents.family, contents.variant, contents.prediction) == (SD2_X4, "upscale", "v")
    assert contents.native_size == (512, 512)


def test_both_layouts_are_told_alike() -> None:
    contents = identify(header_of(under("model.diffusion_model.", ldm_unet_names(REAL))))
    assert contents.unet
    assert contents.unet.shape == REAL
    assert describe(contents) == "SD 2.x upscaler denoiser, v-prediction"


def test_an_upscaler_that_is_shown_something_else_is_refused() -> None:
    names = dict(ldm_unet_names(REAL)) | {"input_blocks.0.0.weight": (256, 8, 3, 3)}
    with pytest.raises(BadInput, match="takes 8 channels; known are 7"):
        identify(header_of(names.items()))
