"""The picture that the recorded workflows load."""

from pathlib import Path

import numpy as np
from PIL import Image


def write_oracle_picture(path: Path) -> None:
    """128 x 128: red rises to the right, green downward, blue is a checkerboard; a disc in the middle is transparent.

    It is known from what the recorded workflows made of it: the enlarged picture shows each of its pixels, and the
    mask that was combined with a square shows the disc.
    """
    y, x = np.mgrid[:128, :128]
    blue = (x // 16 + y // 16) % 2 * 255
    alpha = np.where((x - 64) ** 2 + (y - 64) ** 2 < 40**2, 0, 255)
    Image.fromarray(np.stack([2 * x, 2 * y, blue, alpha], axis=-1).astype(np.uint8)).save(path)
