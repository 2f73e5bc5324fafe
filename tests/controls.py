"""Tiny random ControlNets and T2I-Adapters in the layouts that real files have, and diffusers' own to compare with."""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors.torch import save_file
from torch import Tensor

from safelight.families.shapes import UNetShape
from tests import tiny

Layout = Literal["ldm", "ldm without a prefix", "diffusers"]
LAYOUTS: tuple[Layout, ...] = ("ldm", "ldm without a prefix", "diffusers")
HINT_WIDTHS = (16, 32, 96, 256)
TYPES = 6


def controlnet_tensors(shape: UNetShape, layout: Layout, seed: int = 0) -> dict[str, Tensor]:
    """A ControlNet as a file of that layout has it."""
    if layout == "diffusers":
        return drawn(named(reference_controlnet(shape)), seed)
    prefix = "control_model." if layout == "ldm" else ""
    return {prefix + name: tensor for name, tensor in drawn(ldm_names(shape), seed).items()}


def reference_controlnet(shape: UNetShape, tensors: Mapping[str, Tensor] | None = None, **options: Any) -> Any:
    """diffusers' ControlNet, with the numbers of a file if given, converted by diffusers itself."""
    from diffusers.loaders.single_file_utils import convert_controlnet_checkpoint  # noqa: PLC0415 (slow to import)
    from diffusers.models.controlnets.controlnet import ControlNetModel  # noqa: PLC0415

    network: Any = ControlNetModel(**_sizes(shape), **options)
    if tensors is not None:
        table = {name: tensor.float() for name, tensor in tensors.items() if tensor.ndim}
        if not any("controlnet_cond_embedding" in name for name in table):
            label = {
                f"add_embedding.linear_{n}.{leaf}": tensor
                for n, place in ((1, "0.0"), (2, "0.2"))
                for leaf in ("weight", "bias")
                for name, tensor in table.items()
                if name.endswith(f"label_emb.{place}.{leaf}")
            }  # diffusers leaves them out
            table = convert_controlnet_checkpoint(table, dict(network.config)) | label
        network.load_state_dict(table)
    return network.eval().requires_grad_(False)


def reference_union(shape: UNetShape) -> Any:
    """diffusers' union ControlNet."""
    from diffusers.models.controlnets.controlnet_union import ControlNetUnionModel  # noqa: PLC0415

    width = shape.block_channels[0]
    network: Any = ControlNetUnionModel(
        **_sizes(shape), num_control_type=TYPES, num_trans_channel=width, num_proj_channel=width
    )
    network.load_state_dict(drawn(named(network)))
    return network.eval().requires_grad_(False)


def ldm_names(shape: UNetShape) -> Iterable[tuple[str, tuple[int, ...]]]:
    """Names and shapes of a ControlNet as Zhang et al.'s code writes them."""
    width, outputs = shape.block_channels[0], [shape.block_channels[0]]
    for name, size in tiny.ldm_unet_names(shape):
        if not name.startswith(("output_blocks.", "out.")):
            yield name, size
            if name.endswith((".out_layers.3.weight", ".op.weight")) and name.startswith("input_blocks."):
                outputs.append(size[0])
    chain = (3, 16, 16, 32, 32, 96, 96, 256, width)
    convolutions = [
        *((f"zero_convs.{n}.0", out, out, 1) for n, out in enumerate(outputs)),
        ("middle_block_out.0", outputs[-1], outputs[-1], 1),
        *((f"input_hint_block.{2 * n}", chain[n + 1], chain[n], 3) for n in range(len(chain) - 1)),
    ]
    for name, out, into, kernel in convolutions:
        yield f"{name}.weight", (out, into, kernel, kernel)
        yield f"{name}.bias", (out,)


def named(network: torch.nn.Module) -> Iterable[tuple[str, tuple[int, ...]]]:
    """Names and shapes of a network's tensors."""
    return ((name, tuple(tensor.shape)) for name, tensor in network.state_dict().items())


def drawn(names: Iterable[tuple[str, tuple[int, ...]]], seed: int = 0) -> dict[str, Tensor]:
    """Random tensors that keep activations of order one."""
    generator = torch.Generator().manual_seed(seed)
    return {name: _numbers(name, shape, generator) for name, shape in names}


def write(path: Path, tensors: Mapping[str, Tensor]) -> Path:
    """Write a file; a `.pth` path makes it a pickle."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".safetensors":
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path)
    else:
        torch.save(dict(tensors), path)
    return path


def _numbers(name: str, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    numbers = torch.randn(shape, generator=generator)
    if len(shape) < 2:
        return 1 + 0.05 * numbers if name.endswith("weight") else 0.02 * numbers
    return numbers / math.sqrt(numbers[0].numel())


def _sizes(shape: UNetShape) -> dict[str, Any]:
    depth = shape.transformer_depth
    return {
        "block_out_channels": shape.block_channels,
        "layers_per_block": shape.layers_per_block,
        "down_block_types": tuple("CrossAttnDownBlock2D" if d else "DownBlock2D" for d in depth),
        "transformer_layers_per_block": [*(max(d, 1) for d in depth[:-1]), max(shape.mid_depth, 1)],
        "attention_head_dim": list(shape.heads),  # diffusers' name for the number of heads
        "cross_attention_dim": shape.context_width or 64,
        "use_linear_projection": shape.linear_projection,
        "addition_embed_type": "text_time" if shape.label_width else None,
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": shape.label_width,
        "conditioning_embedding_out_channels": HINT_WIDTHS,
    }
