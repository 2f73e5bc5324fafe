"""The denoiser's equation (Rombach et al. 2022, arXiv:2112.10752), run over the modules that diffusers builds.

diffusers' own `forward` asks at every block which of its many variants it is, which on small pictures takes a sixth
of the time; here the one that Stable Diffusion uses is written out, operation for operation.
"""

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor

if TYPE_CHECKING:
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

Block = Any
"""A module of diffusers, which has no types."""


def run_unet(
    network: "UNet2DConditionModel", x: Tensor, timestep: Tensor, context: Tensor, label: Tensor | None
) -> Tensor:
    """Run a denoiser that `build_unet` has built.

    Args:
        network: Its weights.
        x: Scaled noisy latents and what else the network sees, [B, in_channels, h, w]; h and w of any size. Fewer
            than prompts are repeated, in rounds of all, where prompts first make a difference.
        timestep: The network's clock [1] or [B], float32.
        context: Encoded prompts [N, T, W], N a multiple of B.
        label: Pooled prompts and sizes [N, L], for networks that take them.

    Returns:
        What the network predicts [N, out_channels, h, w].
    """
    timestep = timestep.repeat(len(context) // len(timestep))
    embedded = network.time_embedding(network.time_proj(timestep).to(x.dtype))
    if label is not None:
        x = _rounds(x, len(context))
        embedded = embedded + network.class_embedding(label)
    embedded = F.silu(embedded)  # every residual block begins with it
    x = network.conv_in(x)
    skips = [x]
    for block in network.down_blocks:
        for resnet, attention in _layers(block):
            x = _residual(resnet, x, embedded)
            if attention is not None:
                x, *skips = (_rounds(each, len(context)) for each in (x, *skips))
                x = _attend(attention, x, context)
            skips.append(x)
        if block.downsamplers is not None:
            x = block.downsamplers[0].conv(x)
            skips.append(x)
    x, *skips = (_rounds(each, len(context)) for each in (x, *skips))
    middle = network.mid_block
    x = _residual(middle.resnets[0], x, embedded)
    x = _attend(middle.attentions[0], x, context)
    x = _residual(middle.resnets[1], x, embedded)
    for block in network.up_blocks:
        for resnet, attention in _layers(block):
            x = _residual(resnet, torch.cat([x, skips.pop()], dim=1), embedded)
            x = x if attention is None else _attend(attention, x, context)
        if block.upsamplers is not None:
            # as large as what comes next from the way down: odd sides were rounded up when they were halved
            x = block.upsamplers[0].conv(F.interpolate(x, size=skips[-1].shape[2:], mode="nearest"))
    result: Tensor = network.conv_out(F.silu(network.conv_norm_out(x)))
    return result


def _rounds(x: Tensor, count: int) -> Tensor:
    """Latents repeated, all of them in turn, to make `count`."""
    return x if len(x) == count else x.repeat(count // len(x), 1, 1, 1)


def _layers(block: Block) -> list[tuple[Block, Block | None]]:
    """A level's residual blocks, each with the attention after it."""
    attentions = block.attentions if getattr(block, "has_cross_attention", False) else [None] * len(block.resnets)
    return list(zip(block.resnets, attentions, strict=True))


def _residual(block: Block, x: Tensor, embedded: Tensor) -> Tensor:  # [B, C, h, w], [N, E] -> [B, C', h, w]
    inner: Tensor = block.conv1(F.silu(block.norm1(x)))
    inner = inner + block.time_emb_proj(embedded)[: len(x), :, None, None]
    inner = block.conv2(F.silu(block.norm2(inner)))
    return inner + (x if block.conv_shortcut is None else block.conv_shortcut(x))


def _attend(block: Block, x: Tensor, context: Tensor) -> Tensor:  # [B, C, h, w] -> [B, C, h, w]
    inner: Tensor = block.norm(x)
    if block.use_linear_projection:
        inner = block.proj_in(inner.flatten(2).transpose(1, 2))
    else:
        inner = block.proj_in(inner).flatten(2).transpose(1, 2)
    for layer in block.transformer_blocks:
        inner = _transform(layer, inner, context)
    if block.use_linear_projection:
        inner = block.proj_out(inner).transpose(1, 2).reshape(x.shape)
    else:
        inner = block.proj_out(inner.transpose(1, 2).reshape(x.shape))
    return x + inner


def _transform(layer: Block, x: Tensor, context: Tensor) -> Tensor:  # [B, h * w, C] -> [B, h * w, C]
    own = layer.norm1(x)
    x = x + _attention(layer.attn1, own, own)
    x = x + _attention(layer.attn2, layer.norm2(x), context)
    inner, gate = layer.ff.net[0].proj(layer.norm3(x)).chunk(2, dim=-1)
    fed: Tensor = layer.ff.net[2](inner * F.gelu(gate))
    return x + fed


def _attention(attention: Block, x: Tensor, context: Tensor) -> Tensor:  # [B, N, C], [B, T, W] -> [B, N, C]
    q = attention.to_q(x).unflatten(-1, (attention.heads, -1)).transpose(1, 2)
    k = attention.to_k(context).unflatten(-1, (attention.heads, -1)).transpose(1, 2)
    v = attention.to_v(context).unflatten(-1, (attention.heads, -1)).transpose(1, 2)
    mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
    result: Tensor = attention.to_out[0](mixed)
    return result
