"""Picture files as CLIP is shown them."""

from pathlib import Path

import torch
from torch import Tensor

from safelight.clip.model import ClipModel
from safelight.files.pictures import read_picture


def read_for_clip(path: Path) -> Tensor:
    """The first frame of a picture file [1, H, W, 3] in 0..1, upright, on white where it is transparent.

    Raises:
        BadInput: There is no such file, or it cannot be read.
    """
    picture = read_picture(path)
    pixels = picture.rgb[:1]
    if picture.alpha is not None:
        alpha = picture.alpha[:1, :, :, None]
        pixels = pixels * alpha + (1 - alpha)
    return torch.from_numpy(pixels)


def vectors_of(clip: ClipModel, paths: list[Path]) -> Tensor:
    """Picture files as unit vectors [N, P]; one is in memory at a time.

    Raises:
        BadInput: One of them cannot be read.
    """
    return torch.cat([clip.images(read_for_clip(path)) for path in paths])
