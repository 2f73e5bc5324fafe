"""Pictures blended, blurred, sharpened, reduced in colours; their edges and grain."""

import math
from collections.abc import Callable
from typing import Annotated

import numpy as np
import torch
from PIL import Image as PilImage
from torch import Tensor

from safelight.diffusion.curves import STRAIGHT, monotone_cubic
from safelight.diffusion.filters import dilate, erode, gaussian_blur, unsharp
from safelight.graph.node import Choice, Range, Seed, node
from safelight.nodes.images import with_channels
from safelight.nodes.resize import match
from safelight.nodes.sockets import Curve, Image

Radius = Annotated[int, Range(1, 31, step=1)]


def _overlay(a: Tensor, b: Tensor) -> Tensor:
    return torch.where(a <= 0.5, 2 * a * b, 1 - 2 * (1 - a) * (1 - b))


def _soft_light(a: Tensor, b: Tensor) -> Tensor:
    lifted = torch.where(a <= 0.25, ((16 * a - 12) * a + 4) * a, a.sqrt())
    return torch.where(b <= 0.5, a - (1 - 2 * b) * a * (1 - a), a + (2 * b - 1) * (lifted - a))


# (first, second) -> blended; source: W3C "Compositing and Blending", section 9. `difference` keeps its
# sign until it has been mixed with the first picture: that is what workflows were made with.
BLENDS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "normal": lambda a, b: b,
    "multiply": lambda a, b: a * b,
    "screen": lambda a, b: 1 - (1 - a) * (1 - b),
    "overlay": _overlay,
    "soft_light": _soft_light,
    "difference": lambda a, b: a - b,
}


@node("ImageBlend", category="image/postprocessing")
def image_blend(
    *,
    image1: Image,
    image2: Image,
    blend_factor: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.5,
    blend_mode: Annotated[str, Choice(BLENDS)],
) -> Image:
    """Blend a second picture into the first; it is brought to the first's size, its edges cut off to fit.

    Args:
        blend_factor: How much of the blend shows; 0 shows the first picture.
    """
    first = image1.movedim(-1, 1)
    second = match(with_channels(image2, image1.shape[-1]).movedim(-1, 1), first, "bicubic")
    blended = torch.lerp(first, BLENDS[blend_mode](first, second), blend_factor)
    return blended.clamp(0, 1).movedim(1, -1)


@node("ImageInvert", category="image", title="Invert Image")
def image_invert(*, image: Image) -> Image:
    """Turn a picture into its negative."""
    return 1 - image


@node("ImageBlur", category="image/postprocessing")
def image_blur(
    *, image: Image, blur_radius: Radius = 1, sigma: Annotated[float, Range(0.1, 10.0, step=0.1)] = 1.0
) -> Image:
    """Blur a picture with a Gaussian.

    Args:
        blur_radius: Reach in pixels.
        sigma: Width of the bell as a share of the radius; above 2 it is nearly a plain average.
    """
    return gaussian_blur(image.movedim(-1, 1), blur_radius, sigma).movedim(1, -1)


@node("ImageSharpen", category="image/postprocessing")
def image_sharpen(
    *,
    image: Image,
    sharpen_radius: Radius = 1,
    sigma: Annotated[float, Range(0.1, 10.0, step=0.01)] = 1.0,
    alpha: Annotated[float, Range(0.0, 5.0, step=0.01)] = 1.0,
) -> Image:
    """Sharpen a picture: add ten times `alpha` of what a blur takes from it.

    Args:
        sharpen_radius: Reach of the blur in pixels.
        sigma: Width of the blur as a share of the radius.
        alpha: How strongly.
    """
    return unsharp(image.movedim(-1, 1), sharpen_radius, sigma, 10 * alpha).clamp(0, 1).movedim(1, -1)


@node("ImageCurves", category="image/postprocessing", title="Tone Curve")
def image_curves(
    *,
    image: Image,
    curve: Curve = STRAIGHT,
    red: Curve | None = None,
    green: Curve | None = None,
    blue: Curve | None = None,
) -> Image:
    """Make tones of a picture brighter or darker along a curve that you draw.

    Args:
        image: The picture; its transparency stays as it is.
        curve: How bright each tone becomes, from black at the left to white at the right. It applies to all colours.
        red: A curve for red alone, before the one for all.
        green: A curve for green alone, before the one for all.
        blue: A curve for blue alone, before the one for all.
    """
    changed = image.clone()
    for channel, own in enumerate((red, green, blue)):
        for points in (own, curve) if own else (curve,):
            changed[..., channel] = monotone_cubic(points, changed[..., channel])
    return changed


@node("ImageQuantize", category="image/postprocessing")
def image_quantize(
    *,
    image: Image,
    colors: Annotated[int, Range(1, 256, step=1)] = 256,
    dither: Annotated[str, Choice(["none", "floyd-steinberg", "bayer-2", "bayer-4", "bayer-8", "bayer-16"])],
) -> Image:
    """Reduce a picture to a few colours, chosen from it by median cut.

    Args:
        dither: How the colours between are suggested: spread errors, or an ordered pattern of a size.
    """
    quantized = []
    for item in image[..., :3]:
        picture = PilImage.fromarray((item * 255).clamp(0, 255).to(torch.uint8).numpy(force=True))
        palette = picture.quantize(colors)
        kind, _, size = dither.partition("-")
        if kind == "bayer":
            picture = _ordered(picture, int(size), 2 * 256 / len(palette.getpalette() or (0,)) * 3)
        spread = PilImage.Dither.FLOYDSTEINBERG if dither == "floyd-steinberg" else PilImage.Dither.NONE
        reduced = picture.quantize(palette=palette, dither=spread).convert("RGB")
        quantized.append(torch.from_numpy(np.array(reduced)))
    return torch.stack(quantized).float() / 255


@node("ImageAddNoise", category="image")
def image_add_noise(
    *, image: Image, seed: Seed = 0, strength: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.5
) -> Image:
    """Add grain to a picture.

    Args:
        strength: Standard deviation of the grain.
    """
    noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(seed))
    return (image + strength * noise.to(image)).clamp(0, 1)


# (picture [B, C, H, W], size of the square window) -> picture; source: Serra 1982, "Image analysis and
# mathematical morphology".
MORPHOLOGY: dict[str, Callable[[Tensor, int], Tensor]] = {
    "erode": erode,
    "dilate": dilate,
    "open": lambda x, size: dilate(erode(x, size), size),
    "close": lambda x, size: erode(dilate(x, size), size),
    "gradient": lambda x, size: dilate(x, size) - erode(x, size),
    "bottom_hat": lambda x, size: erode(dilate(x, size), size) - x,
    "top_hat": lambda x, size: x - dilate(erode(x, size), size),
}


@node("Morphology", category="image/postprocessing", title="ImageMorphology")
def morphology(
    *,
    image: Image,
    operation: Annotated[str, Choice(MORPHOLOGY)],
    kernel_size: Annotated[int, Range(3, 999, step=1)] = 3,
) -> Image:
    """Let the bright or the dark parts of a picture grow, and what can be made of the two.

    Args:
        operation: `open` removes bright specks, `close` dark ones; `gradient` finds edges; the hats find specks.
        kernel_size: Side of the square window in pixels.
    """
    return MORPHOLOGY[operation](image.movedim(-1, 1), kernel_size).movedim(1, -1)


def _ordered(picture: PilImage.Image, order: int, spread: float) -> PilImage.Image:
    """An RGB picture with Bayer's pattern of side `order` added, `spread` levels from its lowest to its highest.

    Source: Bayer 1973, "An optimum method for two-level rendition of continuous-tone pictures".
    """
    ranks = np.zeros((1, 1))
    for _ in range(round(math.log2(order))):
        ranks = np.block([[4 * ranks, 4 * ranks + 2], [4 * ranks + 3, 4 * ranks + 1]])
    pattern = spread * ((ranks + 0.5) / order**2 - 0.5) + 0.5
    rows, columns = picture.height, picture.width
    tiled = np.tile(pattern, (-(-rows // order), -(-columns // order)))[:rows, :columns, None]
    return PilImage.fromarray((np.asarray(picture) + tiled).clip(0, 255).astype(np.uint8))
