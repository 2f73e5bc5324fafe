"""What a picture looks like, in a few numbers: by these the same and nearly the same pictures are found.

Two pictures are nearly the same when none of their 8 by 8 mean colours differs by more than `NEAR` of 255 in red,
green or blue. Saving as JPEG or scaling changes such a mean by a few; another thing in the picture, be it a thousandth
of its area, changes one of them by more.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from safelight.training.data.views import on_white

GRID = 8
COARSE = 4  # of the means that are compared first
NEAR = 12

Look = NDArray[np.int16]
"""Mean colours [8, 8, 3], 0 to 255."""


def pixel_hash(picture: Image.Image) -> str:
    """A hash of a decoded picture, transparency included: the same whatever the file's format."""
    digest = hashlib.blake2b(f"{picture.mode} {picture.size}".encode(), digest_size=16)
    digest.update(picture.tobytes())
    return digest.hexdigest()


def look_of(picture: Image.Image) -> Look:
    """The mean colours of a decoded picture."""
    means = on_white(picture).resize((GRID, GRID), Image.Resampling.BOX)
    return np.asarray(means).astype(np.int16)


def nearly_same(looks: Sequence[Look]) -> list[int]:
    """Of each picture the first that it is nearly the same as: its own index where there is none before it.

    Those that are like an earlier one are not compared with any more, so that time grows with the square of the number
    of pictures that are different: a second for 5,000.
    """
    firsts = np.empty(len(looks), np.int64)
    coarse = np.empty((len(looks), COARSE * COARSE * 3), np.int16)
    own = list(range(len(looks)))
    count = 0
    for index, look in enumerate(looks):
        cells = look.reshape(COARSE, GRID // COARSE, COARSE, GRID // COARSE, 3).mean(axis=(1, 3)).round().ravel()
        # a mean of means differs by no more than they do, and by one for both roundings
        candidates = np.arange(count)
        for start in range(0, coarse.shape[1], 12):
            part = slice(start, start + 12)
            near = np.abs(coarse[candidates, part] - cells[part].astype(np.int16)).max(axis=1, initial=0) <= NEAR + 1
            candidates = candidates[near]
        same = next((first for first in firsts[candidates] if np.abs(looks[first] - look).max() <= NEAR), None)
        if same is not None:
            own[index] = int(same)
            continue
        coarse[count] = cells
        firsts[count] = index
        count += 1
    return own
