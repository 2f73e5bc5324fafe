"""Mirroring and turning, the same for pictures, masks and latents [..., H, W]."""

from torch import Tensor

FLIPS = ("x-axis: vertically", "y-axis: horizontally")
"""The axis mirrored about, and which way things move."""

TURNS = ("none", "90 degrees", "180 degrees", "270 degrees")
"""Clockwise."""


def flip(x: Tensor, method: str) -> Tensor:
    """`x` [..., H, W] mirrored, by a name in `FLIPS`."""
    return x.flip(-2 if method == FLIPS[0] else -1)


def turn(x: Tensor, rotation: str) -> Tensor:
    """`x` [..., H, W] turned clockwise, by a name in `TURNS`; [..., W, H] after a quarter turn."""
    return x.rot90(TURNS.index(rotation), dims=(-1, -2))
