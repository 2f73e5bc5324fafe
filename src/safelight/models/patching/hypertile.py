"""HyperTile: self-attention in parts, which costs a fraction of that over all of a large picture.

Source: tfernd, 2023, github.com/tfernd/HyperTile.
"""

import torch
from torch import Tensor

from safelight.models.patches import Attend, Patches, Site


def hypertile(tile: int, choices: int, depth: int, *, grows: bool) -> Patches:
    """Let the cells of a tile attend to a part of the picture only.

    There are as many parts as tiles: bands of the picture, cut in reading order. Tiles are of one size, so how many
    there are hangs on the divisors of the picture's sides; which of the possible numbers is taken changes from call
    to call, so that no seam stays at its place.

    Args:
        tile: Least side of a tile, in cells.
        choices: How many of the smallest tiles that divide a side are drawn from; the largest of them is kept for
            sides that have no other.
        depth: How many times the latent may have been halved where it is tiled.
        grows: Whether the least side doubles each time that the latent was halved.
    """
    key = object()

    def around(site: Site, attend: Attend, x: Tensor, key_input: Tensor, value_input: Tensor) -> Tensor:
        halved = _times_halved(site, depth)
        cells = site.size[0] * site.size[1]
        # other patches may have taken tokens away, or put some beside them
        if halved is None or any(each.shape[1] != cells for each in (x, key_input, value_input)):
            return attend(x, key_input, value_input)
        # height for width, as in the programs whose pictures this is to repeat: of no account where they are the same
        size = site.size[::-1]
        draws = site.asked.memory.setdefault(key, torch.Generator().manual_seed(0))
        least = tile * 2**halved if grows else tile
        counts = [_count(side, least, choices, draws) for side in size]
        bands = (_in_bands(each, counts) for each in (key_input, value_input))
        return _join(attend(_split(x, size, counts), *bands), size, counts)

    return Patches(self_attention=(around,))


def _times_halved(site: Site, most: int) -> int | None:
    """How many times the latent was halved, without a rest, on the way to a place; None for more than `most`."""
    height, width = site.asked.size
    cells = [height * width / 4**times for times in range(most + 1)]
    here = site.size[0] * site.size[1]
    return cells.index(here) if here in cells else None


def _count(side: int, least: int, choices: int, draws: torch.Generator) -> int:
    """How many tiles to cut a side into."""
    sizes = [size for size in range(min(least, side), side + 1) if side % size == 0][:choices]
    drawn = int(torch.randint(max(len(sizes) - 1, 1), (), generator=draws))
    return side // sizes[drawn]


def _split(x: Tensor, size: tuple[int, int], counts: list[int]) -> Tensor:  # [N, h * w, C] -> [N * tiles, t, C]
    (height, width), (rows, columns) = size, counts
    tiles = x.reshape(len(x), rows, height // rows, columns, width // columns, -1).transpose(2, 3)
    return tiles.reshape(len(x) * rows * columns, -1, x.shape[-1])


def _in_bands(x: Tensor, counts: list[int]) -> Tensor:  # [N, h * w, C] -> [N * tiles, t, C]
    rows, columns = counts
    return x.reshape(len(x) * rows * columns, -1, x.shape[-1])


def _join(x: Tensor, size: tuple[int, int], counts: list[int]) -> Tensor:  # [N * tiles, t, C] -> [N, h * w, C]
    (height, width), (rows, columns) = size, counts
    tiles = x.reshape(-1, rows, columns, height // rows, width // columns, x.shape[-1]).transpose(2, 3)
    return tiles.reshape(-1, height * width, x.shape[-1])
