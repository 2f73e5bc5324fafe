"""Filters that pictures, masks and latents share, on [B, C, H, W]."""

import torch
import torch.nn.functional as F
from torch import Tensor


def gaussian_blur(x: Tensor, radius: int, sigma: float) -> Tensor:
    """Blur with a Gaussian, the edges mirrored.

    Args:
        x: [B, C, H, W], of any size: a mirror is mirrored again where the radius is larger.
        radius: Reach of the kernel in cells; it is `2 * radius + 1` wide.
        sigma: Standard deviation as a share of the radius, so that the kernel spans -1 to 1.
    """
    kernel = torch.exp(-(torch.linspace(-1, 1, 2 * radius + 1) ** 2) / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).to(x)
    channels = x.shape[1]
    rows = kernel.view(1, 1, -1, 1).expand(channels, -1, -1, -1)
    columns = kernel.view(1, 1, 1, -1).expand(channels, -1, -1, -1)
    padded = x[..., _mirrored(x.shape[-2], radius), :][..., _mirrored(x.shape[-1], radius)]
    return F.conv2d(F.conv2d(padded, rows, groups=channels), columns, groups=channels)


def unsharp(x: Tensor, radius: int, sigma: float, amount: float) -> Tensor:
    """`x` plus `amount` times what a Gaussian blur takes from it."""
    return x + amount * (x - gaussian_blur(x, radius, sigma))


def dilate(x: Tensor, size: int) -> Tensor:
    """The largest value in a square window of `size` cells about each cell; what lies outside does not count."""
    return _highest(_highest(x, size, -1), size, -2)


def erode(x: Tensor, size: int) -> Tensor:
    """The smallest value in a square window, as `dilate`."""
    return -dilate(-x, size)


def grow(x: Tensor, cells: int, *, tapered: bool) -> Tensor:
    """Let the bright parts grow by some cells, or shrink where `cells` is negative.

    Args:
        x: [B, C, H, W].
        cells: How far.
        tapered: Grow as a diamond, so that corners are rounded off, instead of as a square.
    """
    if cells < 0:
        return -grow(-x, -cells, tapered=tapered)
    # Beyond the sum of the sides nothing changes any more.
    cells = min(cells, x.shape[-2] + x.shape[-1])
    if not tapered:
        return dilate(x, 2 * cells + 1)
    for _ in range(cells):
        x = torch.maximum(_highest(x, 3, -1), _highest(x, 3, -2))
    return x


def _highest(x: Tensor, size: int, dim: int) -> Tensor:
    """The largest of the `size` neighbours about each cell along one of the last two dimensions.

    Windows are joined to ones of twice the width, so that a wide one costs hardly more than a narrow one.
    """
    ends = (size // 2, size - 1 - size // 2)
    x = F.pad(x, ends if dim == -1 else (0, 0, *ends), value=float("-inf"))
    width = 1
    while width < size:
        step = min(width, size - width)
        length = x.shape[dim] - step
        x = torch.maximum(x.narrow(dim, 0, length), x.narrow(dim, step, length))
        width += step
    return x


def _mirrored(length: int, reach: int) -> Tensor:
    """Indices from `-reach` to `length + reach`, folded into `length` without repeating the edge."""
    if length == 1:
        return torch.zeros(1 + 2 * reach, dtype=torch.long)
    period = 2 * (length - 1)
    places = torch.arange(-reach, length + reach) % period
    return torch.where(places < length, places, period - places)
