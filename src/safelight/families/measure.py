"""Sizes of networks, read off the names and shapes of their tensors."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count

from safelight.errors import BadInput
from safelight.families.base import TowerName
from safelight.families.shapes import Layout, TextShape, UNetShape, VaeShape

CHANNELS_PER_HEAD = 64  # of attention entered by linear maps, and of the text towers
HEADS_OF_SD1 = 8


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


def unet_shape(shapes: Shapes, layout: Layout) -> UNetShape:
    """Sizes of a denoiser, from the names and shapes of its tensors."""
    return _ldm_unet(shapes) if layout == "ldm" else _diffusers_unet(shapes)


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


def _ldm_unet(shapes: Shapes) -> UNetShape:
    levels: list[list[_Layer]] = [[]]
    for block in count(1):
        if f"input_blocks.{block}.0.op.weight" in shapes.sizes:
            levels.append([])
        elif f"input_blocks.{block}.0.out_layers.3.weight" in shapes.sizes:
            levels[-1].append(_ldm_layer(shapes, f"input_blocks.{block}"))
        else:
            break
    rising = [_ldm_layer(shapes, f"output_blocks.{n}") for n in range(len(levels) * (len(levels[0]) + 1))]
    return _assembled(
        shapes,
        levels,
        rising,
        in_channels=shapes.size("input_blocks.0.0.weight", 1),
        out_channels=shapes.size("out.2.weight", 0),
        mid_depth=shapes.count("middle_block.1.transformer_blocks.{}.norm1.weight"),
        label_width=shapes.optional_size("label_emb.0.0.weight", 1),
    )


def _ldm_layer(shapes: Shapes, block: str) -> _Layer:
    return _Layer(
        shapes.size(f"{block}.0.out_layers.3.weight", 0),
        shapes.count(f"{block}.1.transformer_blocks.{{}}.norm1.weight"),
    )


def _diffusers_unet(shapes: Shapes) -> UNetShape:
    def layers(side: str, level: int) -> list[_Layer]:
        block = f"{side}_blocks.{level}"
        return [
            _Layer(
                shapes.size(f"{block}.resnets.{n}.conv2.weight", 0),
                shapes.count(f"{block}.attentions.{n}.transformer_blocks.{{}}.norm1.weight"),
            )
            for n in range(shapes.count(f"{block}.resnets.{{}}.conv2.weight"))
        ]

    levels = [layers("down", n) for n in range(shapes.count("down_blocks.{}.resnets.0.conv2.weight"))]
    return _assembled(
        shapes,
        levels,
        [layer for n in range(len(levels)) for layer in layers("up", n)],
        in_channels=shapes.size("conv_in.weight", 1),
        out_channels=shapes.size("conv_out.weight", 0),
        mid_depth=shapes.count("mid_block.attentions.0.transformer_blocks.{}.norm1.weight"),
        label_width=shapes.optional_size("add_embedding.linear_1.weight", 1),
    )


def _assembled(
    shapes: Shapes,
    levels: list[list[_Layer]],
    rising: list[_Layer],
    *,
    in_channels: int,
    out_channels: int,
    mid_depth: int,
    label_width: int | None,
) -> UNetShape:
    """The shape, if every level is even and the way up mirrors the way down."""
    if not levels or not all(levels):
        raise shapes.odd("its levels cannot be told apart")
    per_level = len(levels[0])
    if any(layers != [layers[0]] * per_level for layers in levels):
        raise shapes.odd("its levels are not built evenly")
    if rising != [layers[0] for layers in reversed(levels) for _ in range(per_level + 1)]:
        raise shapes.odd("its way up is not built like its way down")
    if not mid_depth:
        raise shapes.odd("its middle has no attention")
    channels = tuple(layers[0].channels for layers in levels)
    linear = len(shapes.sizes[_of_attention(shapes, "proj_in.weight")]) == 2
    return UNetShape(
        in_channels=in_channels,
        out_channels=out_channels,
        block_channels=channels,
        layers_per_block=per_level,
        transformer_depth=tuple(layers[0].depth for layers in levels),
        mid_depth=mid_depth,
        context_width=shapes.size(_of_attention(shapes, "attn2.to_k.weight"), 1),
        heads=tuple(max(1, width // CHANNELS_PER_HEAD) if linear else HEADS_OF_SD1 for width in channels),
        linear_projection=linear,
        label_width=label_width,
    )


def _of_attention(shapes: Shapes, ending: str) -> str:
    """The name of some tensor that every attention has."""
    name = next((name for name in shapes.sizes if name.endswith(ending)), None)
    if name is None:
        raise shapes.odd(f"it has no {ending}")
    return name
