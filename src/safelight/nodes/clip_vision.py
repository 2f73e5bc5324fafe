"""Pictures as a CLIP model sees them, for what is guided by pictures."""

from typing import Annotated

import torch
import torch.nn.functional as F
from PIL.Image import Resampling
from torch import Tensor

from safelight.graph.node import Choice, File, Range, node
from safelight.models.clip_vision import ClipVision, ClipVisionOutput, load_clip_vision
from safelight.nodes.resize import by_pillow
from safelight.nodes.run import Run
from safelight.nodes.sockets import Image

CROPS = ("center", "none")
PREPARED_SIDE = 224  # pixels; of nearly every CLIP

# What is kept of a picture that is no square: the share of what is cut off that is cut off above, and at the left.
CUTS = {"top": (0.0, 0.5), "bottom": (1.0, 0.5), "left": (0.5, 0.0), "right": (0.5, 1.0), "center": (0.5, 0.5)}


@node("CLIPVisionLoader", category="loaders", title="Load CLIP Vision")
def clip_vision_loader(*, clip_name: Annotated[str, File("clip_vision")], run: Run) -> ClipVision:
    """Load a CLIP model that looks at pictures.

    Args:
        clip_name: A file in the clip_vision folder.
    """
    return run.models.get(load_clip_vision, run.folders.resolve("clip_vision", clip_name))


@node("CLIPVisionEncode", category="conditioning", title="CLIP Vision Encode")
def clip_vision_encode(
    *, clip_vision: ClipVision, image: Image, crop: Annotated[str, Choice(CROPS)]
) -> ClipVisionOutput:
    """Look at a picture, and keep what is seen for nodes that are guided by it.

    Args:
        clip_vision: The CLIP model.
        image: The picture.
        crop: What to do with a picture that is no square: show its middle, or all of it, stretched.
    """
    return clip_vision.encode(image, crop=crop == "center")


@node("PrepImageForClipVision", category="ipadapter/utils", title="Prep Image For ClipVision")
def prep_image_for_clip_vision(
    *,
    image: Image,
    interpolation: Annotated[str, Choice(("LANCZOS", "BICUBIC", "HAMMING", "BILINEAR", "BOX", "NEAREST"))],
    crop_position: Annotated[str, Choice((*CUTS, "pad"))],
    sharpening: Annotated[float, Range(0.0, 1.0, step=0.05)] = 0.0,
) -> Image:
    """Make a picture the square of 224 pixels that CLIP looks at, where the middle is not what matters.

    Args:
        image: The picture.
        interpolation: How it is resized.
        crop_position: Which part of a picture that is no square is kept; or all of it, with black margins.
        sharpening: Brings out detail that the small size blurs.
    """
    pixels = image[..., :3].movedim(-1, 1)
    square = _padded(pixels) if crop_position == "pad" else _cut(pixels, *CUTS[crop_position])
    resized = by_pillow(square, PREPARED_SIDE, PREPARED_SIDE, Resampling[interpolation])
    return (_sharpened(resized, sharpening) if sharpening else resized).movedim(1, -1)


def _cut(pixels: Tensor, above: float, at_left: float) -> Tensor:
    """A square part of pictures [B, C, H, W]."""
    height, width = pixels.shape[-2:]
    side = min(height, width)
    top, left = int((height - side) * above), int((width - side) * at_left)
    return pixels[..., top : top + side, left : left + side]


def _padded(pixels: Tensor) -> Tensor:
    """Pictures [B, C, H, W] in the middle of a black square."""
    height, width = pixels.shape[-2:]
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    return F.pad(pixels, (left, side - width - left, top, side - height - top))


def _sharpened(pixels: Tensor, amount: float) -> Tensor:
    """Sharpen most where there is room on both sides of a pixel's surroundings, so that nothing is clipped.

    Source: contrast adaptive sharpening, AMD FidelityFX CAS (2019), on the four nearest neighbours.
    """
    padded = F.pad(pixels, (1, 1, 1, 1), mode="replicate")
    around = torch.stack([padded[..., :-2, 1:-1], padded[..., 2:, 1:-1], padded[..., 1:-1, :-2], padded[..., 1:-1, 2:]])
    lowest, highest = torch.minimum(around.amin(0), pixels), torch.maximum(around.amax(0), pixels)
    room = torch.nan_to_num(torch.minimum(lowest, 1 - highest) / highest).clamp(0, 1).sqrt()
    weight = -room / (8 - 3 * amount)
    return ((around.sum(0) * weight + pixels) / (1 + 4 * weight)).clamp(0, 1)
