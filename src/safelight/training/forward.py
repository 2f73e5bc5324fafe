"""The denoiser asked with gradients: the same equations as `Model.predict`, before its answer is made an estimate."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from safelight.diffusion.control import Control, ControlCall
from safelight.diffusion.prediction import PREDICTIONS
from safelight.models.model import Model
from safelight.models.unet_forward import NO_RESIDUALS, run_unet
from safelight.text.sdxl import AESTHETIC_SCORE, EMBEDDING_WIDTH, size_conditioning

RunUnet = Callable[..., Tensor]


@dataclass(frozen=True)
class Shown:
    """What SDXL is told of how a picture was shown, in pixels.

    Attributes:
        height, width: Of the picture before it was cropped.
        crop_top, crop_left: What was cut off.
        target_height, target_width: What is left.
    """

    height: int
    width: int
    crop_top: int
    crop_left: int
    target_height: int
    target_width: int


def output_of(
    model: Model,
    x: Tensor,
    sigma: Tensor,
    context: Tensor,
    label: Tensor | None,
    *,
    control: Control | None = None,
    recompute: bool = False,
    run: RunUnet = run_unet,
) -> Tensor:
    """What the network predicts.

    Args:
        model: The denoiser, in its place; it may wear what is learned.
        x: Noisy latents [B, C, h, w], scaled, on its device.
        sigma: Their noise levels [B, 1, 1, 1].
        context: Encoded captions [B, T, W].
        label: Pooled captions and sizes [B, L], or None.
        control: What steers it; it may be what is learned.
        recompute: As of `run_unet`.
        run: `run_unet`, or the same compiled.

    Returns:
        Its output [B, C, h, w], float32.
    """
    shown = PREDICTIONS[model.prediction](sigma).calculate_input(x).to(model.dtype)
    timestep = model.schedule.timestep(sigma.flatten()).float()
    context = context.to(model.dtype)
    label = None if label is None else label.to(shown.device, model.dtype)
    residuals = NO_RESIDUALS
    if control is not None:
        residuals = control(ControlCall(shown, sigma, timestep, context, label))
    network = model.network
    return run(network, shown, timestep, context, label, residuals=residuals, recompute=recompute).float()


def labels_of(model: Model, pooled: Tensor | None, shown: Sequence[Shown]) -> Tensor | None:
    """What families with sizes are told beside the caption [B, L]; None for the others.

    Args:
        model: The denoiser.
        pooled: The captions in one vector each [B, P].
        shown: How each picture was shown.
    """
    names = model.family.size_conditioning
    if not names:
        return None
    if pooled is None:
        pooled = torch.zeros(len(shown), model.label_width - len(names) * EMBEDDING_WIDTH)
    rows = []
    for text, how in zip(pooled, shown, strict=True):
        known = {**vars(how), "aesthetic_score": AESTHETIC_SCORE}
        rows.append(size_conditioning(text[None], [float(known[name]) for name in names]))
    return torch.cat(rows)
