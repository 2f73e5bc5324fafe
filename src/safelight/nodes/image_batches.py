"""Batches of pictures, and pictures taken apart into channels."""

from collections.abc import Sequence
from itertools import groupby
from typing import Annotated, NamedTuple

import torch

from safelight.graph.node import Output, Range, Socket, node
from safelight.nodes.images import scaled, with_same_channels
from safelight.nodes.sockets import Image


class Channels(NamedTuple):
    """Brightness, blue difference and red difference, each as a grey picture."""

    y: Image
    u: Image
    v: Image


@node("ImageBatch", category="image", title="Batch Images")
def image_batch(*, image1: Image, image2: Image) -> Image:
    """Put two pictures into one batch; the second is brought to the first's size, its edges cut off to fit."""
    first, second = with_same_channels(image1, image2)
    if second.shape[1:3] != first.shape[1:3]:
        second = scaled(second, first.shape[2], first.shape[1], "bilinear", "center")
    return torch.cat([first, second])


@node("ImageFromBatch", category="image/batch")
def image_from_batch(
    *,
    image: Image,
    batch_index: Annotated[int, Range(0, 4095)] = 0,
    length: Annotated[int, Range(1, 4096)] = 1,
) -> Image:
    """Take some pictures out of a batch.

    Args:
        batch_index: The first one, counted from 0.
        length: How many.
    """
    start = min(batch_index, image.shape[0] - 1)
    return image[start : start + length]


@node("RepeatImageBatch", category="image/batch")
def repeat_image_batch(*, image: Image, amount: Annotated[int, Range(1, 4096)] = 1) -> Image:
    """Repeat a batch.

    Args:
        amount: How many times it is there in the end.
    """
    return image.repeat(amount, 1, 1, 1)


@node("RebatchImages", category="image/batch", title="Rebatch Images", takes_lists=True)
def rebatch_images(
    *,
    images: Annotated[Sequence[Image], Socket("IMAGE")],
    batch_size: Annotated[int | Sequence[int], Socket("INT"), Range(1, 4096)] = 1,
) -> Annotated[list[Image], Socket("IMAGE"), Output(is_list=True)]:
    """Deal pictures out into batches of a size; where the picture size changes, a new batch begins.

    Args:
        batch_size: Pictures in each batch; the last may have fewer.
    """
    # A node that takes lists is given its widgets as lists too.
    size = batch_size if isinstance(batch_size, int) else batch_size[0]
    batches = []
    for _, alike in groupby((item for image in images for item in image), key=lambda item: item.shape):
        items = list(alike)
        batches += [torch.stack(items[start : start + size]) for start in range(0, len(items), size)]
    return batches


@node("ImageRGBToYUV", category="image/batch")
def image_rgb_to_yuv(*, image: Image) -> Channels:
    """Take a picture apart into brightness and two colour differences. Source: ITU-R BT.601, as in JPEG."""
    red, green, blue = image[..., :3].unbind(-1)
    y = 0.299 * red + 0.587 * green + 0.114 * blue
    u = 0.564 * (blue - y) + 0.5
    v = 0.713 * (red - y) + 0.5
    return Channels(*(channel.unsqueeze(-1).expand(*channel.shape, 3).clone() for channel in (y, u, v)))


@node("ImageYUVToRGB", category="image/batch")
def image_yuv_to_rgb(*, Y: Image, U: Image, V: Image) -> Image:  # noqa: N803 (the names that workflows hold)
    """Put a picture together from brightness and two colour differences. Source: ITU-R BT.601, as in JPEG."""
    y, u, v = Y.mean(-1), U.mean(-1) - 0.5, V.mean(-1) - 0.5
    return torch.stack([y + 1.403 * v, y - 0.344 * u - 0.714 * v, y + 1.773 * u], dim=-1).clamp(0, 1)
