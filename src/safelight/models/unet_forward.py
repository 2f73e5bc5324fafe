"""The denoiser's equation (Rombach et al. 2022, arXiv:2112.10752), run over the modules that diffusers builds.

diffusers' own `forward` asks at every block which of its many variants it is, which on small pictures takes a sixth
of the time; here the one that Stable Diffusion uses is written out, operation for operation, with the places at which
patches and controls come in.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from safelight.diffusion.control import Residuals, steer
from safelight.models.memory.pieces import attention_in_pieces, in_pieces
from safelight.models.patches import UNPATCHED, AroundAttention, AroundMix, Asked, AtBlock, Mix, Patches, Site

if TYPE_CHECKING:
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel

Block = Any
"""A module of diffusers, which has no types."""

NO_RESIDUALS = Residuals()


def run_unet(
    network: "UNet2DConditionModel",
    x: Tensor,
    timestep: Tensor,
    context: Tensor,
    label: Tensor | None,
    *,
    residuals: Residuals = NO_RESIDUALS,
    patches: Patches = UNPATCHED,
    asked: Asked | None = None,
    split: bool = False,
    recompute: bool = False,
) -> Tensor:
    """Run a denoiser that `build_unet` has built.

    Args:
        network: Its weights.
        x: Scaled noisy latents and what else the network sees, [B, in_channels, h, w]; h and w of any size. Fewer
            than prompts are repeated, in rounds of all, where prompts first make a difference.
        timestep: The network's clock [1] or [B], float32.
        context: Encoded prompts [N, T, W], N a multiple of B.
        label: Pooled prompts and sizes [N, L], or rows of a table [N], for networks that take them.
        residuals: What is added inside, for batches of N or 1.
        patches: What is called at places inside; those around the whole network are the caller's.
        asked: The call as patches see it; needed where there are any.
        split: Whether to work on transformers in pieces, which takes less memory and longer.
        recompute: Whether blocks forget what they made on their way and make it again for the gradients (Chen et al.
            2016, arXiv:1604.06174), which takes less memory and a third longer.

    Returns:
        What the network predicts [N, out_channels, h, w].
    """
    return _Pass(network, context, residuals, patches, asked, split=split, recompute=recompute).run(x, timestep, label)


class _Pass:
    """One run through the network: what is the same at every place of it."""

    def __init__(
        self,
        network: "UNet2DConditionModel",
        context: Tensor,
        residuals: Residuals,
        patches: Patches,
        asked: Asked | None,
        *,
        split: bool,
        recompute: bool,
    ) -> None:
        self.network = network
        self.context = context
        self.residuals = residuals
        self.patches = patches
        self.asked = asked
        self.split = split
        self.again: Callable[..., Tensor] = partial(checkpoint, use_reentrant=False) if recompute else _once
        self.mix: Mix = attention_in_pieces if split else F.scaled_dot_product_attention

    def run(self, x: Tensor, timestep: Tensor, label: Tensor | None) -> Tensor:
        network, count = self.network, len(self.context)
        timestep = timestep.repeat(count // len(timestep))
        embedded = network.time_embedding(network.time_proj(timestep).to(x.dtype))
        if label is not None:
            x = _rounds(x, count)
            embedded = embedded + network.class_embedding(label)
        embedded = F.silu(embedded)  # every residual block begins with it
        skips: list[Tensor] = []
        x = self._keep(network.conv_in(x), skips)
        for block in network.down_blocks:
            for resnet, attention in _layers(block):
                x = self.again(_residual, resnet, x, embedded)
                if attention is not None:
                    x, *skips = (_rounds(each, count) for each in (x, *skips))
                    x = self._attend(attention, x, "down", len(skips))
                x = self._keep(x, skips)
            if block.downsamplers is not None:
                x = self._keep(block.downsamplers[0].conv(x), skips)
        x, *skips = (_rounds(each, count) for each in (x, *skips))
        middle = network.mid_block
        x = self.again(_residual, middle.resnets[0], x, embedded)
        x = self._attend(middle.attentions[0], x, "middle", 0)
        x = self.again(_residual, middle.resnets[1], x, embedded)
        x = steer(x, self.residuals.middle)
        number = 0
        for block in network.up_blocks:
            for resnet, attention in _layers(block):
                skip = skips.pop()
                if self.residuals.skips:
                    skip = steer(skip, self.residuals.skips[len(skips)])
                for change in self.patches.up:
                    x, skip = change(self._site("up", number, x), x, skip)
                x = self.again(_residual, resnet, torch.cat([x, skip], dim=1), embedded)
                x = x if attention is None else self._attend(attention, x, "up", number)
                number += 1
            if block.upsamplers is not None:
                # as large as what comes next from the way down: odd sides were rounded up when they were halved
                x = block.upsamplers[0].conv(F.interpolate(x, size=skips[-1].shape[2:], mode="nearest"))
        result: Tensor = network.conv_out(F.silu(network.conv_norm_out(x)))
        return result

    def _keep(self, x: Tensor, skips: list[Tensor]) -> Tensor:
        """Hand what a block on the way down gave over to the way up."""
        number = len(skips)
        if self.residuals.entering:
            x = _steered_rounds(x, self.residuals.entering[number])
        x = self._changed(self.patches.down, x, number)
        skips.append(x)
        return self._changed(self.patches.kept, x, number)

    def _changed(self, patches: tuple[AtBlock, ...], x: Tensor, number: int) -> Tensor:
        for change in patches:
            x = change(self._site("down", number, x), x)
        return x

    def _site(self, way: Literal["down", "middle", "up"], number: int, x: Tensor, layer: int = 0) -> Site:
        assert self.asked is not None, "patches are given with the call that they see"
        height, width = x.shape[-2:]
        return Site(self.asked, way, number, layer, (height, width))

    def _attend(self, block: Block, x: Tensor, way: Literal["down", "middle", "up"], number: int) -> Tensor:
        """A spatial transformer, [N, C, h, w] -> [N, C, h, w]."""
        inner: Tensor = block.norm(x)
        if block.use_linear_projection:
            inner = block.proj_in(inner.flatten(2).transpose(1, 2))
        else:
            inner = block.proj_in(inner).flatten(2).transpose(1, 2)
        for index, layer in enumerate(block.transformer_blocks):
            site = None if self.patches is UNPATCHED else self._site(way, number, x, index)
            inner = self.again(self._transform, layer, inner, site)
        if block.use_linear_projection:
            inner = block.proj_out(inner).transpose(1, 2).reshape(x.shape)
        else:
            inner = block.proj_out(inner.transpose(1, 2).reshape(x.shape))
        return x + inner

    def _transform(self, layer: Block, x: Tensor, site: Site | None) -> Tensor:  # [N, h * w, C] -> [N, h * w, C]
        patches = self.patches
        own = layer.norm1(x)
        if layer.only_cross_attention:
            x = x + _attention(layer.attn1, self.mix, own, self.context, None, (), ())
        else:
            x = x + _attention(layer.attn1, self.mix, own, own, site, patches.self_attention, patches.self_mix)
        if site is not None:
            for change in patches.between:
                x = change(site, x)
        asking = layer.norm2(x)
        around, around_mix = patches.cross_attention, patches.cross_mix
        x = x + _attention(layer.attn2, self.mix, asking, self.context, site, around, around_mix)
        feed = partial(_feed, layer.ff.net)
        return x + (in_pieces(feed, layer.norm3(x)) if self.split else feed(layer.norm3(x)))


def _once(run: Callable[..., Tensor], *inputs: Any) -> Tensor:
    return run(*inputs)


def _rounds(x: Tensor, count: int) -> Tensor:
    """Latents repeated, all of them in turn, to make `count`."""
    return x if len(x) == count else x.repeat(count // len(x), 1, 1, 1)


def _steered_rounds(x: Tensor, residual: Tensor | None) -> Tensor:
    """`x` with a residual added, repeated first where the residual is for more."""
    if residual is None:
        return x
    return steer(_rounds(x, max(len(x), len(residual))), residual)


def _layers(block: Block) -> list[tuple[Block, Block | None]]:
    """A level's residual blocks, each with the attention after it."""
    attentions = block.attentions if getattr(block, "has_cross_attention", False) else [None] * len(block.resnets)
    return list(zip(block.resnets, attentions, strict=True))


def _residual(block: Block, x: Tensor, embedded: Tensor) -> Tensor:  # [B, C, h, w], [N, E] -> [B, C', h, w]
    inner: Tensor = block.conv1(F.silu(block.norm1(x)))
    inner = inner + block.time_emb_proj(embedded)[: len(x), :, None, None]
    inner = block.conv2(F.silu(block.norm2(inner)))
    return inner + (x if block.conv_shortcut is None else block.conv_shortcut(x))


def _feed(net: Block, x: Tensor) -> Tensor:  # [N, T, C] -> [N, T, C]
    inner, gate = net[0].proj(x).chunk(2, dim=-1)
    fed: Tensor = net[2](inner * F.gelu(gate))
    return fed


def _attention(
    attention: Block,
    mix: Mix,
    x: Tensor,
    context: Tensor,
    site: Site | None,
    around: tuple[AroundAttention, ...],
    around_mix: tuple[AroundMix, ...],
) -> Tensor:  # [N, T, C], [N, S, W] -> [N, T, C]
    if site is None or not (around or around_mix):
        return _plain_attention(attention, mix, x, context, context)
    for change_mix in around_mix:
        mix = partial(change_mix, site, mix)
    attend = partial(_plain_attention, attention, mix)
    for change in around:
        attend = partial(change, site, attend)
    return attend(x, context, context)


def _plain_attention(attention: Block, mix: Mix, x: Tensor, key_input: Tensor, value_input: Tensor) -> Tensor:
    q = attention.to_q(x).unflatten(-1, (attention.heads, -1)).transpose(1, 2)
    k = attention.to_k(key_input).unflatten(-1, (attention.heads, -1)).transpose(1, 2)
    v = attention.to_v(value_input).unflatten(-1, (attention.heads, -1)).transpose(1, 2)
    mixed = mix(q, k, v).transpose(1, 2).flatten(2)
    result: Tensor = attention.to_out[0](mixed)
    return result
