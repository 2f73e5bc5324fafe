"""Pictures and their transparency: joined, split, and composited by Porter and Duff's operators.

A mask beside a picture says what is *not* there: it is 1 - alpha.
"""

from collections.abc import Callable
from typing import Annotated, NamedTuple

import torch
from torch import Tensor

from safelight.diffusion.batch import repeat_to
from safelight.graph.node import Choice, node
from safelight.nodes.images import scaled, with_channels
from safelight.nodes.resize import resize
from safelight.nodes.sockets import Image, Mask


class Masked(NamedTuple):
    """A picture, and the mask of its transparent part."""

    image: Image
    mask: Mask


Composite = Callable[[Tensor, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]
"""(source, source alpha, destination, destination alpha) -> (picture, alpha); pictures are premultiplied."""


def _separable(blend: Callable[[Tensor, Tensor], Tensor]) -> Composite:
    """Each picture where the other is not, and `blend` where both are."""

    def composite(s: Tensor, sa: Tensor, d: Tensor, da: Tensor) -> tuple[Tensor, Tensor]:
        return (1 - da) * s + (1 - sa) * d + blend(s, d), sa + da - sa * da

    return composite


def _fractions(of_source: Callable[[Tensor], Tensor], of_destination: Callable[[Tensor], Tensor]) -> Composite:
    """Porter and Duff's rule: each picture counts by a share that depends on the other's alpha."""

    def composite(s: Tensor, sa: Tensor, d: Tensor, da: Tensor) -> tuple[Tensor, Tensor]:
        share_s, share_d = of_source(da), of_destination(sa)
        return share_s * s + share_d * d, share_s * sa + share_d * da

    return composite


def _overlay(s: Tensor, sa: Tensor, d: Tensor, da: Tensor) -> tuple[Tensor, Tensor]:
    return torch.where(2 * d < da, 2 * s * d, sa * da - 2 * (da - s) * (sa - d)), sa + da - sa * da


# Sources: Porter & Duff 1984, "Compositing digital images", for the operators by shares; the PorterDuff.Mode
# reference of Android for the others and their names.
MODES: dict[str, Composite] = {
    "ADD": lambda s, sa, d, da: ((s + d).clamp(0, 1), (sa + da).clamp(0, 1)),
    "CLEAR": _fractions(torch.zeros_like, torch.zeros_like),
    "DARKEN": _separable(torch.minimum),
    "DST": _fractions(torch.zeros_like, torch.ones_like),
    "DST_ATOP": _fractions(lambda da: 1 - da, lambda sa: sa),
    "DST_IN": _fractions(torch.zeros_like, lambda sa: sa),
    "DST_OUT": _fractions(torch.zeros_like, lambda sa: 1 - sa),
    "DST_OVER": _fractions(lambda da: 1 - da, torch.ones_like),
    "LIGHTEN": _separable(torch.maximum),
    "MULTIPLY": lambda s, sa, d, da: (s * d, sa * da),
    "OVERLAY": _overlay,
    "SCREEN": lambda s, sa, d, da: (s + d - s * d, sa + da - sa * da),
    "SRC": _fractions(torch.ones_like, torch.zeros_like),
    "SRC_ATOP": _fractions(lambda da: da, lambda sa: 1 - sa),
    "SRC_IN": _fractions(lambda da: da, torch.zeros_like),
    "SRC_OUT": _fractions(lambda da: 1 - da, torch.zeros_like),
    "SRC_OVER": _fractions(torch.ones_like, lambda sa: 1 - sa),
    "XOR": _fractions(lambda da: 1 - da, lambda sa: 1 - sa),
}


@node("PorterDuffImageComposite", category="mask/compositing", title="Porter-Duff Image Composite")
def porter_duff_image_composite(
    *,
    source: Image,
    source_alpha: Mask,
    destination: Image,
    destination_alpha: Mask,
    mode: Annotated[str, Choice(MODES)] = "DST",
) -> Masked:
    """Composite two pictures with masks; the source is brought to the destination's size.

    Args:
        source_alpha: 1 where the source is transparent.
        destination_alpha: 1 where the destination is transparent.
        mode: `SRC_OVER` lays the source on top, `DST_OVER` beneath.
    """
    count = min(len(source), len(source_alpha), len(destination), len(destination_alpha))
    rows, columns = destination.shape[1:3]
    picture = with_channels(source[:count], destination.shape[-1])
    if picture.shape[1:3] != (rows, columns):
        picture = scaled(picture, columns, rows, "bicubic", "center")
    sa, da = (
        1 - _fitted(mask[:count], rows, columns, "bicubic", "center").unsqueeze(-1)
        for mask in (source_alpha, destination_alpha)
    )
    result, alpha = MODES[mode](picture * sa, sa, destination[:count] * da, da)
    result = torch.where(alpha > 1e-5, result / alpha, 0.0).clamp(0, 1)
    return Masked(result, 1 - alpha.squeeze(-1))


@node("SplitImageWithAlpha", category="mask/compositing", title="Split Image with Alpha")
def split_image_with_alpha(*, image: Image) -> Masked:
    """Take a picture's transparency apart from it, as a mask that is 1 where it is transparent."""
    return Masked(image[..., :3], 1 - with_channels(image, 4)[..., 3])


@node("JoinImageWithAlpha", category="mask/compositing", title="Join Image with Alpha")
def join_image_with_alpha(*, image: Image, alpha: Mask) -> Image:
    """Make a picture transparent where a mask is 1."""
    count = max(len(image), len(alpha))
    opacity = 1 - _fitted(alpha, image.shape[1], image.shape[2], "bilinear", "disabled")
    return torch.cat([repeat_to(image[..., :3], count), repeat_to(opacity, count).unsqueeze(-1)], dim=-1)


def _fitted(mask: Tensor, rows: int, columns: int, method: str, crop: str) -> Tensor:
    """A mask [B, H, W] of the size of a picture."""
    if mask.shape[-2:] == (rows, columns):
        return mask
    return resize(mask.unsqueeze(1), columns, rows, method, crop).squeeze(1)
