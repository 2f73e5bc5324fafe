"""CLIP's image tower (Radford et al. 2021, arXiv:2103.00020): found in a file, built, and asked about pictures."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import isqrt
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.errors import BadInput
from safelight.families.measure import Shapes
from safelight.files.tensors import Header
from safelight.models.assemble import Source, fill_from
from safelight.models.clip_text import text_source
from safelight.models.device import HOST
from safelight.models.placement import Placement
from safelight.models.precision import Precision
from safelight.models.weights import Weights, open_weights

if TYPE_CHECKING:
    from transformers import CLIPVisionModelWithProjection

Layout = Literal["transformers", "openclip"]

MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)
"""Of red, green and blue in the pictures that every CLIP was trained on."""

# Width -> attention heads, for the towers whose heads are not 64 wide: ViT-H/14, g/14, bigG/14 and e/14.
HEADS = {1280: 16, 1408: 16, 1664: 16, 1792: 16}
CHANNELS_PER_HEAD = 64
WIDEST_QUICK_GELU = 1024  # the towers of OpenAI end at ViT-L; the wider ones are OpenCLIP's, with the exact GELU
OPENAI_MARK = "input_resolution"  # a number that OpenAI's own files have beside the weights, and OpenCLIP's have not

BODY = "vision_model."
PROJECTION = "visual_projection."
OPENCLIP_BODY = "visual."
CLASS_TOKEN = "class_embedding"  # every tower has one, and no other network
BARE_ROOTS = ("embeddings.", "pre_layrnorm.", "encoder.", "post_layernorm.")


@dataclass(frozen=True)
class VisionShape:
    """Sizes of an image tower.

    Attributes:
        width: Numbers per patch.
        layers: Transformer blocks.
        heads: Attention heads.
        intermediate: Numbers inside the feed-forward maps.
        patch: Side of a patch in pixels.
        image: Side of the picture in pixels.
        activation: What stands inside the feed-forward maps.
        projection: Numbers of the projected picture, or None where the file has no projection.
    """

    width: int
    layers: int
    heads: int
    intermediate: int
    patch: int
    image: int
    activation: Literal["quick_gelu", "gelu"]
    projection: int | None


@dataclass(frozen=True)
class ClipVisionOutput:
    """What an image tower says of B pictures; all float32, on the CPU.

    Attributes:
        image_embeds: Each as one vector [B, P], projected where the tower has a projection.
        last_hidden_state: The class token and the patches after the last layer [B, 1 + patches, W].
        penultimate: The same, a layer earlier.
    """

    image_embeds: Tensor
    last_hidden_state: Tensor
    penultimate: Tensor


@dataclass(frozen=True)
class ClipVision:
    """An image tower, ready to run.

    Attributes:
        network: Its weights.
        shape: Its sizes.
        dtype: What it runs in.
        placement: Where it runs.
    """

    network: "CLIPVisionModelWithProjection"
    shape: VisionShape
    dtype: torch.dtype
    placement: Placement

    def encode(self, image: Tensor, *, crop: bool = True) -> ClipVisionOutput:
        """Look at pictures [B, H, W, 3 or more] in 0..1, of any size; see `preprocess`."""
        pixels = preprocess(image, self.shape.image, crop=crop)
        self.placement.bring(self.network)
        with torch.no_grad():
            seen = self.network(pixels.to(self.placement.device, self.dtype), output_hidden_states=True)
        found = (seen.image_embeds, seen.last_hidden_state, seen.hidden_states[-2])
        return ClipVisionOutput(*(each.to(HOST, torch.float32) for each in found))

    def follow(self, image: Tensor) -> Tensor:
        """The vectors of pictures as in `encode`, in a form that gradients flow back through.

        Args:
            image: [B, H, W, 3 or more] in 0..1, on the device; its colours are not rounded to 8 bits.

        Returns:
            `image_embeds` [B, P], on the device.
        """
        pixels = _normalized(_square(image, self.shape.image, crop=True))
        self.placement.bring(self.network)
        embeds: Tensor = self.network(pixels.to(self.dtype)).image_embeds
        return embeds

    def layers(self, image: Tensor) -> tuple[Tensor, ...]:
        """What each layer says of pictures as in `follow` [B, 1 + patches, W], the first first."""
        pixels = _normalized(_square(image, self.shape.image, crop=True))
        self.placement.bring(self.network)
        return tuple(self.network(pixels.to(self.dtype), output_hidden_states=True).hidden_states[1:])


def preprocess(image: Tensor, side: int, *, crop: bool) -> Tensor:
    """Pictures as CLIP was trained to see them: bicubic, in 8 bits, with mean 0 and deviation 1 over all pictures.

    Args:
        image: [B, H, W, 3 or more] in 0..1; channels after the third are not looked at.
        side: Of the square that the tower takes, in pixels.
        crop: Whether the middle square is shown; else all of the picture, stretched.

    Returns:
        [B, 3, side, side].
    """
    pixels = _square(image, side, crop=crop)
    return _normalized((pixels * 255).round() / 255)


def _square(image: Tensor, side: int, *, crop: bool) -> Tensor:
    """Pictures [B, H, W, 3 or more] as [B, 3, side, side] in 0..1."""
    pixels = image[..., :3].movedim(-1, 1)
    height, width = pixels.shape[-2:]
    if (height, width) != (side, side):
        factor = side / min(height, width)
        size = (round(height * factor), round(width * factor)) if crop else (side, side)
        pixels = F.interpolate(pixels, size=size, mode="bicubic", antialias=True)
        top, left = (size[0] - side) // 2, (size[1] - side) // 2
        pixels = pixels[..., top : top + side, left : left + side]
    return pixels.clamp(0, 1)


def _normalized(pixels: Tensor) -> Tensor:
    mean, std = (pixels.new_tensor(values).reshape(3, 1, 1) for values in (MEAN, STD))
    return (pixels - mean) / std


def load_clip_vision(path: Path, placement: Placement, precision: Precision) -> ClipVision:
    """Load the image tower of a file, which may hold other networks too.

    Args:
        path: The file.
        placement: Where it is to run.
        precision: What it is to run in.

    Raises:
        BadInput: The file has no image tower, or a damaged one.
    """
    return vision_tower(open_weights(path), placement, precision)


def vision_tower(weights: Weights, placement: Placement, precision: Precision) -> ClipVision:
    """The image tower of an opened file; see `load_clip_vision`."""
    shape = vision_shape(weights.header)
    if shape is None:
        raise BadInput(
            what=f"{weights.path.name} has no CLIP vision encoder in it.",
            mend="Choose a file that has one: ViT-L/14 or ViT-H/14 of CLIP, say.",
        )
    layout, stored = _tensors(weights)
    network = build_vision(shape)
    dtype = precision.text
    source = Source if layout == "transformers" else _openclip
    fill_from(network, weights, stored, source, part="CLIP vision", placement=placement, dtype=dtype)
    number_places(network, shape)
    return ClipVision(network, shape, dtype, placement)


def number_places(network: "CLIPVisionModelWithProjection", shape: VisionShape) -> None:
    """Number the patches of a network that was on the meta device: places are no weights, so no file fills them in."""
    positions = (shape.image // shape.patch) ** 2 + 1
    network.vision_model.embeddings.position_ids = torch.arange(positions, device=network.device)[None]


def vision_shape(header: Header) -> VisionShape | None:
    """Sizes of the image tower in a file, from its header alone; None where it has none."""
    layout, stored = _tensors(header.tensors)
    if not stored:
        return None
    tensors = {local: header.tensors[name].shape for local, name in stored.items()}
    shapes = Shapes(header.path.name, "CLIP vision encoder", tensors)
    if layout == "openclip":
        patches, positions, projection = "conv1.weight", "positional_embedding", ("proj", 1)
        inner = "transformer.resblocks.{}.mlp.c_fc.weight"
    else:
        embeddings = f"{BODY}embeddings"
        patches, positions = f"{embeddings}.patch_embedding.weight", f"{embeddings}.position_embedding.weight"
        inner, projection = f"{BODY}encoder.layers.{{}}.mlp.fc1.weight", (f"{PROJECTION}weight", 0)
    width, patch = shapes.size(patches, 0), shapes.size(patches, 2)
    return VisionShape(
        width=width,
        layers=shapes.count(inner),
        heads=HEADS.get(width, max(1, width // CHANNELS_PER_HEAD)),
        intermediate=shapes.size(inner.format(0), 0),
        patch=patch,
        image=isqrt(shapes.size(positions, 0) - 1) * patch,
        activation="quick_gelu"
        if width <= WIDEST_QUICK_GELU and (layout == "transformers" or OPENAI_MARK in header.tensors)
        else "gelu",
        projection=shapes.optional_size(*projection),
    )


def _is_class_token(name: str) -> bool:
    return name.endswith((f"{BODY}embeddings.{CLASS_TOKEN}", f"{OPENCLIP_BODY}{CLASS_TOKEN}")) or (
        name == f"embeddings.{CLASS_TOKEN}"
    )


def _tensors(file: Collection[str]) -> tuple[Layout, Mapping[str, str]]:
    """The tower's layout, and its tensors: name within the tower -> name in the file; none where there is no tower."""
    anchor = next((name for name in file if _is_class_token(name)), None)
    if anchor is None:
        return "transformers", {}
    names = [name for name in file if not name.endswith("position_ids")]
    if anchor.endswith(f"{OPENCLIP_BODY}{CLASS_TOKEN}"):
        prefix = anchor.removesuffix(CLASS_TOKEN)
        return "openclip", {name.removeprefix(prefix): name for name in names if name.startswith(prefix)}
    if anchor == f"embeddings.{CLASS_TOKEN}":
        return "transformers", {
            name if name.startswith(PROJECTION) else f"{BODY}{name}": name
            for name in names
            if name.startswith((*BARE_ROOTS, PROJECTION))
        }
    prefix = anchor.removesuffix(f"{BODY}embeddings.{CLASS_TOKEN}")
    roots = (f"{prefix}{BODY}", f"{prefix}{PROJECTION}")
    return "transformers", {name.removeprefix(prefix): name for name in names if name.startswith(roots)}


def build_vision(shape: VisionShape) -> "CLIPVisionModelWithProjection":
    """An image tower without weights, on the meta device."""
    # Imported late: it takes longer than everything else here.
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection  # noqa: PLC0415

    config = CLIPVisionConfig(
        hidden_size=shape.width,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.intermediate,
        patch_size=shape.patch,
        image_size=shape.image,
        hidden_act=shape.activation,
        projection_dim=shape.projection or shape.width,
        attn_implementation="sdpa",
    )
    with torch.device("meta"):
        network = CLIPVisionModelWithProjection(config)
    if shape.projection is None:
        network.visual_projection = torch.nn.Identity()
    return network


_OPENCLIP_OUTSIDE = {
    f"{BODY}embeddings.class_embedding": Source("class_embedding"),
    f"{BODY}embeddings.patch_embedding.weight": Source("conv1.weight"),
    f"{BODY}embeddings.position_embedding.weight": Source("positional_embedding"),
    f"{BODY}pre_layrnorm.weight": Source("ln_pre.weight"),
    f"{BODY}pre_layrnorm.bias": Source("ln_pre.bias"),
    f"{BODY}post_layernorm.weight": Source("ln_post.weight"),
    f"{BODY}post_layernorm.bias": Source("ln_post.bias"),
    f"{PROJECTION}weight": Source("proj", transposed=True),
}


def _openclip(name: str) -> Source:
    """Where OpenCLIP keeps a parameter; its layers are named alike in both towers."""
    return _OPENCLIP_OUTSIDE.get(name) or text_source("openclip")(name.removeprefix(BODY))
