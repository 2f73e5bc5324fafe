"""T2I-Adapters (Mou et al. 2023, arXiv:2302.08453): a small network that adds a picture's features on the way down."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.diffusion.control import ControlCall, Residuals
from safelight.families.additions import ADAPTER_CHANNELS, CONTEXT_WIDTHS, family_title, misfit
from safelight.families.measure import Shapes
from safelight.models.assemble import Source, fill_from
from safelight.models.control.picture_control import CELL, fitted
from safelight.models.model import Model
from safelight.models.placement import Placement
from safelight.models.precision import Precision
from safelight.models.weights import Weights

if TYPE_CHECKING:
    from diffusers.models.adapter import T2IAdapter as AdapterNetwork

LEVELS = 4
PLACES = (2, 5, 8, 11)
"""After which block of the way down the features of each level are added."""
PLACES_XL = (3, 5, 8)
"""The same for SDXL's, whose last level is added in the middle."""
PREFIX = "adapter."


@dataclass(frozen=True)
class AdapterShape:
    """Sizes of a T2I-Adapter.

    Attributes:
        family: A key of `FAMILIES`.
        fold: Side of the squares of pixels that are folded into channels.
        picture_channels: 3 for colours, 1 for grey.
        channels: Width of each level, finest first.
        blocks: Residual blocks per level.
        light: Whether the levels work in a quarter of their width.
    """

    family: str
    fold: int
    picture_channels: int
    channels: tuple[int, ...]
    blocks: int
    light: bool


@dataclass(frozen=True)
class T2IAdapter:
    """A T2I-Adapter, ready to run.

    Attributes:
        network: Its weights.
        shape: Its sizes.
        file: The name of its file, for errors.
        dtype: What it runs in.
        placement: Where it runs.
    """

    network: "AdapterNetwork"
    shape: AdapterShape
    file: str
    dtype: torch.dtype
    placement: Placement

    def onto(self, model: Model) -> "T2IAdapter":
        """Itself: it has nothing of the denoiser."""
        del model
        return self

    def look(self, picture: Tensor, call: ControlCall) -> tuple[Tensor, ...]:
        """Features of pictures [P, H, W, C] at each level, finest first.

        Raises:
            BadInput: The network is for another family.
        """
        found = CONTEXT_WIDTHS.get(call.context.shape[-1])
        if found not in (None, self.shape.family):
            raise misfit(self.file, "a T2I-Adapter", family_title(self.shape.family), family_title(found))
        fold = self.shape.fold
        height, width = (-(-cells * CELL // fold) * fold for cells in call.shown.shape[-2:])
        pixels = fitted(picture[..., :3], width, height)
        if self.shape.picture_channels == 1:
            pixels = pixels.mean(dim=1, keepdim=True)
        self.placement.bring(self.network)
        adapter = self.network.adapter
        x: Tensor = adapter.unshuffle(pixels.to(self.placement.device, self.dtype))
        if not self.shape.light:
            x = adapter.conv_in(x)
        features = []
        for block in adapter.body:
            if block.downsample is not None:
                x = _halved(x)
            if block.in_conv is not None:
                x = block.in_conv(x)
            x = block.resnets(x)
            if self.shape.light:
                x = block.out_conv(x)
            features.append(x)
        return tuple(features)

    def steer(self, seen: tuple[Tensor, ...], call: ControlCall) -> Residuals:
        """See `PictureNetwork`."""
        del call
        if self.shape.family == "sdxl":
            *features, middle = seen
            return Residuals(entering=_at(PLACES_XL, features), middle=middle)
        return Residuals(entering=_at(PLACES, seen))


def adapter_of(weights: Weights, placement: Placement, precision: Precision) -> T2IAdapter:
    """The T2I-Adapter of an opened file, which must have one.

    Raises:
        BadInput: The network is damaged or of an unknown build.
    """
    stored = {name.removeprefix(PREFIX): name for name in weights}
    sizes = {local: tuple(weights[name].shape) for local, name in stored.items()}
    shape = _shape(Shapes(weights.path.name, "T2I-Adapter", sizes))
    network = _build(shape)
    dtype = precision.unet
    source = _source(shape, original="body.0.resnets.0.block1.weight" not in stored)
    fill_from(network, weights, stored, source, part="T2I-Adapter", placement=placement, dtype=dtype)
    return T2IAdapter(network, shape, weights.path.name, dtype, placement)


def _shape(shapes: Shapes) -> AdapterShape:
    light = "conv_in.weight" not in shapes.sizes
    folded = shapes.size("body.0.in_conv.weight" if light else "conv_in.weight", 1)
    family = ADAPTER_CHANNELS.get(folded)
    if family is None:
        raise shapes.odd(f"it takes {folded} numbers from each place of the picture")
    fold = 16 if family == "sdxl" else 8
    if light:
        widths = tuple(shapes.size(f"body.{level}.out_conv.weight", 0) for level in range(LEVELS))
        blocks = shapes.count("body.0.body.{}.block1.weight") or shapes.count("body.0.resnets.{}.block1.weight")
    elif blocks := shapes.count("body.0.resnets.{}.block1.weight"):
        widths = tuple(shapes.size(f"body.{level}.resnets.0.block1.weight", 0) for level in range(LEVELS))
    else:
        blocks = shapes.count("body.{}.block1.weight") // LEVELS
        widths = tuple(shapes.size(f"body.{level * blocks}.block1.weight", 0) for level in range(LEVELS))
    return AdapterShape(family, fold, folded // fold**2, widths, blocks, light)


def _build(shape: AdapterShape) -> "AdapterNetwork":
    """An adapter without weights, on the meta device."""
    # Imported late: it takes longer than everything else here.
    from diffusers.models.adapter import T2IAdapter as AdapterNetwork  # noqa: PLC0415

    kind = "light_adapter" if shape.light else "full_adapter_xl" if shape.family == "sdxl" else "full_adapter"
    with torch.device("meta"):
        return AdapterNetwork(
            in_channels=shape.picture_channels,
            channels=list(shape.channels[:-1] if shape.light else shape.channels),  # a light one repeats its last
            num_res_blocks=shape.blocks,
            downscale_factor=shape.fold,
            adapter_type=kind,
        )


def _source(shape: AdapterShape, *, original: bool) -> Callable[[str], Source]:
    """Where each parameter is in a file; the authors' own ones number the blocks of all levels through."""

    def source(name: str) -> Source:
        name = name.removeprefix(PREFIX)
        parts = name.split(".")
        if not original or parts[0] != "body":
            return Source(name)
        level, kind, *rest = parts[1:]
        if shape.light:
            return Source(".".join(("body", level, "body" if kind == "resnets" else kind, *rest)))
        inner = rest if kind == "resnets" else ["0", kind, *rest]
        return Source(".".join(("body", str(int(level) * shape.blocks + int(inner[0])), *inner[1:])))

    return source


def _halved(x: Tensor) -> Tensor:
    """Averages of squares of 2 by 2; odd sides begin with a half that counts zeros."""
    height, width = x.shape[-2:]
    return F.avg_pool2d(x, 2, padding=(height % 2, width % 2))


def _at(places: tuple[int, ...], features: list[Tensor] | tuple[Tensor, ...]) -> tuple[Tensor | None, ...]:
    """Features at places of a row that is long enough for every network."""
    found = dict(zip(places, features, strict=True))
    return tuple(found.get(place) for place in range(max(PLACES) + 1))
