"""What packs import as `comfy.utils` and `node_helpers`."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from safelight.models.tiles import in_tiles
from safelight.models.weights import open_weights
from safelight.nodes.resize import bislerp, lanczos, resize
from safelight.plugins.comfy.conds import Listed
from safelight.plugins.comfy.live import current


class ProgressBar:
    """Steps of the running node, told to the person; nothing happens where none runs.

    Raises:
        Cancelled: From `update`, when the person has stopped the job.
    """

    def __init__(self, total: int, node_id: str | None = None) -> None:
        del node_id  # it is always the one that runs
        self.total = total
        self.current = 0

    def update(self, value: int) -> None:
        """Go on by a number of steps."""
        self.update_absolute(self.current + value)

    def update_absolute(self, value: int, total: int | None = None, preview: object = None) -> None:
        """Go to a step, of another total if one is given."""
        del preview
        self.total = self.total if total is None else total
        self.current = min(value, self.total)
        if (live := current()) is not None:
            live.check()
            live.run.step(int(self.current), int(self.total))


def common_upscale(samples: Tensor, width: int, height: int, upscale_method: str, crop: str) -> Tensor:
    """Bring [B, C, H, W] to a size; `crop` is `disabled` or `center`."""
    return resize(samples, width, height, upscale_method, crop)


def load_torch_file(
    ckpt: str, safe_load: bool = False, device: torch.device | None = None, return_metadata: bool = False
) -> Any:
    """The tensors of a file by name (and its metadata); pickles are always read as tables of weights alone."""
    del safe_load
    weights = open_weights(Path(ckpt))
    tensors = {name: tensor if device is None else tensor.to(device) for name, tensor in weights.items()}
    return (tensors, dict(weights.header.metadata)) if return_metadata else tensors


def save_torch_file(sd: Mapping[str, Tensor], ckpt: str, metadata: Mapping[str, str] | None = None) -> None:
    """Write tensors as a safetensors file."""
    tensors = {name: tensor.contiguous() for name, tensor in sd.items()}
    save_file(tensors, ckpt, None if metadata is None else dict(metadata))


def tiled_scale(
    samples: Tensor,
    function: Callable[[Tensor], Tensor],
    tile_x: int = 64,
    tile_y: int = 64,
    overlap: int = 8,
    upscale_amount: float = 4,
    out_channels: int = 3,
    output_device: str | torch.device = "cpu",
    pbar: ProgressBar | None = None,
) -> Tensor:
    """Apply a function to [B, C, H, W] tile by tile; tiles are square, as large as the larger side given."""

    def work(tile: Tensor) -> Tensor:
        done = function(tile)
        if pbar is not None:
            pbar.update(1)
        return done

    scale = Fraction(upscale_amount).limit_denominator(64)
    tile = max(tile_x, tile_y)
    done = in_tiles(work, samples, tile=tile, overlap=overlap, channels=out_channels, scale=scale)
    return done.to(output_device)


def conditioning_set_values(
    conditioning: Listed, values: Mapping[str, Any] | None = None, append: bool = False
) -> Listed:
    """Conditioning with other options; `append` puts lists behind those that are there."""
    changed: Listed = []
    for words, options, *_ in conditioning:
        new = dict(options)
        for key, value in (values or {}).items():
            new[key] = [*new[key], *value] if append and key in new else value
        changed.append([words, new])
    return changed


def pillow(fn: Callable[..., Any], arg: Any) -> Any:
    """What a function of Pillow gives for a file."""
    return fn(arg)


UTILS: dict[str, object] = {
    "ProgressBar": ProgressBar,
    "common_upscale": common_upscale,
    "lanczos": lanczos,
    "bislerp": bislerp,
    "load_torch_file": load_torch_file,
    "save_torch_file": save_torch_file,
    "tiled_scale": tiled_scale,
    "PROGRESS_BAR_ENABLED": True,
}
HELPERS: dict[str, object] = {"conditioning_set_values": conditioning_set_values, "pillow": pillow}
