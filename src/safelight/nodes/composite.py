"""Laying one tensor over another through a mask: the rule that pictures and latents share."""

from torch import Tensor

from safelight.diffusion.batch import repeat_to
from safelight.nodes.resize import resize


def paste(
    destination: Tensor, source: Tensor, x: int, y: int, mask: Tensor | None = None, *, fit: bool = False
) -> Tensor:
    """Lay `source` over `destination`; what reaches beyond its edges is cut off.

    Args:
        destination: [B, C, H, W].
        source: [b, C, h, w]; its batch is repeated or cut to B.
        x, y: Where the source's left upper corner goes, in cells; may be negative.
        mask: [b, 1, h', w'], of any size: 1 shows the source, 0 the destination; None shows the source.
        fit: Bring the source to the destination's size first.

    Returns:
        [B, C, H, W], a new tensor.
    """
    batch, _, height, width = destination.shape
    if fit:
        source = resize(source, width, height, "bilinear")
    source = repeat_to(source.to(destination), batch)
    top, left = max(y, 0), max(x, 0)
    bottom, right = min(y + source.shape[-2], height), min(x + source.shape[-1], width)
    result = destination.clone()
    if top >= bottom or left >= right:
        return result
    window = (..., slice(top - y, bottom - y), slice(left - x, right - x))
    target = (..., slice(top, bottom), slice(left, right))
    if mask is None:
        result[target] = source[window]
        return result
    shown = resize(mask.to(destination), source.shape[-1], source.shape[-2], "bilinear")
    shown = repeat_to(shown, batch)[window]
    result[target] = shown * source[window] + (1 - shown) * result[target]
    return result
