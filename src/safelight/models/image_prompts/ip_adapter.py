"""IP-Adapters: prompts that are pictures (Ye et al. 2023, arXiv:2308.06721), as the authors keep them in files.

What CLIP sees in a picture becomes a few tokens, and every cross attention of the denoiser has keys and values of its
own for them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from safelight.errors import BadInput
from safelight.families.measure import Shapes
from safelight.files.tensors import Header
from safelight.models.assemble import Source, fill_from
from safelight.models.clip_vision import ClipVision, ClipVisionOutput
from safelight.models.device import HOST
from safelight.models.image_prompts.ip_adapter_network import (
    FullProjection,
    IpAdapterNetwork,
    KeysValues,
    Projection,
    Resampler,
)
from safelight.models.placement import Placement
from safelight.models.precision import Precision
from safelight.models.weights import open_weights

PROJECTION, LAYERS = "image_proj.", "ip_adapter."
FOLLOWING = "to_k_ip.weight"


@dataclass(frozen=True)
class Kind:
    """A kind of adapter.

    Attributes:
        name: What people call it.
        looks_at: What it takes of a CLIP vision output.
        entrance: The tensor that reads it.
        build: From the shapes of its tensors to the network that makes tokens.
    """

    name: Literal["plain", "full", "plus"]
    looks_at: Literal["image_embeds", "penultimate"]
    entrance: str
    build: Callable[[Shapes, "AdapterShape"], nn.Module]


@dataclass(frozen=True)
class AdapterShape:
    """Sizes of an adapter.

    Attributes:
        kind: Which of the kinds it is.
        seen: Numbers per vector of what it looks at.
        width: Numbers per token of the prompts that its denoiser takes.
        channels: Number of a cross attention -> its channels, in their order: way down, way up, middle.
    """

    kind: Kind
    seen: int
    width: int
    channels: Mapping[str, int]


@dataclass(frozen=True)
class IpAdapter:
    """An IP-Adapter, ready to run.

    Attributes:
        name: Of its file.
        network: Its weights.
        shape: Its sizes.
        dtype: What it runs in.
        placement: Where it runs.
        clip: What it is to look through, where that was loaded with it.
    """

    name: str
    network: IpAdapterNetwork
    shape: AdapterShape
    dtype: torch.dtype
    placement: Placement
    clip: ClipVision | None = None

    def look(self, output: ClipVisionOutput) -> Tensor:
        """What it takes of a CLIP vision output: [B, E] or [B, P, E].

        Raises:
            BadInput: The output is of another CLIP model than the adapter was trained with.
        """
        found: Tensor = getattr(output, self.shape.kind.looks_at)
        if found.shape[-1] != self.shape.seen:
            raise BadInput(
                what=f"{self.name} was trained with a CLIP vision model that gives {self.shape.seen} numbers, and this "
                f"one gives {found.shape[-1]}.",
                mend="Load the CLIP vision model that belongs to it: ViT-H for most, ViT-bigG for the older SDXL ones.",
            )
        return found

    def look_at_nothing(self, clip: ClipVision) -> Tensor:
        """What stands for no picture on the negative side: a vector of zeros, or what CLIP sees in a black picture."""
        black = torch.zeros(1, clip.shape.image, clip.shape.image, 3)
        seen = self.look(clip.encode(black))
        return torch.zeros_like(seen) if self.shape.kind.looks_at == "image_embeds" else seen

    def keys_values(self, seen: Tensor) -> list[KeysValues]:
        """Keys and values of every cross attention, in the order of `shape.channels`, for pictures from `look`.

        Float32, on the CPU.
        """
        self.placement.bring(self.network)
        with torch.no_grad():
            pairs = self.network(seen.to(self.placement.device, self.dtype))
        return [(keys.to(HOST, torch.float32), values.to(HOST, torch.float32)) for keys, values in pairs]


def load_ip_adapter(path: Path, placement: Placement, precision: Precision) -> IpAdapter:
    """Load an IP-Adapter: plain, "plus", "plus-face" or "full", for any denoiser.

    Args:
        path: The file.
        placement: Where it is to run.
        precision: What it is to run in.

    Raises:
        BadInput: The file is no IP-Adapter, is damaged, or is one that is shown faces by another library (FaceID).
    """
    weights = open_weights(path)
    shape = adapter_shape(weights.header)
    stored = {name: name for name in weights if name.startswith((PROJECTION, LAYERS))}
    if shape is None:
        raise _unknown(path, bool(stored))
    with torch.device("meta"):
        projection = shape.kind.build(_shapes(weights.header), shape)
        network = IpAdapterNetwork(projection, shape.width, shape.channels)
    dtype = precision.unet
    fill_from(network, weights, stored, Source, part="IP-Adapter", placement=placement, dtype=dtype)
    return IpAdapter(path.name, network, shape, dtype, placement)


def adapter_shape(header: Header) -> AdapterShape | None:
    """Sizes of an adapter, from the header of its file; None where that is no adapter of a known kind."""
    shapes = _shapes(header)
    kind = next((kind for anchor, kind in KINDS.items() if anchor in shapes.sizes), None)
    numbers = sorted((name.split(".")[1] for name in shapes.sizes if name.endswith(FOLLOWING)), key=int)
    if kind is None or not numbers:
        return None
    return AdapterShape(
        kind=kind,
        seen=shapes.size(kind.entrance, 1),
        width=shapes.size(f"{LAYERS}{numbers[0]}.{FOLLOWING}", 1),
        channels={number: shapes.size(f"{LAYERS}{number}.{FOLLOWING}", 0) for number in numbers},
    )


def _shapes(header: Header) -> Shapes:
    tensors = {name: tensor.shape for name, tensor in header.tensors.items() if name.startswith((PROJECTION, LAYERS))}
    return Shapes(header.path.name, "IP-Adapter", tensors)


def _plain(shapes: Shapes, shape: AdapterShape) -> nn.Module:
    return Projection(shape.seen, shape.width, shapes.size(f"{PROJECTION}proj.weight", 0) // shape.width)


def _full(shapes: Shapes, shape: AdapterShape) -> nn.Module:
    return FullProjection(shape.seen, shapes.size(f"{PROJECTION}proj.0.weight", 0), shape.width)


def _plus(shapes: Shapes, shape: AdapterShape) -> nn.Module:
    return Resampler(
        seen=shape.seen,
        width=shape.width,
        queries=shapes.size(f"{PROJECTION}latents", 1),
        inside=shapes.size(f"{PROJECTION}latents", 2),
        attended=shapes.size(f"{PROJECTION}layers.0.0.to_q.weight", 0),
        fed=shapes.size(f"{PROJECTION}layers.0.1.1.weight", 0),
        depth=shapes.count(f"{PROJECTION}layers.{{}}.0.to_q.weight"),
    )


KINDS: dict[str, Kind] = {
    f"{PROJECTION}proj.weight": Kind("plain", "image_embeds", f"{PROJECTION}proj.weight", _plain),
    f"{PROJECTION}proj.3.weight": Kind("full", "penultimate", f"{PROJECTION}proj.0.weight", _full),
    f"{PROJECTION}latents": Kind("plus", "penultimate", f"{PROJECTION}proj_in.weight", _plus),
}
"""By a tensor that a kind of adapter has and no other."""


def _unknown(path: Path, adapter: bool) -> BadInput:
    if adapter:
        return BadInput(
            what=f"{path.name} is an IP-Adapter of a kind that is not supported: FaceID adapters are shown a face as "
            "another library describes it.",
            mend="Choose an IP-Adapter for pictures; those called plus-face are made for faces.",
        )
    return BadInput(what=f"{path.name} is no IP-Adapter.", mend="Choose a file from the models folder ipadapter/.")
