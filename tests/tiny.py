"""Tiny random checkpoints in the layouts that real files have, for every supported kind.

The numbers keep activations of order one: matrices have variance 1/fan-in, the last map of a residual branch
is small, and each tensor is drawn from a generator of its own, so that a file does not depend on its order.
"""

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch
from safetensors.torch import save_file
from torch import Tensor

from safelight.families.shapes import TextShape, UNetShape, VaeShape

Kind = Literal[
    "sd1",
    "sd1-inpaint",
    "sd1-ip2p",
    "sd2",
    "sd2-v",
    "sd2_x4-v",
    "sdxl",
    "sdxl-v-ztsnr",
    "sdxl-inpaint",
    "sdxl-ip2p",
    "refiner",
]
Named = Iterator[tuple[str, tuple[int, ...]]]

VOCABULARY = 49408
POSITIONS = 77
BRANCH_ENDS = ("out_layers.3.", "to_out.0.", "ff.net.2.", "proj_out.", "conv2.", "out_proj.", "fc2.", "c_proj.")

VAE = VaeShape(block_channels=(32, 32, 64, 64), layers_per_block=1, latent_channels=4, quant_conv=True)
SMALL_VAE = replace(VAE, block_channels=(32, 32, 64))
CLIP_L = TextShape("l", 64, 2, 1, 256, VOCABULARY, POSITIONS, "quick_gelu", None)
CLIP_H = TextShape("h", 64, 3, 1, 256, VOCABULARY, POSITIONS, "gelu", 64)
CLIP_G = TextShape("g", 128, 2, 2, 512, VOCABULARY, POSITIONS, "gelu", 128)

SD1_UNET = UNetShape(
    in_channels=4,
    out_channels=4,
    block_channels=(32, 64, 64),
    layers_per_block=2,
    transformer_depth=(1, 1, 0),
    mid_depth=1,
    context_width=64,
    heads=(8, 8, 8),
    linear_projection=False,
    label_width=None,
)
SD2_UNET = replace(SD1_UNET, block_channels=(32, 64, 128), heads=(1, 1, 2), linear_projection=True)
SD2_X4_UNET = replace(
    SD2_UNET,
    in_channels=7,
    block_channels=(32, 32, 32, 64),
    transformer_depth=(0, 1, 1, 1),
    heads=(8, 8, 8, 8),
    label_classes=1000,
    cross_only=(1, 2),
)
SDXL_UNET = replace(
    SD2_UNET, transformer_depth=(0, 1, 2), mid_depth=2, context_width=192, label_width=CLIP_G.width + 6 * 256
)
REFINER_UNET = replace(
    SD2_UNET,
    block_channels=(32, 64, 128, 128),
    transformer_depth=(0, 1, 1, 0),
    context_width=128,
    heads=(1, 1, 2, 2),
    label_width=CLIP_G.width + 5 * 256,
)


@dataclass(frozen=True)
class Tiny:
    """A kind of checkpoint: its sizes, where its text towers are kept, and the keys that mark its training.

    `constants` are tensors that such files have and nobody needs.
    """

    unet: UNetShape
    towers: tuple[tuple[str, TextShape], ...]
    markers: tuple[str, ...] = ()
    velocity_norm: bool = False
    vae: VaeShape = VAE
    constants: tuple[str, ...] = ()


_SD1 = (("cond_stage_model.transformer.text_model.", CLIP_L),)
_SD2 = (("cond_stage_model.model.", CLIP_H),)
_SDXL = (("conditioner.embedders.0.transformer.text_model.", CLIP_L), ("conditioner.embedders.1.model.", CLIP_G))
_REFINER = (("conditioner.embedders.0.model.", CLIP_G),)

KINDS: dict[Kind, Tiny] = {
    "sd1": Tiny(SD1_UNET, _SD1),
    "sd1-inpaint": Tiny(replace(SD1_UNET, in_channels=9), _SD1),
    "sd1-ip2p": Tiny(replace(SD1_UNET, in_channels=8), _SD1),
    "sd2": Tiny(SD2_UNET, _SD2),
    "sd2-v": Tiny(SD2_UNET, _SD2, velocity_norm=True),
    "sd2_x4-v": Tiny(SD2_X4_UNET, _SD2, vae=SMALL_VAE, constants=("low_scale_model.betas",)),
    "sdxl": Tiny(SDXL_UNET, _SDXL),
    "sdxl-v-ztsnr": Tiny(SDXL_UNET, _SDXL, markers=("v_pred", "ztsnr")),
    "sdxl-inpaint": Tiny(replace(SDXL_UNET, in_channels=9), _SDXL),
    "sdxl-ip2p": Tiny(replace(SDXL_UNET, in_channels=8), _SDXL),
    "refiner": Tiny(REFINER_UNET, _REFINER),
}


def tiny_checkpoint(
    path: Path,
    kind: Kind,
    *,
    dtype: torch.dtype = torch.float32,
    ema: bool = False,
    vae: bool = True,
    text: bool = True,
    metadata: Mapping[str, str] | None = None,
    seed: int = 0,
) -> Path:
    """Write a whole checkpoint in the LDM layout; a `.ckpt` or `.pt` path makes it a pickle.

    Args:
        path: The file to write.
        kind: What to imitate.
        dtype: Of every weight.
        ema: Whether an averaged copy of the denoiser is put beside it.
        vae: Whether it has an image autoencoder.
        text: Whether it has its text towers.
        metadata: For the header of a safetensors file.
        seed: Other seeds give other numbers under the same names.

    Returns:
        `path`.
    """
    tiny = KINDS[kind]
    unet = _filled(ldm_unet_names(tiny.unet), "model.diffusion_model.", dtype, seed)
    if tiny.velocity_norm:
        name = _last_norm(unet)
        unet[name] = (unet[name].float() * 10).to(dtype)  # spreads the biases as velocity training did
    tensors = dict(unet)
    if ema:
        flat = {name.removeprefix("model.").replace(".", ""): tensor for name, tensor in unet.items()}
        tensors |= {f"model_ema.{name}": tensor.clone() for name, tensor in flat.items()}
        tensors |= {"model_ema.decay": torch.tensor(0.9999), "model_ema.num_updates": torch.tensor(1)}
    if vae:
        tensors |= _filled(ldm_vae_names(tiny.vae), "first_stage_model.", dtype, seed)
    for prefix, shape in tiny.towers if text else ():
        tensors |= tower_tensors(shape, prefix, dtype, seed)
    tensors |= {marker: torch.zeros(0) for marker in tiny.markers}
    tensors |= {constant: torch.zeros(1000) for constant in tiny.constants}
    return _write(path, tensors, metadata)


def tiny_unet(
    path: Path,
    kind: Kind,
    *,
    layout: Literal["ldm", "diffusers"] = "ldm",
    prefix: str = "",
    dtype: torch.dtype = torch.float32,
    seed: int = 0,
) -> Path:
    """Write a denoiser alone; in the `ldm` layout its numbers are those of `tiny_checkpoint`."""
    shape = KINDS[kind].unet
    if layout == "ldm":
        unet = _filled(ldm_unet_names(shape), "model.diffusion_model.", dtype, seed)
        return _write(path, {prefix + name.removeprefix("model.diffusion_model."): t for name, t in unet.items()})
    names = ((name, tuple(tensor.shape)) for name, tensor in diffusers_unet(shape).state_dict().items())
    return _write(path, _filled(names, "", dtype, seed))


def tiny_vae(
    path: Path,
    *,
    layout: Literal["ldm", "diffusers"] = "ldm",
    prefix: str = "",
    dtype: torch.dtype = torch.float32,
    seed: int = 0,
    shape: VaeShape = VAE,
) -> Path:
    """Write an image autoencoder alone; in the `ldm` layout its numbers are those of `tiny_checkpoint`."""
    if layout == "ldm":
        vae = _filled(ldm_vae_names(shape), "first_stage_model.", dtype, seed)
        return _write(path, {prefix + name.removeprefix("first_stage_model."): t for name, t in vae.items()})
    names = ((name, tuple(tensor.shape)) for name, tensor in diffusers_vae(shape).state_dict().items())
    return _write(path, _filled(names, "", dtype, seed))


def tiny_text(
    path: Path,
    shape: TextShape,
    *,
    layout: Literal["transformers", "openclip"] = "transformers",
    prefix: str = "text_model.",
    dtype: torch.dtype = torch.float32,
    seed: int = 0,
) -> Path:
    """Write a text tower alone. A projection of the `transformers` layout stands beside `text_model.`, not in it."""
    names = openclip_names(shape) if layout == "openclip" else transformers_names(shape)
    tensors = _filled(names, "" if layout == "openclip" else prefix, dtype, seed)
    if layout == "transformers" and shape.projection is not None:
        outside = prefix.removesuffix("text_model.")
        tensors |= _filled(iter([("text_projection.weight", (shape.projection, shape.width))]), outside, dtype, seed)
    return _write(path, tensors)


def tower_tensors(shape: TextShape, prefix: str, dtype: torch.dtype, seed: int = 0) -> dict[str, Tensor]:
    """A tower as checkpoints keep it: `l` with the names of transformers, `h` and `g` with OpenCLIP's."""
    if shape.tower == "l":
        ids = torch.arange(shape.positions)[None]
        return _filled(transformers_names(shape), prefix, dtype, seed) | {f"{prefix}embeddings.position_ids": ids}
    return _filled(openclip_names(shape), prefix, dtype, seed) | {f"{prefix}logit_scale": torch.tensor(4.6)}


def diffusers_unet(shape: UNetShape) -> torch.nn.Module:
    """The model that diffusers builds for a shape, with its own random weights."""
    from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel  # noqa: PLC0415 (slow to import)

    depth, mid = shape.transformer_depth, shape.mid_depth
    model: torch.nn.Module = UNet2DConditionModel(
        in_channels=shape.in_channels,
        out_channels=shape.out_channels,
        block_out_channels=shape.block_channels,
        layers_per_block=shape.layers_per_block,
        down_block_types=tuple("CrossAttnDownBlock2D" if d else "DownBlock2D" for d in depth),
        up_block_types=tuple("CrossAttnUpBlock2D" if d else "UpBlock2D" for d in reversed(depth)),
        transformer_layers_per_block=[*(max(d, 1) for d in depth[:-1]), mid],  # the middle block reads the last
        reverse_transformer_layers_per_block=[max(d, 1) for d in reversed(depth)],
        attention_head_dim=list(shape.heads),  # diffusers' name for the number of heads
        cross_attention_dim=shape.context_width,
        use_linear_projection=shape.linear_projection,
        addition_embed_type="text_time" if shape.label_width else None,
        addition_time_embed_dim=256 if shape.label_width else None,
        projection_class_embeddings_input_dim=shape.label_width,
        num_class_embeds=shape.label_classes,
        only_cross_attention=[level in shape.cross_only for level in range(len(depth))],
    )
    return model


def diffusers_vae(shape: VaeShape) -> torch.nn.Module:
    """The model that diffusers builds for a shape, with its own random weights."""
    from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL  # noqa: PLC0415 (slow to import)

    levels = len(shape.block_channels)
    model: torch.nn.Module = AutoencoderKL(
        block_out_channels=shape.block_channels,
        layers_per_block=shape.layers_per_block,
        latent_channels=shape.latent_channels,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
    )
    return model


def ldm_unet_names(shape: UNetShape) -> Named:
    """Names and shapes of a denoiser in the layout of Rombach et al.'s code."""
    channels, time = shape.block_channels, shape.block_channels[0] * 4
    yield from _map("time_embed.0", time, channels[0])
    yield from _map("time_embed.2", time, time)
    if shape.label_width is not None:
        yield from _map("label_emb.0.0", time, shape.label_width)
        yield from _map("label_emb.0.2", time, time)
    if shape.label_classes is not None:
        yield "label_emb.weight", (shape.label_classes, time)
    yield from _map("input_blocks.0.0", channels[0], shape.in_channels, 3)
    width, skips, block = channels[0], [channels[0]], 1
    for level, (channel, depth) in enumerate(zip(channels, shape.transformer_depth, strict=True)):
        for _ in range(shape.layers_per_block):
            yield from _res_block(f"input_blocks.{block}.0", width, channel, time)
            yield from _transformer(f"input_blocks.{block}.1", channel, depth, shape, level)
            width, block = channel, block + 1
            skips.append(width)
        if level < len(channels) - 1:
            yield from _map(f"input_blocks.{block}.0.op", width, width, 3)
            skips.append(width)
            block += 1
    yield from _res_block("middle_block.0", width, width, time)
    yield from _transformer("middle_block.1", width, shape.mid_depth, shape)
    yield from _res_block("middle_block.2", width, width, time)
    block = 0
    for level in reversed(range(len(channels))):
        for layer in range(shape.layers_per_block + 1):
            depth = shape.transformer_depth[level]
            yield from _res_block(f"output_blocks.{block}.0", width + skips.pop(), channels[level], time)
            width = channels[level]
            yield from _transformer(f"output_blocks.{block}.1", width, depth, shape, level)
            if level and layer == shape.layers_per_block:
                yield from _map(f"output_blocks.{block}.{2 if depth else 1}.conv", width, width, 3)
            block += 1
    yield from _norm("out.0", width)
    yield from _map("out.2", shape.out_channels, width, 3)


def ldm_vae_names(shape: VaeShape) -> Named:
    """Names and shapes of an image autoencoder in the layout of Rombach et al.'s code."""
    channels, latent = shape.block_channels, shape.latent_channels
    yield from _map("encoder.conv_in", channels[0], 3, 3)
    width = channels[0]
    for level, channel in enumerate(channels):
        for layer in range(shape.layers_per_block):
            yield from _vae_block(f"encoder.down.{level}.block.{layer}", width, channel)
            width = channel
        if level < len(channels) - 1:
            yield from _map(f"encoder.down.{level}.downsample.conv", width, width, 3)
    yield from _vae_middle("encoder.mid", width)
    yield from _norm("encoder.norm_out", width)
    yield from _map("encoder.conv_out", 2 * latent, width, 3)
    yield from _map("decoder.conv_in", width, latent, 3)
    yield from _vae_middle("decoder.mid", width)
    for level in reversed(range(len(channels))):
        for layer in range(shape.layers_per_block + 1):
            yield from _vae_block(f"decoder.up.{level}.block.{layer}", width, channels[level])
            width = channels[level]
        if level:
            yield from _map(f"decoder.up.{level}.upsample.conv", width, width, 3)
    yield from _norm("decoder.norm_out", width)
    yield from _map("decoder.conv_out", 3, width, 3)
    if shape.quant_conv:
        yield from _map("quant_conv", 2 * latent, 2 * latent, 1)
        yield from _map("post_quant_conv", latent, latent, 1)


def transformers_names(shape: TextShape) -> Named:
    """Names and shapes of a text tower as the transformers library writes it, inside `text_model.`."""
    width = shape.width
    yield "embeddings.token_embedding.weight", (shape.vocabulary, width)
    yield "embeddings.position_embedding.weight", (shape.positions, width)
    for layer in range(shape.layers):
        block = f"encoder.layers.{layer}"
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            yield from _map(f"{block}.self_attn.{name}", width, width)
        yield from _norm(f"{block}.layer_norm1", width)
        yield from _map(f"{block}.mlp.fc1", shape.intermediate, width)
        yield from _map(f"{block}.mlp.fc2", width, shape.intermediate)
        yield from _norm(f"{block}.layer_norm2", width)
    yield from _norm("final_layer_norm", width)


def openclip_names(shape: TextShape) -> Named:
    """Names and shapes of a text tower as OpenCLIP writes it."""
    width = shape.width
    yield "token_embedding.weight", (shape.vocabulary, width)
    yield "positional_embedding", (shape.positions, width)
    for layer in range(shape.layers):
        block = f"transformer.resblocks.{layer}"
        yield from _norm(f"{block}.ln_1", width)
        yield f"{block}.attn.in_proj_weight", (3 * width, width)
        yield f"{block}.attn.in_proj_bias", (3 * width,)
        yield from _map(f"{block}.attn.out_proj", width, width)
        yield from _norm(f"{block}.ln_2", width)
        yield from _map(f"{block}.mlp.c_fc", shape.intermediate, width)
        yield from _map(f"{block}.mlp.c_proj", width, shape.intermediate)
    yield from _norm("ln_final", width)
    if shape.projection is not None:
        yield "text_projection", (width, shape.projection)


def _map(name: str, out: int, into: int, kernel: int | None = None, *, bias: bool = True) -> Named:
    yield f"{name}.weight", (out, into) if kernel is None else (out, into, kernel, kernel)
    if bias:
        yield f"{name}.bias", (out,)


def _norm(name: str, width: int) -> Named:
    yield f"{name}.weight", (width,)
    yield f"{name}.bias", (width,)


def _res_block(name: str, into: int, out: int, time: int) -> Named:
    yield from _norm(f"{name}.in_layers.0", into)
    yield from _map(f"{name}.in_layers.2", out, into, 3)
    yield from _map(f"{name}.emb_layers.1", out, time)
    yield from _norm(f"{name}.out_layers.0", out)
    yield from _map(f"{name}.out_layers.3", out, out, 3)
    if into != out:
        yield from _map(f"{name}.skip_connection", out, into, 1)


def _transformer(name: str, width: int, depth: int, shape: UNetShape, level: int | None = None) -> Named:
    if not depth:
        return
    kernel = None if shape.linear_projection else 1
    own = shape.context_width if level in shape.cross_only else width
    yield from _norm(f"{name}.norm", width)
    yield from _map(f"{name}.proj_in", width, width, kernel)
    for layer in range(depth):
        block = f"{name}.transformer_blocks.{layer}"
        for attention, context in (("attn1", own), ("attn2", shape.context_width)):
            yield from _map(f"{block}.{attention}.to_q", width, width, bias=False)
            yield from _map(f"{block}.{attention}.to_k", width, context, bias=False)
            yield from _map(f"{block}.{attention}.to_v", width, context, bias=False)
            yield from _map(f"{block}.{attention}.to_out.0", width, width)
        yield from _map(f"{block}.ff.net.0.proj", 8 * width, width)
        yield from _map(f"{block}.ff.net.2", width, 4 * width)
        for norm in ("norm1", "norm2", "norm3"):
            yield from _norm(f"{block}.{norm}", width)
    yield from _map(f"{name}.proj_out", width, width, kernel)


def _vae_block(name: str, into: int, out: int) -> Named:
    yield from _norm(f"{name}.norm1", into)
    yield from _map(f"{name}.conv1", out, into, 3)
    yield from _norm(f"{name}.norm2", out)
    yield from _map(f"{name}.conv2", out, out, 3)
    if into != out:
        yield from _map(f"{name}.nin_shortcut", out, into, 1)


def _vae_middle(name: str, width: int) -> Named:
    yield from _vae_block(f"{name}.block_1", width, width)
    yield from _norm(f"{name}.attn_1.norm", width)
    for part in ("q", "k", "v", "proj_out"):
        yield from _map(f"{name}.attn_1.{part}", width, width, 1)
    yield from _vae_block(f"{name}.block_2", width, width)


def _filled(names: Named, prefix: str, dtype: torch.dtype, seed: int) -> dict[str, Tensor]:
    return {prefix + name: _numbers(prefix + name, shape, seed).to(dtype) for name, shape in names}


def _numbers(name: str, shape: tuple[int, ...], seed: int) -> Tensor:
    digest = hashlib.sha256(f"{seed}:{name}".encode()).digest()
    numbers = torch.randn(shape, generator=torch.Generator().manual_seed(int.from_bytes(digest[:7], "big")))
    if len(shape) == 1:
        return 1 + 0.05 * numbers if name.endswith("weight") else 0.02 * numbers
    if "embedding" in name and "time" not in name and "add" not in name:
        return 0.3 * numbers
    gain = 0.3 if any(end in name for end in BRANCH_ENDS) else 1.0
    return numbers * gain / math.sqrt(math.prod(shape[1:]))


def _last_norm(unet: Mapping[str, Tensor]) -> str:
    ends = [name for name in unet if "output_blocks" in name and name.endswith("transformer_blocks.0.norm1.bias")]
    return max(ends, key=lambda name: int(name.split("output_blocks.")[1].split(".")[0]))


def _write(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str] | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".safetensors":
        save_file(dict(tensors), path, {"format": "pt", **(metadata or {})})
    else:
        torch.save({"state_dict": dict(tensors), "global_step": 1}, path)
    return path
