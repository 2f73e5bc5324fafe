"""The denoising network of Stable Diffusion: built from its sizes, named as its file names it."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from safelight.families.shapes import Layout, UNetShape
from safelight.models.assemble import Source

if TYPE_CHECKING:
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel


def build_unet(shape: UNetShape) -> "UNet2DConditionModel":
    """A denoiser without weights, on the meta device.

    SDXL's pooled text and picture sizes enter as `class_labels`, one vector [B, label_width] that the caller
    has put together, so that every family is called alike; those of upscalers are rows of a table, [B].
    """
    # Imported late: it takes longer than everything else here.
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel  # noqa: PLC0415

    attends = [depth > 0 for depth in shape.transformer_depth]
    with torch.device("meta"):
        return UNet2DConditionModel(
            in_channels=shape.in_channels,
            out_channels=shape.out_channels,
            block_out_channels=shape.block_channels,
            layers_per_block=shape.layers_per_block,
            down_block_types=tuple("CrossAttnDownBlock2D" if here else "DownBlock2D" for here in attends),
            up_block_types=tuple("CrossAttnUpBlock2D" if here else "UpBlock2D" for here in reversed(attends)),
            # The middle block takes its depth from the last level's, which has none of its own in SD 1.x and 2.x.
            transformer_layers_per_block=(*shape.transformer_depth[:-1], shape.mid_depth),
            cross_attention_dim=shape.context_width,
            attention_head_dim=shape.heads,  # the number of heads, under the name it was given by mistake
            use_linear_projection=shape.linear_projection,
            class_embed_type="projection" if shape.label_width else None,
            projection_class_embeddings_input_dim=shape.label_width,
            num_class_embeds=shape.label_classes,
            only_cross_attention=tuple(level in shape.cross_only for level in range(len(attends))),
        )


def unet_source(shape: UNetShape, layout: Layout) -> Callable[[str], Source]:
    """Where each of `build_unet`'s parameters is in a file of that layout."""
    if layout == "diffusers":
        return lambda name: Source(name.replace("class_embedding.linear", "add_embedding.linear"))
    return lambda name: Source(_ldm_name(name, shape.layers_per_block, shape.transformer_depth))


# diffusers' names of what a residual block holds -> LDM's
_RESIDUAL = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
_OUTSIDE = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "class_embedding": "label_emb",
    "class_embedding.linear_1": "label_emb.0.0",
    "class_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
_BLOCK = re.compile(r"(down|mid|up)_blocks?\.(?:(\d+)\.)?(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.+)")


def _ldm_name(name: str, layers: int, depth: tuple[int, ...]) -> str:
    """LDM numbers all blocks of a way (down, up) through; a level's attention follows its residual block."""
    found = _BLOCK.fullmatch(name)
    if not found:
        module, _, leaf = name.rpartition(".")
        return f"{_OUTSIDE[module]}.{leaf}"
    way, level, kind, index, rest = found[1], int(found[2] or 0), found[3], int(found[4]), found[5]
    if kind == "resnets":
        inner, _, leaf = rest.rpartition(".")
        rest = f"{_RESIDUAL[inner]}.{leaf}"
    if way == "mid":
        return f"middle_block.{2 * index if kind == 'resnets' else 1}.{rest}"
    first = level * (layers + 1)  # on the way down a level ends in its downsampler, on the way up it has a third block
    if kind == "downsamplers":
        return f"input_blocks.{first + layers + 1}.0.{rest.replace('conv', 'op')}"
    if kind == "upsamplers":
        place = 2 if depth[-1 - level] else 1
        return f"output_blocks.{first + layers}.{place}.{rest}"
    block = f"input_blocks.{first + index + 1}" if way == "down" else f"output_blocks.{first + index}"
    return f"{block}.{0 if kind == 'resnets' else 1}.{rest}"
