"""Networks that make pictures larger (ESRGAN and its many kin), through the library spandrel, in tiles."""

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from safelight.errors import BadInput, SafelightError
from safelight.models.device import HOST
from safelight.models.memory.measures import out_of_memory
from safelight.models.placement import Placement
from safelight.models.precision import Precision
from safelight.models.tiles import count_tiles, in_tiles
from safelight.models.weights import Weights, open_weights

if TYPE_CHECKING:
    from spandrel import ImageModelDescriptor

TILES = (512, 256, 128, 64)
OVERLAP = 32
# Bytes held at once per pixel of the result: 64 channels of a convolution's input and output, in float32. Measured on
# the CPU with ESRGAN of 2 and 4 times the size: 630 to 840.
BYTES_PER_PIXEL = 850

WRAPPERS = ("params-ema.", "model_state_dict.", "net.", "netG.", "module.")
"""What some trainers put before all names."""

OnTile = Callable[[int, int], None]
"""(tiles done, tiles in all); raises `Cancelled` to stop."""


@dataclass(frozen=True)
class UpscaleModel:
    """A network that makes pictures larger, ready to run.

    Attributes:
        network: Its weights.
        descriptor: How spandrel calls it.
        placement: Where it runs.
    """

    network: nn.Module
    descriptor: "ImageModelDescriptor[nn.Module]"
    placement: Placement

    @property
    def scale(self) -> int:
        """How many times larger pictures become, along each side."""
        scale: int = self.descriptor.scale
        return scale

    def upscale(self, image: Tensor, *, on_tile: OnTile) -> Tensor:
        """Make pictures larger, in tiles that fade into each other; smaller ones where memory runs out.

        Args:
            image: [B, H, W, 3 or more] in 0..1; channels after the third are not looked at.
            on_tile: Told of each tile.

        Returns:
            [B, H * scale, W * scale, 3] in 0..1, float32, on the CPU.

        Raises:
            SafelightError: Not even the smallest tiles fit into memory.
        """
        pixels = image[..., :3].movedim(-1, 1)
        self.placement.bring(self.network)
        for tile in self._tiles_that_fit():
            try:
                return self._in_tiles(pixels, tile, on_tile).movedim(1, -1).clamp(0, 1)
            except (MemoryError, RuntimeError) as error:
                if not out_of_memory(error):
                    raise
            self.placement.forget_unused()
            self.placement.tell(f"Memory is short: tiles of {tile} pixels are too large for this model.")
        raise SafelightError(
            what="There is not enough memory to enlarge the picture with this model.",
            mend="Close other programs that use the graphics card, or use a smaller model.",
        )

    def _tiles_that_fit(self) -> tuple[int, ...]:
        """Sizes of tiles to try, the largest that should fit first; the smallest always."""
        free = self.placement.make_room(self._bytes_for(TILES[0]), keep=self.network)
        return tuple(side for side in TILES if self._bytes_for(side) <= free or side == TILES[-1])

    def _bytes_for(self, tile: int) -> int:
        return (tile * max(self.scale, 1)) ** 2 * BYTES_PER_PIXEL

    def _in_tiles(self, pixels: Tensor, tile: int, on_tile: OnTile) -> Tensor:
        batch, _, height, width = pixels.shape
        total = batch * count_tiles(height, width, tile, OVERLAP)
        done = 0

        def work(part: Tensor) -> Tensor:
            nonlocal done
            result: Tensor = self.descriptor(part.to(self.placement.device, torch.float32)).to(HOST)
            done += 1
            on_tile(done, total)
            return result

        return in_tiles(work, pixels, tile=tile, overlap=OVERLAP, channels=3, scale=Fraction(self.scale))


def load_upscaler(path: Path, placement: Placement, precision: Precision) -> UpscaleModel:
    """Load a network that makes pictures larger.

    Args:
        path: A file of weights in one of the many layouts that spandrel knows.
        placement: Where it is to run.
        precision: Not used: these networks are small, and run in float32.

    Raises:
        BadInput: The library spandrel is not installed; or the file is none of its kinds, or is for other pictures
            than RGB.
    """
    del precision
    weights = open_weights(path)
    spandrel = _spandrel(path)
    try:
        found = spandrel.ModelLoader(HOST).load_from_state_dict(_table(weights))
    except (spandrel.UnsupportedModelError, RuntimeError, KeyError) as error:
        raise BadInput(
            what=f"{path.name} is no upscale model of a known kind.",
            mend="Choose another; ESRGAN, Real-ESRGAN, SwinIR, DAT, HAT, SPAN and many more are known.",
        ) from error
    channels = (found.input_channels, found.output_channels)
    if not isinstance(found, spandrel.ImageModelDescriptor) or channels != (3, 3):
        raise BadInput(
            what=f"{path.name} is a {found.architecture.name} model, which is not for colour pictures.",
            mend="Choose an upscale model for RGB pictures.",
        )
    found.model.eval().requires_grad_(False)
    return UpscaleModel(found.model, found, placement)


def _table(weights: Weights) -> Mapping[str, Tensor]:
    """The weights without what the trainer put around them."""
    wrapper = next((each for each in WRAPPERS if all(name.startswith(each) for name in weights)), "")
    return {name.removeprefix(wrapper): weights[name] for name in weights}


def _spandrel(path: Path) -> ModuleType:
    # Imported late: it is an extra, and takes two seconds.
    try:
        with _without_torchvision():
            return importlib.import_module("spandrel")
    except ImportError as error:
        raise BadInput(
            what=f"{path.name} needs the library {error.name}, which is not installed.",
            mend="Run `pip install 'safelight[upscale]'`.",
        ) from error


@contextmanager
def _without_torchvision() -> Iterator[None]:
    """Where torchvision is missing or was built for another torch, have an empty one to import.

    spandrel imports it for two of its networks that are no upscalers (LaMa fills holes, RestoreFormer mends faces).
    """
    functional = "torchvision.transforms.functional"
    try:
        importlib.import_module(functional)
    except (ImportError, RuntimeError, OSError):
        names = ("torchvision", "torchvision.transforms", functional)
        empty = {name: ModuleType(name) for name in names}
        vars(empty[functional]).update(InterpolationMode=None, rotate=None, normalize=None)
        sys.modules.update(empty)
        try:
            yield
        finally:
            for name in names:
                del sys.modules[name]
    else:
        yield
