"""Aspect-ratio buckets: the few shapes that pictures are shown in, so that those of one shape can share a batch.

A picture is scaled until it covers the shape nearest to its own, and what sticks out is cropped. Sides are whole
multiples of a step, the area is at most that of the square, and no side is less than half or more than twice the
square's: up to 4:1, for which at most `MOST_LOST` of a picture is cropped.

Source: the scheme of NovelAI's "Improvements on Stable Diffusion", 2022; nearest in the logarithm of the ratio, in
which wide and tall are alike.
"""

from collections.abc import Sequence
from functools import cache
from math import floor, log

Size = tuple[int, int]
"""Width and height in pixels."""

LEAST = 8
"""Pixels of a latent pixel along each side."""
MOST_LOST = 0.15
"""Share of a picture of up to 4:1 that is cropped at most, where the square has 96 pixels or more."""


def step_for(side: int) -> int:
    """What all sides are multiples of: 64 from 512 pixels up, 16 from 128 up, else 8, which is one latent pixel.

    Where half the side is no multiple of it, it is halved as often as need be, since sides between half and twice a
    square's would not be reached.
    """
    step = 64 if side >= 512 else 16 if side >= 128 else LEAST
    while step > LEAST and side % (2 * step):
        step //= 2
    return step


@cache
def bucket_sizes(side: int) -> tuple[Size, ...]:
    """All shapes for squares of `side` pixels, the tallest first."""
    step = step_for(side)
    square = side // step * step
    found = {(square, square)}
    for wide in range(square, 2 * side + 1, step):
        narrow = min(wide, side * side // wide // step * step)
        if 2 * narrow >= side:
            found |= {(wide, narrow), (narrow, wide)}
    return tuple(sorted(found, key=lambda size: (_ratio(size), size)))


def bucket_of(size: Size, side: int, *, is_square: bool = False) -> Size:
    """The shape that a picture is shown in.

    Args:
        size: Of the picture.
        side: Of a square.
        is_square: Show all pictures as squares.
    """
    if is_square:
        return side, side
    return min(bucket_sizes(side), key=lambda bucket: abs(_ratio(bucket) - _ratio(size)))


def covering(size: Size, bucket: Size) -> Size:
    """What a picture is scaled to: as little as covers the shape, its own ratio kept to the nearest pixel."""
    scale = max(bucket[0] / size[0], bucket[1] / size[1])
    return max(bucket[0], floor(size[0] * scale + 0.5)), max(bucket[1], floor(size[1] * scale + 0.5))


def lost(size: Size, bucket: Size) -> float:
    """Share of a picture that is cropped."""
    width, height = covering(size, bucket)
    return 1 - bucket[0] * bucket[1] / (width * height)


def enlargement(size: Size, bucket: Size) -> float:
    """How many times as wide a picture becomes; less than 1 where it is made smaller."""
    return max(bucket[0] / size[0], bucket[1] / size[1])


def in_words(size: Size) -> str:
    """Width and height as people are told them."""
    return f"{size[0]} by {size[1]}"


def _ratio(size: Sequence[int]) -> float:
    return log(size[0] / size[1])
