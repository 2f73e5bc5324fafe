"""Sizes of networks, read off the names and shapes of their tensors."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count

from safelight.errors import BadInput
from safelight.families.base import TowerName
from safelight.families.shapes import Layout, TextShape, UNetShape, VaeShape

CHANNELS_PER_HEAD = 64  # of attention entered by linear maps, and of the text towers
HEADS = 8  # of SD 1.x, and of SD 2.x's upscaler at every level


@dataclass(frozen=True)
class Shapes:
    """The shapes of one network's tensors, by their names within it; `file` is for errors."""

    file: str
    network: str
    sizes: Mapping[str, tuple[int, ...]]

    def size(self, name: str, axis: int) -> int:
        """One size of a tensor that the network cannot do without."""
        try:
            return self.sizes[name][axis]
        except (KeyError, IndexError):
            raise self.odd(f"{name} is missing or misshapen") from None

    def optional_size(self, name: str, axis: int) -> int | None:
        """One size of a tensor that some of these networks have."""
        return self.size(name, axis) if name in self.sizes else None

    def count(self, pattern: str) -> int:
        """How many of the names `pattern.format(0)`, `pattern.format(1)`, … there are in a row."""
        number = 0
        while pattern.format(number) in self.sizes:
            number += 1
        return number

    def odd(self, how: str) -> BadInput:
        """An error for a network that is not built as its family is."""
        return BadInput(
            f"The {self.network} in {self.file} is incomplete or of an unknown build: {how}.",
            mend="Use another version of this model; trimmed and distilled denoisers are not supported yet.",
        )


@dataclass(frozen=True)
class _Layer:
    """A residual block, and the transformer blocks after it."""

    channels: int
    depth: int
    cross_only: bool


def unet_shape(shapes: Shapes, layout: Layout) -> UNetShape:
    """Sizes of a denoiser, from the names and shapes of its tensors."""
    shape = encoder_shape(shapes, layout)
    levels, per_level = len(shape.block_channels), shape.layers_per_block + 1
    if layout == "ldm":
        last, rising = "out.2", [_ldm_layer(shapes, f"output_blocks.{n}") for n in range(levels * per_level)]
    else:
        last, rising = "conv_out", [layer for level in _diffusers_levels(shapes, "up") for layer in level]
    falling = [
        _Layer(channels, depth, level in shape.cross_only)
        for level, (channels, depth) in enumerate(zip(shape.block_channels, shape.transformer_depth, strict=True))
    ]
    if rising != [layer for layer in reversed(falling) for _ in range(per_level)]:
        raise shapes.odd("its way up is not built like its way down")
    if not shape.mid_depth:
        raise shapes.odd("its middle has no attention")
    return replace(shape, out_channels=shapes.size(f"{last}.weight", 0))


def encoder_shape(shapes: Shapes, layout: Layout) -> UNetShape:
    """Sizes of a denoiser of which there need only be the way down and the middle, as in ControlNets.

    Reduced ones may have no attention in the middle, or none at all: `mid_depth` or `context_width` are 0 then.
    """
    if layout == "ldm":
        levels, first, middle = _ldm_levels(shapes), "input_blocks.0.0", "middle_block.1"
        label, classes = "label_emb.0.0", "label_emb"
    else:
        levels, first, middle = _diffusers_levels(shapes, "down"), "conv_in", "mid_block.attentions.0"
        label, classes = "add_embedding.linear_1", "class_embedding"
    if not levels or not all(levels):
        raise shapes.odd("its levels cannot be told apart")
    per_level = len(levels[0])
    if any(layers != [layers[0]] * per_level for layers in levels):
        raise shapes.odd("its levels are not built evenly")
    channels = tuple(layers[0].channels for layers in levels)
    entry, keys = (_of_attention(shapes, ending) for ending in ("proj_in.weight", "attn2.to_k.weight"))
    linear = entry is None or len(shapes.sizes[entry]) == 2
    label_classes = shapes.optional_size(f"{classes}.weight", 0)
    per_head = linear and label_classes is None
    return UNetShape(
        in_channels=shapes.size(f"{first}.weight", 1),
        out_channels=shapes.size(f"{first}.weight", 1),
        block_channels=channels,
        layers_per_block=per_level,
        transformer_depth=tuple(layers[0].depth for layers in levels),
        mid_depth=shapes.count(f"{middle}.transformer_blocks.{{}}.norm1.weight"),
        context_width=shapes.size(keys, 1) if keys else 0,
        heads=tuple(max(1, width // CHANNELS_PER_HEAD) if per_head else HEADS for width in channels),
        linear_projection=linear,
        label_width=shapes.optional_size(f"{label}.weight", 1),
        label_classes=label_classes,
        cross_only=tuple(level for level, layers in enumerate(levels) if layers[0].cross_only),
    )


def vae_shape(shapes: Shapes, layout: Layout) -> VaeShape:
    """Sizes of an image autoencoder, from the names and shapes of its tensors."""
    level, block = ("down.{}.block", "conv2") if layout == "ldm" else ("down_blocks.{}.resnets", "conv2")
    levels = shapes.count(f"encoder.{level}.0.{block}.weight")
    return VaeShape(
        block_channels=tuple(shapes.size(f"encoder.{level.format(n)}.0.{block}.weight", 0) for n in range(levels)),
        layers_per_block=shapes.count(f"encoder.{level.format(0)}.{{}}.{block}.weight"),
        latent_channels=shapes.size("decoder.conv_in.weight", 1),
        quant_conv="quant_conv.weight" in shapes.sizes,
    )


def text_shape(shapes: Shapes, layout: Layout, tower: TowerName) -> TextShape:
    """Sizes of a text tower, from the names and shapes of its tensors."""
    if layout == "openclip":
        tokens, positions, projection = "token_embedding.weight", "positional_embedding", ("text_projection", 1)
        block, inner = "transformer.resblocks", "mlp.c_fc.weight"
    else:
        tokens, positions = "embeddings.token_embedding.weight", "embeddings.position_embedding.weight"
        block, inner, projection = "encoder.layers", "mlp.fc1.weight", ("text_projection.weight", 0)
    width = shapes.size(tokens, 1)
    layers = shapes.count(f"{block}.{{}}.{inner}")
    return TextShape(
        tower=tower,
        width=width,
        layers=layers,
        heads=max(1, width // CHANNELS_PER_HEAD),
        intermediate=shapes.size(f"{block}.0.{inner}", 0),
        vocabulary=shapes.size(tokens, 0),
        positions=shapes.size(positions, 0),
        activation="quick_gelu" if tower == "l" else "gelu",
        projection=shapes.optional_size(*projection),
        layers_left_out=1 if (tower, width, layers) == ("h", 1024, 23) else 0,
    )


def _ldm_levels(shapes: Shapes) -> list[list[_Layer]]:
    """The way down."""
    levels: list[list[_Layer]] = [[]]
    for block in count(1):
        if f"input_blocks.{block}.0.op.weight" in shapes.sizes:
            levels.append([])
        elif f"input_blocks.{block}.0.out_layers.3.weight" in shapes.sizes:
            levels[-1].append(_ldm_layer(shapes, f"input_blocks.{block}"))
        else:
            break
    return levels


def _ldm_layer(shapes: Shapes, block: str) -> _Layer:
    return _layer(shapes, f"{block}.0.out_layers.3", f"{block}.1")


def _diffusers_levels(shapes: Shapes, way: str) -> list[list[_Layer]]:
    """The way down or up."""
    return [
        [
            _layer(shapes, f"{way}_blocks.{level}.resnets.{n}.conv2", f"{way}_blocks.{level}.attentions.{n}")
            for n in range(shapes.count(f"{way}_blocks.{level}.resnets.{{}}.conv2.weight"))
        ]
        for level in range(shapes.count(f"{way}_blocks.{{}}.resnets.0.conv2.weight"))
    ]


def _layer(shapes: Shapes, convolution: str, attention: str) -> _Layer:
    channels = shapes.size(f"{convolution}.weight", 0)
    # self-attention reads as many features as there are channels
    read = shapes.optional_size(f"{attention}.transformer_blocks.0.attn1.to_k.weight", 1)
    depth = shapes.count(f"{attention}.transformer_blocks.{{}}.norm1.weight")
    return _Layer(channels, depth, cross_only=read not in (None, channels))


def _of_attention(shapes: Shapes, ending: str) -> str | None:
    """The name of some tensor that every attention has."""
    return next((name for name in shapes.sizes if name.endswith(ending)), None)
