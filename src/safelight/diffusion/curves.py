"""Curves through points: smooth, and never higher or lower than the points beside."""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

Points = Sequence[tuple[float, float]]
"""(x, y) from left to right, both from 0 to 1; at least two."""

STRAIGHT = ((0, 0), (1, 1))
"""The curve that changes nothing."""


def monotone_cubic(points: Points, x: Tensor) -> Tensor:
    """The height of a curve at `x`: cubic between points, and where they rise or fall it does so as well.

    Args:
        points: The curve's.
        x: Places of any shape, floating. Left of the first point and right of the last the curve is level.

    Returns:
        Heights, shape and dtype of `x`.

    Source: Fritsch & Carlson 1980, "Monotone Piecewise Cubic Interpolation", SIAM Journal on Numerical Analysis 17(2),
    with mean slopes to begin with and their circle of radius 3.
    """
    pieces = [
        _piece(point, point_next, slope, slope_next)
        for (point, point_next), (slope, slope_next) in zip(pairwise(points), pairwise(_slopes(points)), strict=True)
    ]
    place = torch.bucketize(
        x.contiguous(), x.new_tensor([piece[0] for piece in pieces[1:]]), out_int32=True, right=True
    )
    start, width, zeroth, first, second, third = (column[place] for column in x.new_tensor(pieces).unbind(-1))
    share = ((x - start) / width).clamp(0, 1)
    return (zeroth + share * (first + share * (second + share * third))).clamp(0, 1)


def _piece(
    point: tuple[float, float], point_next: tuple[float, float], slope: float, slope_next: float
) -> tuple[float, ...]:
    """Where a piece between two points starts, its width, and the factors of the powers of the share gone of it."""
    (x, y), (x_next, y_next) = point, point_next
    width, rise = x_next - x, y_next - y
    first, last = width * slope, width * slope_next
    return x, width, y, first, 3 * rise - 2 * first - last, first + last - 2 * rise


def _slopes(points: Points) -> list[float]:
    """The slope at each point: the mean of the lines beside it, made less where the curve would overshoot."""
    lines = [(high - low) / (end - start) for (start, low), (end, high) in pairwise(points)]
    inner = [(line + line_next) / 2 if line * line_next > 0 else 0.0 for line, line_next in pairwise(lines)]
    slopes = [lines[0], *inner, lines[-1]]
    for place, line in enumerate(lines):
        if line == 0:
            slopes[place] = slopes[place + 1] = 0.0
        elif (steepness := math.hypot(slopes[place], slopes[place + 1]) / abs(line)) > 3:
            slopes[place] *= 3 / steepness
            slopes[place + 1] *= 3 / steepness
    return slopes
