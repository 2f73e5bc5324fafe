"""The image autoencoder's network: built from its sizes, named as its file names it."""

import re
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

import torch

from safelight.families.shapes import Layout, VaeShape
from safelight.models.assemble import Source

if TYPE_CHECKING:
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL


def build_vae(shape: VaeShape) -> "AutoencoderKL":
    """An image autoencoder without weights, on the meta device."""
    # Imported late: it takes longer than everything else here.
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL  # noqa: PLC0415

    levels = len(shape.block_channels)
    with torch.device("meta"):
        return AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * levels,
            up_block_types=("UpDecoderBlock2D",) * levels,
            block_out_channels=shape.block_channels,
            layers_per_block=shape.layers_per_block,
            latent_channels=shape.latent_channels,
            use_quant_conv=shape.quant_conv,
            use_post_quant_conv=shape.quant_conv,
        )


def vae_source(shape: VaeShape, layout: Layout, stored: Collection[str]) -> Callable[[str], Source]:
    """Where each of `build_vae`'s parameters is in a file of that layout.

    Args:
        shape: The network's sizes.
        layout: `ldm` or `diffusers`.
        stored: The file's own names, which tell how old a `diffusers` file is.
    """
    if layout == "ldm":
        return lambda name: Source(_rename(name, _LDM, len(shape.block_channels)))
    old = any(name.endswith("proj_attn.weight") for name in stored)
    return lambda name: Source(_rename(name, _OLD_ATTENTION, 0) if old else name)


_Rules = tuple[tuple[re.Pattern[str], str], ...]
_LDM: _Rules = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"down_blocks\.(\d+)\.resnets\.", r"down.\1.block."),
        (r"down_blocks\.(\d+)\.downsamplers\.0", r"down.\1.downsample"),
        (r"up_blocks\.(\d+)\.resnets\.", r"up.\1.block."),
        (r"up_blocks\.(\d+)\.upsamplers\.0", r"up.\1.upsample"),
        (r"mid_block\.resnets\.0", "mid.block_1"),
        (r"mid_block\.resnets\.1", "mid.block_2"),
        (r"mid_block\.attentions\.0", "mid.attn_1"),
        (r"conv_shortcut", "nin_shortcut"),
        (r"conv_norm_out", "norm_out"),
        (r"group_norm", "norm"),
        (r"to_([qkv])\.", r"\1."),
        (r"to_out\.0", "proj_out"),
    )
)
_OLD_ATTENTION: _Rules = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"to_q\.", "query."),
        (r"to_k\.", "key."),
        (r"to_v\.", "value."),
        (r"to_out\.0", "proj_attn"),
    )
)
_UP = re.compile(r"\.up\.(\d+)\.")


def _rename(name: str, rules: _Rules, levels: int) -> str:
    """Apply all rules; LDM numbers the decoder's levels from the finest, diffusers from the coarsest."""
    for pattern, replacement in rules:
        name = pattern.sub(replacement, name)
    return _UP.sub(lambda found: f".up.{levels - 1 - int(found[1])}.", name)
