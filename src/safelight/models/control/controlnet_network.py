"""The network of a ControlNet (Zhang et al. 2023, arXiv:2302.05543): its sizes, how it is built, how files name it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import torch

from safelight.families.measure import Shapes, encoder_shape
from safelight.families.shapes import UNetShape
from safelight.models.assemble import Source
from safelight.models.unet import unet_source

if TYPE_CHECKING:
    from diffusers.models.controlnets.controlnet import ControlNetModel

ControlLayout = Literal["ldm", "diffusers"]

ANCHORS: dict[ControlLayout, str] = {
    "ldm": "input_hint_block.0.weight",
    "diffusers": "controlnet_cond_embedding.conv_in.weight",
}
"""The tensor that takes the picture, which every ControlNet has and no other network."""

TYPE_WIDTH = 256  # numbers in which a union network is told of each kind of picture whether it is this
UNION_HEADS = 8


@dataclass(frozen=True)
class ControlShape:
    """Sizes of a ControlNet.

    Attributes:
        encoder: Those of the denoiser whose way down it copies.
        hint_channels: Channels of the picture.
        hint_widths: Width of each level on which the picture is brought to the size of the latent, finest first.
        types: How many kinds of pictures a union network tells apart; 0 for the others.
        union_layers: Transformer blocks that see which kind it is.
    """

    encoder: UNetShape
    hint_channels: int
    hint_widths: tuple[int, ...]
    types: int = 0
    union_layers: int = 0


def control_shape(shapes: Shapes, layout: ControlLayout) -> ControlShape:
    """Sizes of a ControlNet, from the names and shapes of its tensors."""
    first = ANCHORS[layout]
    if layout == "ldm":
        levels = [name for name in shapes.sizes if re.fullmatch(r"input_hint_block\.\d+\.weight", name)]
        levels = sorted(levels, key=lambda name: int(name.split(".")[1]))[::2]
    else:
        blocks = "controlnet_cond_embedding.blocks.{}.weight"
        levels = [first, *(blocks.format(n) for n in range(1, shapes.count(blocks), 2))]
    return ControlShape(
        encoder=encoder_shape(shapes, layout),
        hint_channels=shapes.size(first, 1),
        hint_widths=tuple(shapes.size(name, 0) for name in levels),
        types=shapes.optional_size("task_embedding", 0) or 0,
        union_layers=shapes.count("transformer_layes.{}.ln_1.weight"),
    )


def build_controlnet(shape: ControlShape) -> "ControlNetModel":
    """A ControlNet without weights, on the meta device; SDXL's label enters as for `build_unet`.

    A union network is diffusers' `ControlNetUnionModel`, which has all that the plain one has.
    """
    encoder = shape.encoder
    attends = [depth > 0 for depth in encoder.transformer_depth]
    sizes: dict[str, Any] = {
        "in_channels": encoder.in_channels,
        "conditioning_channels": shape.hint_channels,
        "conditioning_embedding_out_channels": shape.hint_widths,
        "block_out_channels": encoder.block_channels,
        "layers_per_block": encoder.layers_per_block,
        "down_block_types": tuple("CrossAttnDownBlock2D" if here else "DownBlock2D" for here in attends),
        "transformer_layers_per_block": (*encoder.transformer_depth[:-1], encoder.mid_depth),
        "cross_attention_dim": encoder.context_width,
        "attention_head_dim": encoder.heads,  # the number of heads, as for the denoiser
        "use_linear_projection": encoder.linear_projection,
        "class_embed_type": "projection" if encoder.label_width else None,
        "projection_class_embeddings_input_dim": encoder.label_width,
    }
    # Imported late: they take longer than everything else here.
    from diffusers.models.controlnets.controlnet import ControlNetModel  # noqa: PLC0415
    from diffusers.models.controlnets.controlnet_union import ControlNetUnionModel  # noqa: PLC0415

    with torch.device("meta"):
        if not shape.types:
            middle = "UNetMidBlock2DCrossAttn" if encoder.mid_depth else "UNetMidBlock2D"
            return ControlNetModel(mid_block_type=middle, **sizes)
        width = encoder.block_channels[0]
        return ControlNetUnionModel(
            num_control_type=shape.types,
            num_trans_channel=width,
            num_proj_channel=width,
            num_trans_head=UNION_HEADS,
            num_trans_layer=shape.union_layers,
            addition_time_embed_dim=TYPE_WIDTH,
            **sizes,
        )


def control_source(shape: ControlShape, layout: ControlLayout) -> Callable[[str], Source]:
    """Where each of `build_controlnet`'s parameters is in a file of that layout."""
    encoder = unet_source(shape.encoder, layout)
    if layout == "diffusers":
        return encoder

    def source(name: str) -> Source:
        module, _, leaf = name.rpartition(".")
        kind, _, place = module.partition(".")
        match kind:
            case "controlnet_down_blocks":
                return Source(f"zero_convs.{place}.0.{leaf}")
            case "controlnet_mid_block":
                return Source(f"middle_block_out.0.{leaf}")
            case "controlnet_cond_embedding":
                return Source(f"input_hint_block.{_hint_place(place, len(shape.hint_widths))}.{leaf}")
        return encoder(name)

    return source


def _hint_place(module: str, levels: int) -> int:
    """LDM's number of a convolution: an activation stands after each."""
    ends = {"conv_in": 0, "conv_out": 2 * levels - 1}
    convolution = ends[module] if module in ends else int(module.removeprefix("blocks.")) + 1
    return 2 * convolution
