"""Pictures, masks and latents brought to a size: one rule for all of them, on [B, C, H, W].

The method names are those of workflows. Sizes are in cells of the tensor: pixels of a picture, or
latent cells.
"""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image as PilImage
from torch import Tensor

from safelight.diffusion.batch import repeat_to


def bislerp(x: Tensor, width: int, height: int) -> Tensor:
    """Bilinear placement, but neighbours are joined along the arc between them, not the chord.

    The channels of a cell are taken as a vector. Plain interpolation shortens the vectors between two
    cells that differ, which a latent shows as blur; here direction and length are interpolated apart.

    Args:
        x: [B, C, H, W].

    Returns:
        [B, C, height, width].

    Source: spherical linear interpolation, Shoemake 1985, "Animating rotation with quaternion curves".
    """
    across = _slerp_axis(x.float(), width)
    return _slerp_axis(across.transpose(2, 3), height).transpose(2, 3).to(x.dtype)


def lanczos(x: Tensor, width: int, height: int) -> Tensor:
    """Lanczos resampling of pictures [B, C, H, W] in 0..1, through 8 bits, as Pillow does it."""
    return by_pillow(x, width, height, PilImage.Resampling.LANCZOS)


def by_pillow(x: Tensor, width: int, height: int, resampling: PilImage.Resampling) -> Tensor:
    """Resampling of pictures [B, C, H, W] in 0..1, through 8 bits, by one of Pillow's rules."""
    resized = []
    for item in x.movedim(1, -1):
        eight_bit = (item * 255).clamp(0, 255).to(torch.uint8)
        bands = eight_bit[..., 0] if eight_bit.shape[-1] == 1 else eight_bit
        picture = PilImage.fromarray(bands.numpy(force=True)).resize((width, height), resampling)
        resized.append(torch.from_numpy(np.array(picture)).reshape(height, width, -1).movedim(-1, 0))
    return (torch.stack(resized) / 255).to(x)


def _torch_method(mode: str) -> Callable[[Tensor, int, int], Tensor]:
    def scale(x: Tensor, width: int, height: int) -> Tensor:
        return F.interpolate(x, size=(height, width), mode=mode)

    return scale


METHODS: dict[str, Callable[[Tensor, int, int], Tensor]] = {
    "nearest-exact": _torch_method("nearest-exact"),
    "bilinear": _torch_method("bilinear"),
    "area": _torch_method("area"),
    "bicubic": _torch_method("bicubic"),
    "bislerp": bislerp,
    "lanczos": lanczos,
}
LATENT_METHODS = ("nearest-exact", "bilinear", "area", "bicubic", "bislerp")
IMAGE_METHODS = ("nearest-exact", "bilinear", "area", "bicubic", "lanczos")

CROPS = ("disabled", "center")
"""What is done with a picture of another shape: stretched, or its edges cut off evenly."""


def resize(x: Tensor, width: int, height: int, method: str, crop: str = "disabled") -> Tensor:
    """Bring `x` to a size.

    Args:
        x: [B, C, H, W].
        width, height: The new size, at least 1.
        method: A name in `METHODS`.
        crop: A name in `CROPS`.

    Returns:
        [B, C, height, width].
    """
    if crop == "center":
        x = center_crop(x, width / height)
    return METHODS[method](x, width, height)


def center_crop(x: Tensor, aspect: float) -> Tensor:
    """The largest part of `x` [..., H, W], about its middle, whose width / height is `aspect` (to whole cells)."""
    height, width = x.shape[-2:]
    left = max(round((width - height * aspect) / 2), 0)
    top = max(round((height - width / aspect) / 2), 0)
    return x[..., top : height - top, left : width - left]


def crop_to_multiple(x: Tensor, multiple: int) -> Tensor:
    """`x` [..., H, W] without the rows and columns, evenly from both sides, that are too many for a multiple."""
    height, width = x.shape[-2:]
    top, left = height % multiple // 2, width % multiple // 2
    return x[..., top : top + height // multiple * multiple, left : left + width // multiple * multiple]


def match(x: Tensor, like: Tensor, method: str = "bilinear") -> Tensor:
    """`x` with the height, width and batch of `like`, both [B, C, H, W]; its edges are cut off to fit the shape."""
    if x.shape[-2:] != like.shape[-2:]:
        x = resize(x, like.shape[-1], like.shape[-2], method, "center")
    return repeat_to(x, like.shape[0])


def _slerp_axis(x: Tensor, length: int) -> Tensor:
    """`x` [B, C, H, W] with `length` columns."""
    old = x.shape[-1]
    place = ((torch.arange(length, device=x.device, dtype=torch.float64) + 0.5) * old / length - 0.5).clamp(0, old - 1)
    left = place.floor().long()
    right = (left + 1).clamp(max=old - 1)
    return slerp(x[..., left], x[..., right], (place - left).to(x))


def slerp(a: Tensor, b: Tensor, share: Tensor) -> Tensor:
    """From `a` to `b` [B, C, ...] along the arc between their channel vectors; lengths change evenly.

    Vectors that point the same way or opposite ways have no one arc between them, and are mixed plainly.

    Args:
        share: How far to go, 0 to 1, broadcast against [B, 1, ...].
    """
    length_a, length_b = (torch.linalg.vector_norm(v, dim=1, keepdim=True) for v in (a, b))
    unit_a, unit_b = torch.nan_to_num(a / length_a), torch.nan_to_num(b / length_b)
    cosine = (unit_a * unit_b).sum(dim=1, keepdim=True)
    angle = torch.acos(cosine.clamp(-1, 1))
    arc = (torch.sin((1 - share) * angle) * unit_a + torch.sin(share * angle) * unit_b) / torch.sin(angle)
    mixed = torch.lerp(a, b, share)
    return torch.where(cosine.abs() > 1 - 1e-5, mixed, arc * torch.lerp(length_a, length_b, share))
