"""What a denoiser is shown beside the noisy latent and the words: the picture as a whole, and further channels."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from safelight.diffusion.batch import repeat_to
from safelight.diffusion.conditioning import Cond
from safelight.diffusion.sampling import fit_mask
from safelight.families.shapes import Variant
from safelight.models.model import Model
from safelight.models.small_picture import noise_level, noised
from safelight.text.sdxl import EMBEDDING_WIDTH, size_conditioning

# The latent of a grey picture, as the inpainting models were shown it where nothing is given: scaled.
BLANK_INPAINT_LATENT = (0.8223, -0.6876, 0.6364, 0.1380)


@dataclass(frozen=True, eq=False)
class Beginning:
    """What a run begins with.

    Attributes:
        model: What denoises.
        latent: What is begun from, scaled [B, C, h, w], on the model's device.
        mask: Where it is repainted [B or 1, 1, h, w], or None.
        seed: Of the noise in what unCLIP and upscaling models are shown.
    """

    model: Model
    latent: Tensor
    mask: Tensor | None
    seed: int


def label_of(cond: Cond, run: Beginning) -> Tensor | None:
    """The vector that says what the picture is as a whole [1, L], or a number [1], for families that use one."""
    model = run.model
    if model.contents.variant == "upscale":
        return noise_level(cond.small_picture)
    if model.picture_label is not None:
        return model.picture_label(cond.pictures, run.seed)
    family = model.family
    if not family.size_conditioning:
        return None
    height, width = (cells * family.latent.compression for cells in run.latent.shape[-2:])
    size = cond.size
    known = {
        "height": height if size.height is None else size.height,
        "width": width if size.width is None else size.width,
        "crop_top": size.crop_top,
        "crop_left": size.crop_left,
        "aesthetic_score": size.aesthetic_score,
    }
    known["target_height"] = known["height"] if size.target_height is None else size.target_height
    known["target_width"] = known["width"] if size.target_width is None else size.target_width
    numbers = [float(known[name] or 0) for name in family.size_conditioning]
    pooled = cond.pooled
    if pooled is None:
        pooled = torch.zeros(1, model.label_width - len(numbers) * EMBEDDING_WIDTH)
    return size_conditioning(pooled, numbers)


def channels_of(cond: Cond, run: Beginning, batch: int) -> Tensor | None:
    """What a variant's network sees beside the noisy latent [batch, K, h, w]; None for those that see nothing."""
    channels = _CHANNELS.get(run.model.contents.variant)
    if channels is None:
        return None
    return torch.cat([repeat_to(part, batch) for part in channels(cond, run)], dim=1)


def _of_inpaint(cond: Cond, run: Beginning) -> tuple[Tensor, ...]:
    """The mask, and the picture without what is behind it."""
    latent = run.latent
    mask = run.mask if cond.inpaint_mask is None else fit_mask(cond.inpaint_mask, latent)
    if mask is None:
        blank = latent.new_tensor(BLANK_INPAINT_LATENT).reshape(1, -1, 1, 1)
        return torch.ones_like(latent[:, :1]), blank.expand_as(latent)
    picture = cond.inpaint_latent
    return mask.round(), latent if picture is None else _fit(run.model.scale_latent(picture), latent)


def _of_ip2p(cond: Cond, run: Beginning) -> tuple[Tensor, ...]:
    """The picture to change; unscaled, as the networks were trained."""
    picture = cond.inpaint_latent
    return (torch.zeros_like(run.latent) if picture is None else _fit(picture, run.latent),)


def _of_upscale(cond: Cond, run: Beginning) -> tuple[Tensor, ...]:
    """The picture to enlarge, in pixels; grey where only the other prompt has one."""
    small = cond.small_picture
    if small is None:
        return (torch.zeros_like(run.latent[:, :3]),)
    return (noised(small, _fit(small.pixels, run.latent), run.seed),)


_CHANNELS: dict[Variant, Callable[[Cond, Beginning], tuple[Tensor, ...]]] = {
    "inpaint": _of_inpaint,
    "ip2p": _of_ip2p,
    "upscale": _of_upscale,
}


def _fit(picture: Tensor, latent: Tensor) -> Tensor:
    picture = picture.to(latent)
    if picture.shape[-2:] == latent.shape[-2:]:
        return picture
    return F.interpolate(picture, size=latent.shape[-2:], mode="bilinear", align_corners=False)
