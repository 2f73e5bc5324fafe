"""Outlines of a picture, as ControlNets for line drawings are shown them."""

import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.diffusion.filters import dilate, gaussian_blur

LOW, HIGH = 0.4, 0.8
"""Thresholds that suit most pictures."""

# (rows down, columns right) of the neighbour in the direction of a gradient, in steps of 45 degrees
NEIGHBOURS = ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1))


def outlines(image: Tensor, low: float = LOW, high: float = HIGH) -> Tensor:
    """The outlines of pictures, white on black.

    Args:
        image: [B, H, W, 3 or more] in 0..1; channels after the third are not looked at.
        low, high: As of `canny`.

    Returns:
        [B, H, W, 3], 1 on an edge and 0 elsewhere.
    """
    red, green, blue = image[..., :3].movedim(-1, 0)
    edges = canny((0.299 * red + 0.587 * green + 0.114 * blue)[:, None], low, high)
    return edges.expand(-1, 3, -1, -1).movedim(1, -1).clone()


def canny(grey: Tensor, low: float, high: float) -> Tensor:
    """Edges one cell wide.

    Args:
        grey: [B, 1, H, W] in 0..1.
        low, high: Thresholds of the Sobel gradient's length, which is 4 at a step from 0 to 1 that is not blurred.

    Returns:
        [B, 1, H, W], 1 on an edge and 0 elsewhere.

    Source: Canny 1986, "A computational approach to edge detection"; a Gaussian of standard deviation 1, cut at 2.
    """
    down, right = _sobel(gaussian_blur(grey, radius=2, sigma=0.5))
    strength = torch.hypot(down, right)
    thin = torch.where(_on_ridge(strength, torch.atan2(down, right)), strength, 0.0)
    edges, maybe = thin > high, thin > low
    while True:
        grown = maybe & (dilate(edges.float(), 3) > 0)
        if torch.equal(grown | edges, edges):
            return edges.to(grey)
        edges |= grown


def _sobel(x: Tensor) -> tuple[Tensor, Tensor]:
    """Derivatives downward and to the right, the edges repeated."""
    kernel = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]).to(x)
    kernels = torch.stack([kernel.T, kernel])[:, None]
    down, right = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), kernels).chunk(2, dim=1)
    return down, right


def _on_ridge(strength: Tensor, direction: Tensor) -> Tensor:
    """Where the gradient is strongest along its own direction; of two equal neighbours one counts."""
    octant = (direction / (torch.pi / 4)).round().long() % 8
    padded = F.pad(strength, (1, 1, 1, 1))
    rows, columns = strength.shape[-2:]
    around = torch.cat([padded[..., 1 + y : 1 + y + rows, 1 + x : 1 + x + columns] for y, x in NEIGHBOURS], dim=1)
    ahead, behind = around.gather(1, octant), around.gather(1, (octant + 4) % 8)
    return (strength >= ahead) & (strength > behind)
