"""A picture worked on in overlapping tiles that fade into each other."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product

import torch
from torch import Tensor


def in_tiles(
    work: Callable[[Tensor], Tensor], image: Tensor, *, tile: int, overlap: int, channels: int, scale: Fraction
) -> Tensor:
    """Apply `work` tile by tile.

    Where tiles overlap, each counts less towards its edge, in a straight line, so that no edge can be seen; at the
    border of the picture a tile counts in full.

    Args:
        work: [1, C, h, w] -> [1, channels, h * scale, w * scale].
        image: [B, C, H, W].
        tile: Height and width of a tile in pixels of `image`.
        overlap: How far tiles reach into each other at least, less than `tile`.
        channels: Of the result.
        scale: Pixels of the result per pixel of `image`; `tile`, `overlap`, H and W times it are whole.

    Returns:
        [B, channels, H * scale, W * scale], float32, on the CPU.
    """
    batch, _, height, width = image.shape
    result = torch.zeros(batch, channels, int(height * scale), int(width * scale))
    counted = torch.zeros(1, 1, *result.shape[-2:])
    for top, left in product(_starts(height, tile, overlap), _starts(width, tile, overlap)):
        bottom, right = min(top + tile, height), min(left + tile, width)
        feather = int(overlap * scale)
        rows = _feathered(int((bottom - top) * scale), feather, top > 0, bottom < height)
        columns = _feathered(int((right - left) * scale), feather, left > 0, right < width)
        weight = rows[:, None] * columns
        place = (..., slice(int(top * scale), int(bottom * scale)), slice(int(left * scale), int(right * scale)))
        counted[place] += weight
        for index in range(batch):
            done = work(image[index : index + 1, :, top:bottom, left:right])
            result[index][place] += done[0].to(result) * weight
    return result / counted


def count_tiles(height: int, width: int, tile: int, overlap: int) -> int:
    """How many tiles `in_tiles` makes of a picture."""
    return len(list(_starts(height, tile, overlap))) * len(list(_starts(width, tile, overlap)))


def _starts(size: int, tile: int, overlap: int) -> Iterator[int]:
    """Where tiles begin along one side; the last is moved back to end with it."""
    yield from range(0, max(size - tile, 0), tile - overlap)
    yield max(size - tile, 0)


def _feathered(size: int, feather: int, fades_in: bool, fades_out: bool) -> Tensor:
    """How much each pixel along one side of a tile counts, [size]."""
    weight = torch.ones(size)
    ramp = torch.arange(1, feather + 1) / (feather + 1)
    if fades_in:
        weight[:feather] = ramp
    if fades_out:
        weight[size - feather :] *= ramp.flip(0)
    return weight
